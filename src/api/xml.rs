//! XML answers, written and never read.

use serde_json::Value;

use super::json::ROOM;

/// A document as XML: `action` in lower case and then its fields, below the root.
pub(super) fn write(action: &str, document: &Value) -> String {
    let mut out = String::with_capacity(ROOM);
    out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<whmcsapi>");
    element("action", &Value::String(action.to_ascii_lowercase()), &mut out);
    put(document, &mut out);
    out.push_str("</whmcsapi>\n");
    out
}

/// An element, or one for each entry of a list.
fn element(name: &str, value: &Value, out: &mut String) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| element(name, item, out));
        return;
    }
    out.push('<');
    out.push_str(name);
    out.push('>');
    put(value, out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn put(value: &Value, out: &mut String) {
    match value {
        Value::Null => {}
        Value::String(text) => text.chars().for_each(|character| put_character(character, out)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| element(name, value, out)),
        // A list in a list, which no document has.
        Value::Array(items) => items.iter().for_each(|item| element("item", item, out)),
        plain @ (Value::Bool(_) | Value::Number(_)) => out.push_str(&plain.to_string()),
    }
}

fn put_character(character: char, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&apos;"),
        // A reader would make a line feed of it.
        '\r' => out.push_str("&#13;"),
        '\t' | '\n' => out.push(character),
        // No character of XML 1.0.
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
        other => out.push(other),
    }
}
