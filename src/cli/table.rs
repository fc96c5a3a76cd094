//! Shows a JSON answer to a person: a list of objects as a table, an object as a list of names and values.
//!
//! There is one renderer for every command, and names are shown as the document has them, so that what people
//! and programs read can't differ.

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::{Map, Value};

/// A list of objects, or a page of one, as a table of these columns.
pub(crate) fn table(document: &Value, columns: &[&str], color: bool) -> String {
    let (items, total) = match document {
        Value::Object(page) => (page.get("items"), page.get("total").and_then(Value::as_u64)),
        other => (Some(other), None),
    };
    let items = items.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        return "none\n".to_owned();
    }
    let mut text = rows(items, columns, color);
    if let Some(total) = total
        && total > items.len() as u64
    {
        text.push_str(&format!("{} of {total}; --offset and --limit give the others\n", items.len()));
    }
    text
}

/// Columns whose text may be broken to fit the terminal. Names, numbers and times are to be copied, so they
/// are not.
const BREAKABLE: &[&str] = &["about", "default", "detail", "landing", "message", "path", "value"];

/// A column is not made narrower than this.
const SHORTEST_LINE: u16 = 36;

/// Narrower terminals are left to break lines by themselves: a column of a few characters can't be read.
const NARROWEST: u16 = 60;

fn rows(items: &[Value], columns: &[&str], color: bool) -> String {
    // A column in which nothing stands only takes room.
    let filled = |name: &&str| items.iter().any(|item| item.get(name).is_some_and(|value| !empty(value)));
    let columns: Vec<&str> = columns.iter().copied().filter(filled).collect();
    let mut table = plain(color);
    if table.width().is_some_and(|width| width >= NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(columns.iter().map(|&name| bold(name.to_owned(), color)));
    for item in items {
        table.add_row(columns.iter().map(|&name| {
            let value = item.get(name).unwrap_or(&Value::Null);
            tinted(name, cell(value), color)
        }));
    }
    for (at, width) in table.column_max_content_widths().into_iter().enumerate() {
        let may_break = columns.get(at).is_some_and(|name| BREAKABLE.contains(name)) && width > SHORTEST_LINE;
        if let Some(column) = table.column_mut(at) {
            column.set_constraint(match may_break {
                true => ColumnConstraint::LowerBoundary(Width::Fixed(SHORTEST_LINE)),
                false => ColumnConstraint::ContentWidth,
            });
        }
    }
    trimmed(&mut table)
}

/// Whether there is nothing to show.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// An object as a list of names and values. What is absent or empty is left out; lists of objects follow as
/// tables.
pub(crate) fn list(document: &Value, color: bool) -> String {
    let Value::Object(object) = document else {
        return format!("{}\n", cell(document));
    };
    let mut table = plain(color);
    // A URL or a secret is to be copied, so no line is ever broken.
    table.set_content_arrangement(ContentArrangement::Disabled);
    let mut tables = String::new();
    fill(object, "", &mut table, &mut tables, color);
    let mut text = if table.is_empty() { String::new() } else { trimmed(&mut table) };
    text.push_str(&tables);
    text
}

fn fill(object: &Map<String, Value>, indent: &str, table: &mut Table, tables: &mut String, color: bool) {
    for (name, value) in object {
        // Of a setting it matters that it is empty.
        let said = matches!(name.as_str(), "value" | "default");
        match value {
            _ if empty(value) && !said => {}
            Value::Array(items) if !said && items.iter().all(Value::is_object) => {
                let columns = columns_of(items);
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                tables.push_str(&format!("\n{}:\n{}", name, rows(items, &columns, color)));
            }
            Value::Object(inner) => {
                table.add_row([bold(format!("{indent}{}", name), color), Cell::new("")]);
                fill(inner, &format!("{indent}  "), table, tables, color);
            }
            _ => {
                let label = bold(format!("{indent}{}", name), color);
                table.add_row([label, tinted(name, cell(value), color)]);
            }
        }
    }
}

/// The names that have a value in any of the objects, in their order.
fn columns_of(items: &[Value]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (name, value) in items.iter().filter_map(Value::as_object).flatten() {
        if !empty(value) && !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    columns
}

fn plain(color: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
}

fn trimmed(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn bold(text: String, color: bool) -> Cell {
    let cell = Cell::new(text);
    if color { cell.add_attribute(Attribute::Bold) } else { cell }
}

/// Standing is coloured: good, look at it, bad.
fn tinted(name: &str, text: String, color: bool) -> Cell {
    let tint = match (name, text.as_str()) {
        ("severity", "good") | ("outcome", "ok") | ("state", "live") => Some(Color::Green),
        ("severity", "warning") => Some(Color::Yellow),
        ("severity", "bad") => Some(Color::Red),
        ("outcome", _) => Some(Color::Yellow),
        _ => None,
    };
    match tint.filter(|_| color) {
        Some(tint) => Cell::new(text).fg(tint),
        None => Cell::new(text),
    }
}

/// A value in one line.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => time(text).unwrap_or_else(|| shown(text)),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(object) => {
            let pairs = object.iter().filter(|(_, value)| !empty(value));
            let text = pairs.map(|(name, value)| format!("{}={}", name, cell(value)));
            let text = text.collect::<Vec<_>>().join(" ");
            if text.is_empty() { "-".to_owned() } else { text }
        }
    }
}

