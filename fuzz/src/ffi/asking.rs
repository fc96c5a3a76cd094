//! Functions of the C ABI by name, for what needs no interpreter.

use std::ffi::{CStr, c_void};

use super::functions::{FUNCTIONS, Function};
use super::values::{Argument, Value};

/// The function of that name.
pub fn find(name: &str) -> &'static Function {
    FUNCTIONS.iter().find(|function| function.name == name).unwrap()
}

/// Call a function that takes no pointer.
pub fn ask(name: &str, arguments: &[Argument]) -> Value {
    // SAFETY: none of those takes a pointer.
    unsafe { (find(name).call)(arguments) }
}

/// The same for one that gives an `int`.
pub fn integer(name: &str, arguments: &[Argument]) -> i32 {
    match ask(name, arguments) {
        Value::Code(value) | Value::Int(value) => value,
        other => panic!("{name} gave {other:?}"),
    }
}

/// What the last call failed with.
pub fn message() -> String {
    let Value::Text(pointer) = ask("gatepass_last_error", &[]) else { panic!("no text") };
    assert!(!pointer.is_null(), "gatepass_last_error gave NULL");
    // SAFETY: the header says that a NUL is behind it.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned()
}

/// Call a function whose last parameter is an output, with handles and texts; its code and the output.
pub fn make(name: &str, handles: &[usize], texts: &[&[u8]], more: &[Argument]) -> (i32, usize) {
    let mut out: *mut c_void = std::ptr::without_provenance_mut(0xdead);
    let mut arguments: Vec<_> = handles.iter().map(|&handle| Argument::Handle(handle)).collect();
    // Of exactly the length that is told, so that AddressSanitizer sees a byte too many.
    let texts: Vec<Box<[u8]>> = texts.iter().map(|&text| text.into()).collect();
    for text in &texts {
        arguments.extend([Argument::Text(text.as_ptr().cast()), Argument::Size(text.len())]);
    }
    arguments.extend(more);
    arguments.push(Argument::Out(&raw mut out));
    // SAFETY: the texts are as long as told, and `out` is a place.
    let Value::Code(code) = (unsafe { (find(name).call)(&arguments) }) else { panic!("{name} has no code") };
    assert_eq!(code == 0, !out.is_null(), "{name} gave {code} and {out:?}");
    (code, out.addr())
}

/// Call a function that takes a handle and a text; its code.
pub fn tell(name: &str, handle: usize, text: &[u8]) -> i32 {
    let text: Box<[u8]> = text.into();
    let length = Argument::Size(text.len());
    let arguments = [Argument::Handle(handle), Argument::Text(text.as_ptr().cast()), length];
    // SAFETY: the text is as long as told.
    let Value::Code(code) = (unsafe { (find(name).call)(&arguments) }) else { panic!("{name} has no code") };
    code
}

/// The text of a document, which is freed.
pub fn take_document(document: usize) -> Vec<u8> {
    let handle = [Argument::Handle(document)];
    let Value::Text(pointer) = ask("gatepass_document_text", &handle) else { panic!("no text") };
    let Value::Size(length) = ask("gatepass_document_length", &handle) else { panic!("no length") };
    // SAFETY: the header says that a NUL is behind it.
    let text = unsafe { CStr::from_ptr(pointer) }.to_bytes().to_vec();
    assert_eq!(text.len(), length, "a document's length");
    assert_eq!(integer("gatepass_free", &handle), 0);
    text
}
