//! The parameters of a call: names and values as PHP reads them, within limits.
//!
//! `a[x]=1` is a list `a` with the entry `x`, `a[]=1` appends to one, and of two values for one name the later
//! counts. What PHP does with odd names (`a.b`, `a[b`, `a[b]c`) is done here too, so that nobody can smuggle a
//! name past a filter that reads as PHP does; tests compare the two.

use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::Failure;

/// The longest query and the longest body, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// The most parameters of a call.
const MAX_PARAMETERS: usize = 100;
/// The longest value, in bytes.
const MAX_VALUE: usize = 8 * 1024;
/// The most brackets of a name.
const MAX_DEPTH: usize = 3;

/// What decides who may do what: given twice, it must be the same.
const DECISIVE: &[&str] = &["action", "identifier", "secret", "username", "password"];

/// The parameters of one place, or of both together.
#[derive(Default)]
pub(super) struct Parameters {
    entries: Entries,
    count: usize,
}

/// A value, which may be a secret.
pub(super) type Text = Zeroizing<String>;

/// One value, or a list of them under their keys.
enum Parameter {
    Text(Text),
    List(Entries),
}

/// Names and what stands under them, in the order in which they came first.
#[derive(Default)]
struct Entries(Vec<(String, Parameter)>);

impl Entries {
    fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn set(&mut self, name: String, value: Parameter) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Put a text under a key, and below that under the `rest` of the keys; a key that is `None` appends.
    fn put(&mut self, key: Option<&str>, rest: &[Option<&str>], text: Text) {
        let Some(key) = key.map(str::to_owned).or_else(|| self.next_key()) else {
            return;
        };
        let Some((next, rest)) = rest.split_first() else {
            self.set(key, Parameter::Text(text));
            return;
        };
        if !matches!(self.get(&key), Some(Parameter::List(_))) {
            self.set(key.clone(), Parameter::List(Entries::default()));
        }
        if let Some((_, Parameter::List(list))) = self.0.iter_mut().find(|(known, _)| *known == key) {
            list.put(*next, rest, text);
        }
    }

    /// The key that an appended entry gets: one more than the highest number. None follows the highest of all.
    fn next_key(&self) -> Option<String> {
        let numbers = self.0.iter().filter_map(|(key, _)| {
            let number: i64 = key.parse().ok()?;
            (number.to_string() == *key).then_some(number)
        });
        match numbers.max() {
            None => Some("0".to_owned()),
            Some(highest) => highest.checked_add(1).map(|next| next.to_string()),
        }
    }
}

/// A name taken apart: `a[x][]` is `a` with the keys `x` and none.
struct Name<'a> {
    base: String,
    keys: Vec<Option<&'a str>>,
}

