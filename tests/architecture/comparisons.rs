//! What lets somebody in is compared in time that tells nothing: digests and hashes by `secret::same`,
//! never by
//! `==`, nor by a derived `PartialEq`, which both stop at the first byte that differs.

use crate::rules::{Violation, each};
use crate::scan::{Kind, Token};
use crate::tree::Tree;

/// What a digest or secret is called where it is compared.
const NAMES: &[&str] = &["digest", "old_digest", "hash", "secret", "reveal", "proof", "mac"];

/// Arrays of so many bytes are digests or secrets; ids are shorter.
const LONG: usize = 20;

/// Of so many bytes, and no secret: the public name of a token.
const PUBLIC: &[&str] = &["Reference"];

/// Neither `==` on what is called a digest or secret, nor a derived equality of a type that holds one.
pub(crate) fn secrets_are_compared_in_constant_time(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        for at in equals(&source.code) {
            if let Some(name) = operands(&source.code, at).find(|word| NAMES.contains(word)) {
                report(source.code[at].line, format!("`{name}` is compared by `==` or `!=`: use `same`"));
            }
        }
        for (line, name) in derived_over_bytes(&source.code) {
            if !PUBLIC.contains(&name) {
                report(line, format!("{name} derives PartialEq over a digest or secret: use `same`"));
            }
        }
    })
}

/// Where a `==` or `!=` begins.
fn equals(code: &[Token]) -> impl Iterator<Item = usize> + '_ {
    (1..code.len().saturating_sub(1)).filter(|&at| {
        let of_another = |mark: char| code[at - 1].is(mark);
        (code[at].is('=') || code[at].is('!'))
            && code[at + 1].is('=')
            && !"=!<>+-*/%&|^".chars().any(of_another)
    })
}

/// The words on both sides of an operator, up to where its operands end.
fn operands(code: &[Token], at: usize) -> impl Iterator<Item = &str> {
    let before = side(code[..at].iter().rev(), [')', ']'], ['(', '[']);
    let after = side(code[at + 2..].iter(), ['(', '['], [')', ']']);
    before.into_iter().chain(after)
}

fn side<'a>(tokens: impl Iterator<Item = &'a Token>, opens: [char; 2], closes: [char; 2]) -> Vec<&'a str> {
    let (mut words, mut depth) = (Vec::new(), 0_usize);
    for token in tokens {
        match &token.kind {
            Kind::Mark(mark) if opens.contains(mark) => depth += 1,
            Kind::Mark(mark) if closes.contains(mark) && depth == 0 => break,
            Kind::Mark(mark) if closes.contains(mark) => depth -= 1,
            // What is handed to a function on the way is another value.
            _ if depth > 0 => {}
            Kind::Mark(';' | '{' | '}' | ',' | '|' | '=' | '?') => break,
            Kind::Word(word) if matches!(word.as_str(), "if" | "return" | "match" | "while") => break,
            Kind::Word(word) => words.push(word.as_str()),
            _ => {}
        }
    }
    words
}

/// Types that derive equality and hold an array of bytes that may be a digest, with their lines.
fn derived_over_bytes(code: &[Token]) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in code.iter().enumerate().filter(|(_, token)| token.is_word("derive")) {
        let list = code[at..].iter().take_while(|token| !token.is(']'));
        if !list.clone().any(|token| token.is_word("PartialEq")) {
            continue;
        }
        let rest = &code[at..];
        let Some(kind) = rest.iter().position(|token| token.is_word("struct") || token.is_word("enum"))
        else {
            continue;
        };
        let Some(name) = rest.get(kind + 1).and_then(Token::word) else { continue };
        if body(&rest[kind..]).windows(4).any(holds_bytes) {
            found.push((code[at].line, name));
        }
    }
    found
}

/// From a type's keyword to where its fields end.
fn body(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('{' | '(') => depth += 1,
            Kind::Mark('}' | ')') if depth == 1 => return &tokens[..at],
            Kind::Mark('}' | ')') => depth = depth.saturating_sub(1),
            Kind::Mark(';') if depth == 0 => return &tokens[..at],
            _ => {}
        }
    }
    tokens
}

/// `[u8; N]` with a great `N`, or one that is a name.
fn holds_bytes(tokens: &[Token]) -> bool {
    let [open, kind, mark, length] = tokens else { return false };
    let long = match &length.kind {
        Kind::Number(number) => number.parse().map_or(true, |length: usize| length >= LONG),
        _ => true,
    };
    open.is('[') && kind.is_word("u8") && mark.is(';') && long
}
