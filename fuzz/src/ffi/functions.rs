//! Every function of the C ABI, with what its parameters are: from include/gatepass.h.

use std::ffi::{c_char, c_void};

use super::values::{Argument, Kind, Parameter, Value};

/// A function that the library exports.
pub struct Function {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    /// Call it. Safe with as many arguments as parameters, if pointers and lengths fit each other.
    pub call: unsafe fn(&[Argument]) -> Value,
}

macro_rules! c_type {
    (handle) => { *const c_void };
    (optional) => { *const c_void };
    (any) => { *const c_void };
    (text) => { *const c_char };
    (path) => { *const c_char };
    (length) => { usize };
    (index) => { usize };
    (number) => { i64 };
    (int) => { i32 };
    (out) => { *mut *mut c_void };
    (Code) => { i32 };
    (Int) => { i32 };
    (Number) => { i64 };
    (Size) => { usize };
    (Text) => { *const c_char };
}

macro_rules! parameter {
    (handle $kind:ident) => {
        Parameter::Handle(Kind::$kind)
    };
    (optional $kind:ident) => {
        Parameter::Optional(Kind::$kind)
    };
    (out $kind:ident) => {
        Parameter::Out(Kind::$kind)
    };
    (any) => {
        Parameter::Any
    };
    (text) => {
        Parameter::Text
    };
    (path) => {
        Parameter::Path
    };
    (length) => {
        Parameter::Length
    };
    (index) => {
        Parameter::Index
    };
    (number) => {
        Parameter::Number
    };
    (int) => {
        Parameter::Int
    };
}

macro_rules! argument {
    (handle, $argument:expr) => {
        $argument.handle()
    };
    (optional, $argument:expr) => {
        $argument.handle()
    };
    (any, $argument:expr) => {
        $argument.handle()
    };
    (text, $argument:expr) => {
        $argument.text()
    };
    (path, $argument:expr) => {
        $argument.text()
    };
    (length, $argument:expr) => {
        $argument.size()
    };
    (index, $argument:expr) => {
        $argument.size()
    };
    (number, $argument:expr) => {
        $argument.number()
    };
    (int, $argument:expr) => {
        $argument.int()
    };
    (out, $argument:expr) => {
        $argument.out()
    };
}

macro_rules! functions {
    ($(fn $name:ident($($argument:ident: $what:ident $($kind:ident)?),* $(,)?) -> $result:ident;)*) => {
        unsafe extern "C" {
            $(fn $name($($argument: c_type!($what)),*) -> c_type!($result);)*
        }

        /// All of them.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($name),
            parameters: &[$(parameter!($what $($kind)?)),*],
            call: |arguments| {
                #[allow(unused_mut, unused_variables, reason = "not every function takes something")]
                let mut next = arguments.iter();
                // SAFETY: the promise of whoever calls it.
                Value::$result(unsafe { $name($(argument!($what, next.next().unwrap_or_else(|| {
                    panic!("{} is missing", stringify!($argument))
                }))),*) })
            },
        }),*];
    };
}

