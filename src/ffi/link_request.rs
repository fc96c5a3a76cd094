//! The fields of a request that sign-in links alone take.

use std::ffi::c_char;

use super::code::gatepass_code;
use super::guard;
use super::request::gatepass_request;
use super::request_fields::{set, set_secret, set_text};
use crate::error::Error;

/// Link open: the link as the browser brought it, its text or its whole URL. What can't be one is refused like
/// an unknown one.
///
/// @param request      The request.
/// @param link         NULL with length 0 takes the field back.
/// @param link_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_link(
    request: *mut gatepass_request,
    link: *const c_char,
    link_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe { set_secret(request, link, link_length, "link", |it| &mut it.link) })
}

/// Link create: how often the link may be used.
///
/// @param request  The request.
/// @param uses     1 to 100. Once if not set.
/// @return GATEPASS_OK; GATEPASS_INVALID for `uses`; another code of the class MISUSE. What is too often is told
///         by the act.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_uses(
    request: *mut gatepass_request,
    uses: i64,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            let uses = u32::try_from(uses).map_err(|_| Error::invalid("uses", "must be 1 to 100"))?;
            fields.uses = Some(uses);
            Ok(())
        })
    })
}

/// Link create: what the mailing is called, for reports and to revoke all of it.
///
/// @param request       The request.
/// @param label         1 to 100 bytes without control characters, such as `invoice-reminder`; NULL with
///                      length 0 takes the field back.
/// @param label_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_label(
    request: *mut gatepass_request,
    label: *const c_char,
    label_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe { set_text(request, label, label_length, "label", |it| &mut it.label) })
}

/// Link create: what waits for the person there, as the page that asks says it.
///
/// @param request       The request.
/// @param title         1 to 100 bytes without control characters, such as `invoice 5`; NULL with length 0
///                      takes the field back.
/// @param title_length  In bytes.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_title(
    request: *mut gatepass_request,
    title: *const c_char,
    title_length: usize,
) -> gatepass_code {
    // SAFETY: the caller's promise about the text.
    guard::fallible(|| unsafe { set_text(request, title, title_length, "title", |it| &mut it.title) })
}

/// Link create: whether the use of this link ends all others of its label for the same user and client.
///
/// @param request  The request.
/// @param yes      Not 0 if so, which needs a label. It does not if not set.
/// @return GATEPASS_OK, or a code of the class MISUSE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gatepass_request_set_end_siblings(
    request: *mut gatepass_request,
    yes: i32,
) -> gatepass_code {
    guard::fallible(|| {
        set(request, |fields| {
            fields.end_siblings = Some(yes != 0);
            Ok(())
        })
    })
}