/// A time of the library, `2026-11-22T14:13:46.123Z`, as people read it: `2026-11-22 14:13:46 UTC`.
fn time(text: &str) -> Option<String> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000Z";
    let fits = |(byte, shape): (u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == *shape };
    if text.len() != SHAPE.len() || !text.bytes().zip(SHAPE).all(fits) {
        return None;
    }
    Some(format!("{} {} UTC", &text[..10], &text[11..19]))
}

/// The sentences of an explanation, a line each.
pub(crate) fn story(explanation: &Value) -> String {
    let lines = explanation["story"].as_array().into_iter().flatten().filter_map(Value::as_str);
    lines.map(shown).collect::<Vec<_>>().join("\n")
}

/// A text that can't move the cursor of the terminal it is shown on.
pub(crate) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_becomes_a_table_and_an_object_a_list() {
        let users = json!([
            { "user_id": 1, "email": "ann@example.com", "clients": [{ "client_id": 1, "owner": true }] },
            { "user_id": 22, "email": null, "clients": [] },
        ]);
        let text = table(&users, &["user_id", "email", "clients"], false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "user_id  email            clients");
        assert_eq!(lines[1], "1        ann@example.com  client_id=1 owner=yes");
        assert_eq!(lines[2], "22       -                -");
        assert_eq!(table(&json!([]), &["a"], false), "none\n");
        let page = json!({ "total": 7, "items": [{ "a": 1 }] });
        assert!(table(&page, &["a"], false).ends_with("1 of 7; --offset and --limit give the others\n"));
        let text = list(&json!({ "a_b": 1, "gone": null, "inner": { "c": true } }), false);
        assert_eq!(text, "a_b    1\ninner\n  c    yes\n");
    }

    #[test]
    fn times_are_shown_in_utc_and_control_characters_are_not_passed_on() {
        assert_eq!(cell(&json!("2026-11-22T14:13:46.123Z")), "2026-11-22 14:13:46 UTC");
        assert_eq!(cell(&json!("2026-11-22")), "2026-11-22");
        assert_eq!(cell(&json!("a\u{1b}[2Jb")), "a\u{FFFD}[2Jb");
    }

    #[test]
    fn without_colour_there_is_no_escape_code() {
        let findings = json!([{ "severity": "bad" }]);
        assert!(!table(&findings, &["severity"], false).contains('\u{1b}'));
        assert!(table(&findings, &["severity"], true).contains('\u{1b}'));
    }
}
