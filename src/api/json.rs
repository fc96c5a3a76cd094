//! JSON as PHP's `json_encode` writes it with `JSON_HEX_TAG`, `_AMP`, `_APOS` and `_QUOT`: slashes escaped,
//! ASCII alone, and nothing that HTML could take for markup.

use std::fmt::Write;

use serde_json::Value;

/// Room for an answer with a token, since a text that grows leaves copies behind.
pub(super) const ROOM: usize = 4096;

/// A document as text.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::with_capacity(ROOM);
    put(value, &mut out);
    out
}

fn put(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => put_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                put(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (at, (name, value)) in fields.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                put_text(name, out);
                out.push(':');
                put(value, out);
            }
            out.push('}');
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => out.push_str(&plain.to_string()),
    }
}

fn put_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '/' => out.push_str("\\/"),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' => out.push_str("\\u003C"),
            '>' => out.push_str("\\u003E"),
            '"' | '&' | '\'' => escape(character, out),
            ' '..='\u{7f}' => out.push(character),
            other => escape(other, out),
        }
    }
    out.push('"');
}

/// As one UTF-16 unit or two.
fn escape(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a String can't fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}
