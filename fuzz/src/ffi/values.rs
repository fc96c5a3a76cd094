//! What functions take and give.

use std::ffi::{c_char, c_void};

/// What is behind a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Options,
    Store,
    Caller,
    Request,
    Issued,
    SignIn,
    Inspection,
    Session,
    Document,
    WebRequest,
    WebResponse,
    CreatedLink,
    OpenedLink,
}

/// What a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    Handle(Kind),
    /// Or NULL.
    Optional(Kind),
    /// Of any kind but a store, or NULL.
    Any,
    Text,
    /// A text that names a file.
    Path,
    /// Of the text before it.
    Length,
    Index,
    Number,
    Int,
    Out(Kind),
}

/// What it is given.
#[derive(Debug, Clone, Copy)]
pub enum Argument {
    Handle(usize),
    Text(*const c_char),
    Size(usize),
    Number(i64),
    Int(i32),
    Out(*mut *mut c_void),
}

macro_rules! read_as {
    ($name:ident, $variant:ident, $type:ty) => {
        pub fn $name(&self) -> $type {
            match *self {
                Argument::$variant(value) => value,
                other => panic!("{other:?} where a {} belongs", stringify!($variant)),
            }
        }
    };
}

impl Argument {
    pub fn handle(&self) -> *const c_void {
        match *self {
            Argument::Handle(bits) => std::ptr::without_provenance(bits),
            other => panic!("{other:?} where a handle belongs"),
        }
    }

    read_as!(text, Text, *const c_char);
    read_as!(size, Size, usize);
    read_as!(number, Number, i64);
    read_as!(int, Int, i32);
    read_as!(out, Out, *mut *mut c_void);
}

/// What it gives back.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    Code(i32),
    Int(i32),
    Number(i64),
    Size(usize),
    Text(*const c_char),
}

impl Value {
    /// Whether it is what a failure gives.
    pub fn is_nothing(self) -> bool {
        match self {
            Value::Code(value) | Value::Int(value) => value == 0,
            Value::Number(value) => value == 0,
            Value::Size(value) => value == 0,
            Value::Text(pointer) => pointer.is_null(),
        }
    }
}
