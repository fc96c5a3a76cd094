//! What is wrong with an answer.

use super::server::Answer;
use super::story::Wanted;

/// Everything in which an answer is not what was written down.
pub(crate) fn differences(wanted: &Wanted, came: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    if wanted.status != came.status {
        wrong.push(format!("status {}, not {}", came.status, wanted.status));
    }
    let mut left = came.headers.clone();
    for (name, value) in &wanted.headers {
        match left.iter().position(|(other, given)| other == name && fits(value, given)) {
            Some(index) => drop(left.remove(index)),
            None => wrong.push(format!("no header {name}: {value}")),
        }
    }
    wrong.extend(left.iter().map(|(name, value)| format!("a header {name}: {value}")));
    if wanted.body.as_ref().is_some_and(|body| *body != came.body) {
        wrong.push("another body".to_owned());
    }
    let missing = wanted.contains.iter().filter(|text| !came.body.contains(text.as_str()));
    wrong.extend(missing.map(|text| format!("the body lacks {text}")));
    let there = wanted.lacks.iter().filter(|text| came.body.contains(text.as_str()));
    wrong.extend(there.map(|text| format!("the body has {text}")));
    if !wrong.is_empty() {
        wrong.push(format!("the body is {}", came.body));
    }
    wrong
}

/// Whether a value is what was written down, where `*` stands for one character or more.
fn fits(wanted: &str, given: &str) -> bool {
    let Some((first, behind)) = wanted.split_once('*') else { return wanted == given };
    let Some(mut rest) = given.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = behind.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = rest.get(1..).and_then(|rest| rest.split_once(part)) else { return false };
        rest = after;
    }
    rest.len() > last.len() && rest.ends_with(last)
}