functions! {
    fn gatepass_abi_version() -> Int;
    fn gatepass_abi_revision() -> Int;
    fn gatepass_version() -> Text;
    fn gatepass_sqlite_version() -> Text;
    fn gatepass_operation_name(index: index) -> Text;
    fn gatepass_operation_about(index: index) -> Text;
    fn gatepass_code_name(code: int) -> Text;
    fn gatepass_code_message(code: int) -> Text;
    fn gatepass_code_class(code: int) -> Int;
    fn gatepass_code_retryable(code: int) -> Int;
    fn gatepass_code_at(index: index) -> Int;
    fn gatepass_last_error() -> Text;
    fn gatepass_last_error_code() -> Int;
    fn gatepass_last_error_field() -> Text;
    fn gatepass_last_error_reference() -> Text;
    fn gatepass_last_error_redemption() -> Text;
    fn gatepass_last_error_same_browser() -> Int;
    fn gatepass_last_error_session_ended() -> Int;
    fn gatepass_last_error_retry_after_ms() -> Number;
    fn gatepass_options_new(out: out Options) -> Code;
    fn gatepass_options_set_deadline_ms(options: handle Options, milliseconds: number) -> Code;
    fn gatepass_options_set_sealing_key_file(
        options: handle Options,
        path: path,
        path_length: length,
    ) -> Code;
    fn gatepass_options_set_sealing_key(options: handle Options, key: text, key_length: length) -> Code;
    fn gatepass_options_set_actor(options: handle Options, actor: text, actor_length: length) -> Code;
    fn gatepass_store_open(
        path: path,
        path_length: length,
        options: optional Options,
        out: out Store,
    ) -> Code;
    fn gatepass_store_open_kept(
        path: path,
        path_length: length,
        options: optional Options,
        out: out Store,
    ) -> Code;
    fn gatepass_store_init(
        path: path,
        path_length: length,
        mode: int,
        system_url: text,
        system_url_length: length,
        group_writable: int,
        options: optional Options,
        out: out Store,
    ) -> Code;
    fn gatepass_store_close(store: optional Store) -> Code;
    fn gatepass_store_close_kept() -> Code;
    fn gatepass_caller_authenticate(
        store: handle Store,
        identifier: text,
        identifier_length: length,
        secret: text,
        secret_length: length,
        address: text,
        address_length: length,
        out: out Caller,
    ) -> Code;
    fn gatepass_caller_host(store: handle Store, label: text, label_length: length, out: out Caller) -> Code;
    fn gatepass_caller_credential_id(caller: handle Caller) -> Number;
    fn gatepass_caller_authorise(
        store: handle Store,
        caller: handle Caller,
        action: text,
        action_length: length,
        address: text,
        address_length: length,
    ) -> Code;
    fn gatepass_request_new(out: out Request) -> Code;
    fn gatepass_request_set_user_id(request: handle Request, user_id: number) -> Code;
    fn gatepass_request_set_client_id(request: handle Request, client_id: number) -> Code;
    fn gatepass_request_set_destination(request: handle Request, name: text, name_length: length) -> Code;
    fn gatepass_request_set_service_id(request: handle Request, service_id: number) -> Code;
    fn gatepass_request_set_domain_id(request: handle Request, domain_id: number) -> Code;
    fn gatepass_request_set_redirect_path(request: handle Request, path: text, path_length: length) -> Code;
    fn gatepass_request_set_life_ms(request: handle Request, milliseconds: number) -> Code;
    fn gatepass_request_set_binding(request: handle Request, nonce: text, nonce_length: length) -> Code;
    fn gatepass_request_set_actor(request: handle Request, actor: text, actor_length: length) -> Code;
    fn gatepass_request_set_address(request: handle Request, address: text, address_length: length) -> Code;
    fn gatepass_request_set_token(request: handle Request, token: text, token_length: length) -> Code;
    fn gatepass_request_set_session(request: handle Request, session: text, session_length: length) -> Code;
    fn gatepass_request_set_confirmed(request: handle Request, yes: int) -> Code;
    fn gatepass_request_set_start_session(request: handle Request, yes: int) -> Code;
    fn gatepass_request_set_query(request: handle Request, query: text, query_length: length) -> Code;
    fn gatepass_request_set_email(request: handle Request, email: text, email_length: length) -> Code;
    fn gatepass_request_set_timestamp(
        request: handle Request,
        timestamp: text,
        timestamp_length: length,
    ) -> Code;
    fn gatepass_request_set_hash(request: handle Request, hash: text, hash_length: length) -> Code;
    fn gatepass_request_set_goto(request: handle Request, path: text, path_length: length) -> Code;
    fn gatepass_request_set_key(request: handle Request, key: text, key_length: length) -> Code;
    fn gatepass_request_set_key_label(request: handle Request, label: text, label_length: length) -> Code;
    fn gatepass_request_set_link(request: handle Request, link: text, link_length: length) -> Code;
    fn gatepass_request_set_uses(request: handle Request, uses: number) -> Code;
    fn gatepass_request_set_label(request: handle Request, label: text, label_length: length) -> Code;
    fn gatepass_request_set_title(request: handle Request, title: text, title_length: length) -> Code;
    fn gatepass_request_set_end_siblings(request: handle Request, yes: int) -> Code;
    fn gatepass_token_issue(
        store: handle Store,
        caller: handle Caller,
        request: handle Request,
        out: out Issued,
    ) -> Code;
    fn gatepass_issued_token(issued: handle Issued) -> Text;
    fn gatepass_issued_redirect_url(issued: handle Issued) -> Text;
    fn gatepass_issued_user_id(issued: handle Issued) -> Number;
    fn gatepass_issued_client_id(issued: handle Issued) -> Number;
    fn gatepass_issued_expires_at_ms(issued: handle Issued) -> Number;
    fn gatepass_token_redeem(store: handle Store, request: handle Request, out: out SignIn) -> Code;
    fn gatepass_sign_in_redemption(sign_in: handle SignIn) -> Text;
    fn gatepass_sign_in_user_id(sign_in: handle SignIn) -> Number;
    fn gatepass_sign_in_client_id(sign_in: handle SignIn) -> Number;
    fn gatepass_sign_in_client_count(sign_in: handle SignIn) -> Size;
    fn gatepass_sign_in_client_at(sign_in: handle SignIn, index: index) -> Number;
    fn gatepass_sign_in_session(sign_in: handle SignIn) -> Text;
    fn gatepass_sign_in_session_expires_at_ms(sign_in: handle SignIn) -> Number;
    fn gatepass_sign_in_destination(sign_in: handle SignIn) -> Text;
    fn gatepass_sign_in_landing_url(sign_in: handle SignIn) -> Text;
    fn gatepass_sign_in_credential_id(sign_in: handle SignIn) -> Number;
    fn gatepass_sign_in_actor(sign_in: handle SignIn) -> Text;
    fn gatepass_sign_in_email(sign_in: handle SignIn) -> Text;
    fn gatepass_sign_in_key_label(sign_in: handle SignIn) -> Text;
    fn gatepass_sign_in_unchecked_count(sign_in: handle SignIn) -> Size;
    fn gatepass_sign_in_unchecked_at(sign_in: handle SignIn, index: index) -> Text;
    fn gatepass_token_inspect(store: handle Store, request: handle Request, out: out Inspection) -> Code;
    fn gatepass_inspection_name(inspection: handle Inspection) -> Text;
    fn gatepass_inspection_state(inspection: handle Inspection) -> Int;
    fn gatepass_inspection_refusal(inspection: handle Inspection) -> Int;
    fn gatepass_inspection_user_id(inspection: handle Inspection) -> Number;
    fn gatepass_inspection_client_id(inspection: handle Inspection) -> Number;
    fn gatepass_inspection_destination(inspection: handle Inspection) -> Text;
    fn gatepass_inspection_landing(inspection: handle Inspection) -> Text;
    fn gatepass_inspection_credential_id(inspection: handle Inspection) -> Number;
    fn gatepass_inspection_actor(inspection: handle Inspection) -> Text;
    fn gatepass_inspection_bound(inspection: handle Inspection) -> Int;
    fn gatepass_inspection_issued_at_ms(inspection: handle Inspection) -> Number;
    fn gatepass_inspection_expires_at_ms(inspection: handle Inspection) -> Number;
    fn gatepass_inspection_redeemed_at_ms(inspection: handle Inspection) -> Number;
    fn gatepass_inspection_redemption(inspection: handle Inspection) -> Text;
    fn gatepass_session_check(store: handle Store, request: handle Request, out: out Session) -> Code;
    fn gatepass_session_end(store: handle Store, request: handle Request) -> Code;
    fn gatepass_session_name(session: handle Session) -> Text;
    fn gatepass_session_user_id(session: handle Session) -> Number;
    fn gatepass_session_client_id(session: handle Session) -> Number;
    fn gatepass_session_client_count(session: handle Session) -> Size;
    fn gatepass_session_client_at(session: handle Session, index: index) -> Number;
    fn gatepass_session_origin(session: handle Session) -> Int;
    fn gatepass_session_credential_id(session: handle Session) -> Number;
    fn gatepass_session_autoauth_key_id(session: handle Session) -> Number;
    fn gatepass_session_redemption(session: handle Session) -> Text;
    fn gatepass_session_started_at_ms(session: handle Session) -> Number;
    fn gatepass_session_touched_at_ms(session: handle Session) -> Number;
    fn gatepass_session_idle_at_ms(session: handle Session) -> Number;
    fn gatepass_session_ends_at_ms(session: handle Session) -> Number;
    fn gatepass_autoauth_accept(store: handle Store, request: handle Request, out: out SignIn) -> Code;
    fn gatepass_autoauth_verify(
        query: text,
        query_length: length,
        key: text,
        key_length: length,
        past_seconds: number,
        future_seconds: number,
    ) -> Code;
    fn gatepass_autoauth_sign(store: handle Store, request: handle Request, out: out Document) -> Code;
    fn gatepass_link_create(
        store: handle Store,
        caller: handle Caller,
        request: handle Request,
        out: out CreatedLink,
    ) -> Code;
    fn gatepass_created_link_url(created: handle CreatedLink) -> Text;
    fn gatepass_created_link_text(created: handle CreatedLink) -> Text;
    fn gatepass_created_link_reference(created: handle CreatedLink) -> Text;
    fn gatepass_created_link_user_id(created: handle CreatedLink) -> Number;
    fn gatepass_created_link_client_id(created: handle CreatedLink) -> Number;
    fn gatepass_created_link_expires_at_ms(created: handle CreatedLink) -> Number;
    fn gatepass_link_open(store: handle Store, request: handle Request, out: out OpenedLink) -> Code;
    fn gatepass_opened_link_redirect_url(opened: handle OpenedLink) -> Text;
    fn gatepass_opened_link_token(opened: handle OpenedLink) -> Text;
    fn gatepass_opened_link_landing_url(opened: handle OpenedLink) -> Text;
    fn gatepass_opened_link_reference(opened: handle OpenedLink) -> Text;
    fn gatepass_opened_link_user_id(opened: handle OpenedLink) -> Number;
    fn gatepass_opened_link_client_id(opened: handle OpenedLink) -> Number;
    fn gatepass_opened_link_expires_at_ms(opened: handle OpenedLink) -> Number;
    fn gatepass_opened_link_uses_left(opened: handle OpenedLink) -> Number;
    fn gatepass_opened_link_unchecked_count(opened: handle OpenedLink) -> Size;
    fn gatepass_opened_link_unchecked_at(opened: handle OpenedLink, index: index) -> Text;
    fn gatepass_call(
        store: handle Store,
        operation: text,
        operation_length: length,
        parameters: text,
        parameters_length: length,
        out: out Document,
    ) -> Code;
    fn gatepass_api_call(
        store: handle Store,
        caller: handle Caller,
        action: text,
        action_length: length,
        parameters: text,
        parameters_length: length,
        out: out Document,
    ) -> Code;
    fn gatepass_document_text(document: handle Document) -> Text;
    fn gatepass_document_length(document: handle Document) -> Size;
    fn gatepass_free(handle: any) -> Code;
    fn gatepass_web_request_new(
        method: text,
        method_length: length,
        path: text,
        path_length: length,
        out: out WebRequest,
    ) -> Code;
    fn gatepass_web_request_set_query(request: handle WebRequest, query: text, query_length: length) -> Code;
    fn gatepass_web_request_add_header(
        request: handle WebRequest,
        name: text,
        name_length: length,
        value: text,
        value_length: length,
    ) -> Code;
    fn gatepass_web_request_set_body(request: handle WebRequest, body: text, body_length: length) -> Code;
    fn gatepass_web_request_set_peer(request: handle WebRequest, peer: text, peer_length: length) -> Code;
    fn gatepass_web_handle(store: handle Store, request: handle WebRequest, out: out WebResponse) -> Code;
    fn gatepass_web_session(store: handle Store, request: handle WebRequest, out: out Session) -> Code;
    fn gatepass_web_response_status(response: handle WebResponse) -> Int;
    fn gatepass_web_response_header_count(response: handle WebResponse) -> Size;
    fn gatepass_web_response_header_name(response: handle WebResponse, index: index) -> Text;
    fn gatepass_web_response_header_value(response: handle WebResponse, index: index) -> Text;
    fn gatepass_web_response_body(response: handle WebResponse) -> Text;
    fn gatepass_web_response_body_length(response: handle WebResponse) -> Size;
}