impl<'a> Name<'a> {
    fn parse(text: &'a str) -> Self {
        let text = text.trim_start_matches(' ');
        let plain = |part: &str| part.replace(['.', ' ', '['], "_");
        let Some((base, mut rest)) = text.split_once('[') else {
            return Name { base: plain(text), keys: Vec::new() };
        };
        let mut keys = Vec::new();
        if base.is_empty() {
            return Name { base: String::new(), keys };
        }
        loop {
            // One blank in otherwise empty brackets is none.
            let blank =
                rest.starts_with([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']) && rest[1..].starts_with(']');
            match rest.split_once(']') {
                Some((key, after)) => {
                    keys.push(Some(key).filter(|key| !key.is_empty() && !blank));
                    match after.strip_prefix('[') {
                        Some(next) => rest = next,
                        // Whatever follows the last bracket is dropped.
                        None => return Name { base: plain(base), keys },
                    }
                }
                // A bracket that is never closed belongs to the name.
                None if keys.is_empty() => {
                    return Name { base: format!("{}_{}", plain(base), plain(rest)), keys };
                }
                None => return Name { base: plain(base), keys },
            }
        }
    }
}

/// What a message may repeat of a name: it may be anything, a secret in the wrong place too.
pub(super) fn shown(name: &str) -> &str {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !name.is_empty() && name.len() <= 30 && name.bytes().all(usual) { name } else { "of another name" }
}

impl Parameters {
    /// Read `name=value&…`, percent-encoded, with `+` for a blank.
    pub(super) fn read_form(&mut self, form: &[u8]) -> Result<(), Failure> {
        for pair in form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|&byte| byte == b'=');
            let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            self.insert(&decoded(name), decoded(value))?;
        }
        Ok(())
    }

    /// From a JSON object, or `null` for none.
    pub(super) fn of_json(parameters: &Value) -> Result<Self, Failure> {
        let mut read = Parameters::default();
        match parameters {
            Value::Null => {}
            Value::Object(fields) => {
                for (name, value) in fields {
                    read.insert_json(name, value, 0)?;
                }
            }
            _ => return Err(Failure::malformed("The parameters must be a JSON object")),
        }
        Ok(read)
    }

    fn insert_json(&mut self, name: &str, value: &Value, depth: usize) -> Result<(), Failure> {
        if depth > MAX_DEPTH {
            return Err(too_deep(Name::parse(name).base.as_str()));
        }
        let text = match value {
            Value::Null => return Ok(()),
            Value::String(text) => Zeroizing::new(text.as_bytes().to_vec()),
            Value::Bool(_) | Value::Number(_) => Zeroizing::new(value.to_string().into_bytes()),
            Value::Array(items) => {
                let mut items = items.iter().enumerate();
                return items
                    .try_for_each(|(at, item)| self.insert_json(&format!("{name}[{at}]"), item, depth + 1));
            }
            Value::Object(fields) => {
                let mut fields = fields.iter();
                return fields.try_for_each(|(key, item)| {
                    self.insert_json(&format!("{name}[{key}]"), item, depth + 1)
                });
            }
        };
        self.insert(name.as_bytes(), text)
    }

    /// Take in one parameter.
    pub(super) fn insert(&mut self, name: &[u8], value: Zeroizing<Vec<u8>>) -> Result<(), Failure> {
        self.count += 1;
        if self.count > MAX_PARAMETERS {
            return Err(Failure::malformed("More than 100 parameters"));
        }
        let name = match std::str::from_utf8(name) {
            Ok(name) if !name.contains('\0') => Name::parse(name),
            _ => return Err(Failure::malformed("The name of a parameter can't be read")),
        };
        let base = shown(&name.base);
        if name.keys.len() > MAX_DEPTH {
            return Err(too_deep(&name.base));
        }
        if value.len() > MAX_VALUE {
            return Err(Failure::too_long(format!("The parameter {base} is longer than 8 KiB")));
        }
        let Ok(text) = std::str::from_utf8(&value).map(|text| Zeroizing::new(text.to_owned())) else {
            return Err(Failure::malformed(format!("The parameter {base} is not UTF-8")));
        };
        if name.base.is_empty() {
            return Ok(());
        }
        if DECISIVE.contains(&name.base.as_str()) && !self.agrees(&name, &text)? {
            return Ok(());
        }
        self.entries.put(Some(&name.base), &name.keys, text);
        Ok(())
    }

    /// Whether a decisive parameter is to be taken in: not if it is empty. One that says something else than
    /// before is an error.
    fn agrees(&self, name: &Name<'_>, text: &str) -> Result<bool, Failure> {
        if !name.keys.is_empty() {
            return Err(Failure::malformed(format!("Invalid {}", name.base)));
        }
        match self.entries.get(&name.base) {
            Some(Parameter::Text(before)) if !before.is_empty() && !text.is_empty() && **before != *text => {
                let name = &name.base;
                Err(Failure::malformed(format!("The parameter {name} has two different values")))
            }
            _ => Ok(!text.is_empty()),
        }
    }

    /// These over `below`: a value that is not empty counts over that of the other place.
    pub(super) fn over(self, below: Parameters) -> Result<Parameters, Failure> {
        let mut merged = below;
        merged.count += self.count;
        if merged.count > MAX_PARAMETERS {
            return Err(Failure::malformed("More than 100 parameters"));
        }
        for (name, value) in self.entries.0 {
            match value {
                Parameter::Text(text) if DECISIVE.contains(&name.as_str()) => {
                    if merged.agrees(&Name { base: name.clone(), keys: Vec::new() }, &text)? {
                        merged.entries.set(name, Parameter::Text(text));
                    }
                }
                Parameter::Text(text) if text.is_empty() => {}
                value => merged.entries.set(name, value),
            }
        }
        Ok(merged)
    }

    /// A parameter's value; nothing when it is absent or empty. A list is none.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.entries.get(name) {
            Some(Parameter::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(Parameter::List(_)) => Err(Failure::invalid(name)),
            None => Ok(None),
        }
    }

    /// Whether something stands under a name.
    pub(super) fn holds(&self, name: &str) -> bool {
        !matches!(self.text(name), Ok(None))
    }

    /// A parameter's value, taken out: it is a secret, and has one owner.
    pub(super) fn take(&mut self, name: &str) -> Option<Text> {
        let at = self.entries.0.iter().position(|(known, _)| known == name)?;
        match self.entries.0.swap_remove(at).1 {
            Parameter::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

fn too_deep(base: &str) -> Failure {
    Failure::malformed(format!("The parameter {} has more than 3 brackets", shown(base)))
}

/// Percent-decoded, with `+` for a blank; what is no escape stays as it is.
fn decoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escape = (byte == b'%').then(|| {
            let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
            Some(digit(0)? * 16 + digit(1)?)
        });
        match escape.flatten().and_then(|value| u8::try_from(value).ok()) {
            Some(value) => {
                out.push(value);
                rest = &after[2..];
            }
            None => out.push(if byte == b'+' { b' ' } else { byte }),
        }
    }
    out
}

#[cfg(test)]
mod tests;
