"""The C functions of ``include/gatepass.h``, declared one by one.

ctypes guesses that everything is an ``int``, and is silently wrong about the rest. So each function has its
result and arguments here, each kind of handle a type of its own, which ctypes tells from the others, and what
returns a code raises it. A test compares this table with the header.
"""

from ctypes import CDLL, POINTER, Structure, c_char_p, c_int32, c_int64, c_size_t, c_void_p
from typing import Any

from gatepass._outcome import raiser

ABI_VERSION = 1
ABI_REVISION = 0


class Options(Structure):
    """How a store is opened."""


class Store(Structure):
    """An open store."""


class Caller(Structure):
    """Who asks for tokens."""


class Request(Structure):
    """What an act is asked for."""


class Issued(Structure):
    """A token that was just issued."""


class SignIn(Structure):
    """A person who was just signed in."""


class Inspection(Structure):
    """What can be told of a token."""


class Session(Structure):
    """A session that is good."""


class CreatedLink(Structure):
    """A sign-in link that was just made."""


class OpenedLink(Structure):
    """A use of a sign-in link that was just spent."""


class Document(Structure):
    """A text that a call gave."""


class WebRequest(Structure):
    """An HTTP request for one of the endpoints."""


class WebResponse(Structure):
    """An HTTP answer."""


OptionsHandle = POINTER(Options)
StoreHandle = POINTER(Store)
CallerHandle = POINTER(Caller)
RequestHandle = POINTER(Request)
IssuedHandle = POINTER(Issued)
SignInHandle = POINTER(SignIn)
InspectionHandle = POINTER(Inspection)
SessionHandle = POINTER(Session)
CreatedLinkHandle = POINTER(CreatedLink)
OpenedLinkHandle = POINTER(OpenedLink)
DocumentHandle = POINTER(Document)
WebRequestHandle = POINTER(WebRequest)
WebResponseHandle = POINTER(WebResponse)


class Code(c_int32):
    """The result of what can fail. It is raised unless it is 0."""


# Text goes in as bytes and their number.
TEXT = (c_char_p, c_size_t)

# What frees says that there was nothing to free, which a clean-up has no use for; a verification's "no" is an
# answer.
UNCHECKED = frozenset({"gatepass_store_close", "gatepass_free", "gatepass_autoauth_verify"})

FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "gatepass_abi_version": (c_int32, ()),
    "gatepass_abi_revision": (c_int32, ()),
    "gatepass_version": (c_char_p, ()),
    "gatepass_sqlite_version": (c_char_p, ()),
    "gatepass_operation_name": (c_char_p, (c_size_t,)),
    "gatepass_operation_about": (c_char_p, (c_size_t,)),
    "gatepass_code_name": (c_char_p, (c_int32,)),
    "gatepass_code_message": (c_char_p, (c_int32,)),
    "gatepass_code_class": (c_int32, (c_int32,)),
    "gatepass_code_retryable": (c_int32, (c_int32,)),
    "gatepass_code_at": (c_int32, (c_size_t,)),
    "gatepass_last_error": (c_char_p, ()),
    "gatepass_last_error_code": (c_int32, ()),
    "gatepass_last_error_field": (c_char_p, ()),
    "gatepass_last_error_reference": (c_char_p, ()),
    "gatepass_last_error_redemption": (c_char_p, ()),
    "gatepass_last_error_same_browser": (c_int32, ()),
    "gatepass_last_error_session_ended": (c_int32, ()),
    "gatepass_last_error_retry_after_ms": (c_int64, ()),
    "gatepass_options_new": (Code, (POINTER(OptionsHandle),)),
    "gatepass_options_set_deadline_ms": (Code, (OptionsHandle, c_int64)),
    "gatepass_options_set_sealing_key_file": (Code, (OptionsHandle, *TEXT)),
    "gatepass_options_set_sealing_key": (Code, (OptionsHandle, *TEXT)),
    "gatepass_options_set_actor": (Code, (OptionsHandle, *TEXT)),
    "gatepass_store_open": (Code, (*TEXT, OptionsHandle, POINTER(StoreHandle))),
    "gatepass_store_open_kept": (Code, (*TEXT, OptionsHandle, POINTER(StoreHandle))),
    "gatepass_store_init": (Code, (*TEXT, c_int32, *TEXT, c_int32, OptionsHandle, POINTER(StoreHandle))),
    "gatepass_store_close": (Code, (StoreHandle,)),
    "gatepass_store_close_kept": (Code, ()),
    "gatepass_caller_authenticate": (Code, (StoreHandle, *TEXT, *TEXT, *TEXT, POINTER(CallerHandle))),
    "gatepass_caller_host": (Code, (StoreHandle, *TEXT, POINTER(CallerHandle))),
    "gatepass_caller_credential_id": (c_int64, (CallerHandle,)),
    "gatepass_caller_authorise": (Code, (StoreHandle, CallerHandle, *TEXT, *TEXT)),
    "gatepass_request_new": (Code, (POINTER(RequestHandle),)),
    "gatepass_request_set_user_id": (Code, (RequestHandle, c_int64)),
    "gatepass_request_set_client_id": (Code, (RequestHandle, c_int64)),
    "gatepass_request_set_destination": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_service_id": (Code, (RequestHandle, c_int64)),
    "gatepass_request_set_domain_id": (Code, (RequestHandle, c_int64)),
    "gatepass_request_set_redirect_path": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_life_ms": (Code, (RequestHandle, c_int64)),
    "gatepass_request_set_binding": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_actor": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_address": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_token": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_session": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_confirmed": (Code, (RequestHandle, c_int32)),
    "gatepass_request_set_start_session": (Code, (RequestHandle, c_int32)),
    "gatepass_request_set_query": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_email": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_timestamp": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_hash": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_goto": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_key": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_key_label": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_link": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_uses": (Code, (RequestHandle, c_int64)),
    "gatepass_request_set_label": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_title": (Code, (RequestHandle, *TEXT)),
    "gatepass_request_set_end_siblings": (Code, (RequestHandle, c_int32)),
    "gatepass_token_issue": (Code, (StoreHandle, CallerHandle, RequestHandle, POINTER(IssuedHandle))),
    "gatepass_issued_token": (c_char_p, (IssuedHandle,)),
    "gatepass_issued_redirect_url": (c_char_p, (IssuedHandle,)),
    "gatepass_issued_user_id": (c_int64, (IssuedHandle,)),
    "gatepass_issued_client_id": (c_int64, (IssuedHandle,)),
    "gatepass_issued_expires_at_ms": (c_int64, (IssuedHandle,)),
    "gatepass_token_redeem": (Code, (StoreHandle, RequestHandle, POINTER(SignInHandle))),
    "gatepass_sign_in_redemption": (c_char_p, (SignInHandle,)),
    "gatepass_sign_in_user_id": (c_int64, (SignInHandle,)),
    "gatepass_sign_in_client_id": (c_int64, (SignInHandle,)),
    "gatepass_sign_in_client_count": (c_size_t, (SignInHandle,)),
    "gatepass_sign_in_client_at": (c_int64, (SignInHandle, c_size_t)),
    "gatepass_sign_in_session": (c_char_p, (SignInHandle,)),
    "gatepass_sign_in_session_expires_at_ms": (c_int64, (SignInHandle,)),
    "gatepass_sign_in_destination": (c_char_p, (SignInHandle,)),
    "gatepass_sign_in_landing_url": (c_char_p, (SignInHandle,)),
    "gatepass_sign_in_credential_id": (c_int64, (SignInHandle,)),
    "gatepass_sign_in_actor": (c_char_p, (SignInHandle,)),
    "gatepass_sign_in_email": (c_char_p, (SignInHandle,)),
    "gatepass_sign_in_key_label": (c_char_p, (SignInHandle,)),
    "gatepass_sign_in_unchecked_count": (c_size_t, (SignInHandle,)),
    "gatepass_sign_in_unchecked_at": (c_char_p, (SignInHandle, c_size_t)),
    "gatepass_token_inspect": (Code, (StoreHandle, RequestHandle, POINTER(InspectionHandle))),
    "gatepass_inspection_name": (c_char_p, (InspectionHandle,)),
    "gatepass_inspection_state": (c_int32, (InspectionHandle,)),
    "gatepass_inspection_refusal": (c_int32, (InspectionHandle,)),
    "gatepass_inspection_user_id": (c_int64, (InspectionHandle,)),
    "gatepass_inspection_client_id": (c_int64, (InspectionHandle,)),
    "gatepass_inspection_destination": (c_char_p, (InspectionHandle,)),
    "gatepass_inspection_landing": (c_char_p, (InspectionHandle,)),
    "gatepass_inspection_credential_id": (c_int64, (InspectionHandle,)),
    "gatepass_inspection_actor": (c_char_p, (InspectionHandle,)),
    "gatepass_inspection_bound": (c_int32, (InspectionHandle,)),
    "gatepass_inspection_issued_at_ms": (c_int64, (InspectionHandle,)),
    "gatepass_inspection_expires_at_ms": (c_int64, (InspectionHandle,)),
    "gatepass_inspection_redeemed_at_ms": (c_int64, (InspectionHandle,)),
    "gatepass_inspection_redemption": (c_char_p, (InspectionHandle,)),
    "gatepass_session_check": (Code, (StoreHandle, RequestHandle, POINTER(SessionHandle))),
    "gatepass_session_end": (Code, (StoreHandle, RequestHandle)),
    "gatepass_session_name": (c_char_p, (SessionHandle,)),
    "gatepass_session_user_id": (c_int64, (SessionHandle,)),
    "gatepass_session_client_id": (c_int64, (SessionHandle,)),
    "gatepass_session_client_count": (c_size_t, (SessionHandle,)),
    "gatepass_session_client_at": (c_int64, (SessionHandle, c_size_t)),
    "gatepass_session_origin": (c_int32, (SessionHandle,)),
    "gatepass_session_credential_id": (c_int64, (SessionHandle,)),
    "gatepass_session_autoauth_key_id": (c_int64, (SessionHandle,)),
    "gatepass_session_redemption": (c_char_p, (SessionHandle,)),
    "gatepass_session_started_at_ms": (c_int64, (SessionHandle,)),
    "gatepass_session_touched_at_ms": (c_int64, (SessionHandle,)),
    "gatepass_session_idle_at_ms": (c_int64, (SessionHandle,)),
    "gatepass_session_ends_at_ms": (c_int64, (SessionHandle,)),
    "gatepass_autoauth_accept": (Code, (StoreHandle, RequestHandle, POINTER(SignInHandle))),
    "gatepass_autoauth_sign": (Code, (StoreHandle, RequestHandle, POINTER(DocumentHandle))),
    "gatepass_autoauth_verify": (Code, (c_char_p, c_size_t, c_char_p, c_size_t, c_int64, c_int64)),
    "gatepass_link_create": (Code, (StoreHandle, CallerHandle, RequestHandle, POINTER(CreatedLinkHandle))),
    "gatepass_created_link_url": (c_char_p, (CreatedLinkHandle,)),
    "gatepass_created_link_text": (c_char_p, (CreatedLinkHandle,)),
    "gatepass_created_link_reference": (c_char_p, (CreatedLinkHandle,)),
    "gatepass_created_link_user_id": (c_int64, (CreatedLinkHandle,)),
    "gatepass_created_link_client_id": (c_int64, (CreatedLinkHandle,)),
    "gatepass_created_link_expires_at_ms": (c_int64, (CreatedLinkHandle,)),
    "gatepass_link_open": (Code, (StoreHandle, RequestHandle, POINTER(OpenedLinkHandle))),
    "gatepass_opened_link_redirect_url": (c_char_p, (OpenedLinkHandle,)),
    "gatepass_opened_link_token": (c_char_p, (OpenedLinkHandle,)),
    "gatepass_opened_link_landing_url": (c_char_p, (OpenedLinkHandle,)),
    "gatepass_opened_link_reference": (c_char_p, (OpenedLinkHandle,)),
    "gatepass_opened_link_user_id": (c_int64, (OpenedLinkHandle,)),
    "gatepass_opened_link_client_id": (c_int64, (OpenedLinkHandle,)),
    "gatepass_opened_link_expires_at_ms": (c_int64, (OpenedLinkHandle,)),
    "gatepass_opened_link_uses_left": (c_int64, (OpenedLinkHandle,)),
    "gatepass_opened_link_unchecked_count": (c_size_t, (OpenedLinkHandle,)),
    "gatepass_opened_link_unchecked_at": (c_char_p, (OpenedLinkHandle, c_size_t)),
    "gatepass_call": (Code, (StoreHandle, *TEXT, *TEXT, POINTER(DocumentHandle))),
    "gatepass_document_text": (c_char_p, (DocumentHandle,)),
    "gatepass_document_length": (c_size_t, (DocumentHandle,)),
    "gatepass_api_call": (Code, (StoreHandle, CallerHandle, *TEXT, *TEXT, POINTER(DocumentHandle))),
    "gatepass_web_request_new": (Code, (*TEXT, *TEXT, POINTER(WebRequestHandle))),
    "gatepass_web_request_set_query": (Code, (WebRequestHandle, *TEXT)),
    "gatepass_web_request_add_header": (Code, (WebRequestHandle, *TEXT, *TEXT)),
    "gatepass_web_request_set_body": (Code, (WebRequestHandle, *TEXT)),
    "gatepass_web_request_set_peer": (Code, (WebRequestHandle, *TEXT)),
    "gatepass_web_handle": (Code, (StoreHandle, WebRequestHandle, POINTER(WebResponseHandle))),
    "gatepass_web_session": (Code, (StoreHandle, WebRequestHandle, POINTER(SessionHandle))),
    "gatepass_web_response_status": (c_int32, (WebResponseHandle,)),
    "gatepass_web_response_header_count": (c_size_t, (WebResponseHandle,)),
    "gatepass_web_response_header_name": (c_char_p, (WebResponseHandle, c_size_t)),
    "gatepass_web_response_header_value": (c_char_p, (WebResponseHandle, c_size_t)),
    "gatepass_web_response_body": (c_char_p, (WebResponseHandle,)),
    "gatepass_web_response_body_length": (c_size_t, (WebResponseHandle,)),
    "gatepass_free": (Code, (c_void_p,)),
}


def declare(library: CDLL) -> None:
    """Tell ctypes the type of every function. AttributeError if the library lacks one."""
    check = raiser(library)
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = c_int32 if result is Code else result
        if result is Code and name not in UNCHECKED:
            function.errcheck = check
