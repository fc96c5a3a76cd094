//! Rust source cut into tokens: just enough of the language to tell a path from a comment, a string from a
//! character and a test from the code that ships. It must not know any rule.

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword; `r#name` without its mark.
    Word(String),
    /// The value of a string literal of any form, escapes resolved.
    Text(String),
    /// A character or byte literal.
    Letter,
    /// A number as written.
    Number(String),
    /// `::`
    Sep,
    /// Any other single mark.
    Mark(char),
}

/// A token and the line that it starts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }
}

/// Cut `source` into tokens; comments and lifetimes are left out.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut scanner = Scanner { chars: source.chars().collect(), at: 0, line: 1 };
    let mut found = Vec::new();
    while let Some(token) = scanner.next() {
        found.push(token);
    }
    found
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn take(&mut self) -> char {
        let taken = self.peek(0);
        self.at += 1;
        if taken == '\n' {
            self.line += 1;
        }
        taken
    }

    fn next(&mut self) -> Option<Token> {
        loop {
            if self.at >= self.chars.len() {
                return None;
            }
            let line = self.line;
            let kind = match (self.peek(0), self.peek(1)) {
                (c, _) if c.is_whitespace() => {
                    self.take();
                    continue;
                }
                ('/', '/') => {
                    while self.at < self.chars.len() && self.peek(0) != '\n' {
                        self.take();
                    }
                    continue;
                }
                ('/', '*') => {
                    self.block_comment();
                    continue;
                }
                ('\'', _) => match self.letter_or_lifetime() {
                    Some(kind) => kind,
                    None => continue,
                },
                ('"', _) => Kind::Text(self.quoted()),
                (':', ':') => {
                    self.at += 2;
                    Kind::Sep
                }
                (c, _) if c.is_ascii_digit() => Kind::Number(self.number()),
                (c, _) if c == '_' || c.is_alphabetic() => self.word_or_literal(),
                _ => Kind::Mark(self.take()),
            };
            return Some(Token { kind, line });
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.take();
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                return;
            }
        }
    }

    fn letter_or_lifetime(&mut self) -> Option<Kind> {
        if self.peek(1) == '\\' {
            self.at += 2;
            self.take();
            while self.at < self.chars.len() && self.take() != '\'' {}
            return Some(Kind::Letter);
        }
        if self.peek(2) == '\'' {
            self.take();
            self.take();
            self.take();
            return Some(Kind::Letter);
        }
        self.take();
        self.plain_word();
        None
    }

    fn plain_word(&mut self) -> String {
        let mut word = String::new();
        while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
            word.push(self.take());
        }
        word
    }

    fn number(&mut self) -> String {
        let mut number = self.plain_word();
        while self.peek(0) == '.' && self.peek(1).is_ascii_digit() {
            number.push(self.take());
            number.push_str(&self.plain_word());
        }
        number
    }

    fn word_or_literal(&mut self) -> Kind {
        let word = self.plain_word();
        match (word.as_str(), self.peek(0)) {
            ("b" | "c", '"') => Kind::Text(self.quoted()),
            ("b", '\'') => self.letter_or_lifetime().unwrap_or(Kind::Letter),
            ("r" | "br" | "cr", '"') => Kind::Text(self.raw()),
            ("r", '#') if self.peek(1) == '_' || self.peek(1).is_alphabetic() => {
                self.take();
                Kind::Word(self.plain_word())
            }
            ("r" | "br" | "cr", '#') => Kind::Text(self.raw()),
            _ => Kind::Word(word),
        }
    }

    fn raw(&mut self) -> String {
        let mut hashes = 0;
        while self.peek(0) == '#' {
            self.take();
            hashes += 1;
        }
        self.take();
        let mut text = String::new();
        while self.at < self.chars.len() {
            if self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#') {
                self.at += 1 + hashes;
                break;
            }
            text.push(self.take());
        }
        text
    }

    fn quoted(&mut self) -> String {
        self.take();
        let mut text = String::new();
        while self.at < self.chars.len() {
            match self.take() {
                '"' => break,
                '\\' => self.escape(&mut text),
                c => text.push(c),
            }
        }
        text
    }

    fn escape(&mut self, text: &mut String) {
        let code = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        match self.take() {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            '0' => text.push('\0'),
            'x' => {
                let digits: String = [self.take(), self.take()].iter().collect();
                text.extend(code(&digits));
            }
            'u' => {
                let mut digits = String::new();
                while self.at < self.chars.len() {
                    match self.take() {
                        '}' => break,
                        '{' | '_' => {}
                        digit => digits.push(digit),
                    }
                }
                text.extend(code(&digits));
            }
            '\n' => {
                while self.peek(0).is_whitespace() && self.at < self.chars.len() {
                    self.take();
                }
            }
            c => text.push(c),
        }
    }
}

/// The tokens of `all` that ship: without items under `#[cfg(test)]`. The names of modules in other files
/// that are tests go to `elsewhere`.
pub(crate) fn without_tests(all: &[Token], elsewhere: &mut Vec<String>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < all.len() {
        if all[at].is('#') && all.get(at + 1).is_some_and(|t| t.is('!')) && is_test_attribute(all, at + 2) {
            return Vec::new();
        }
        if all[at].is('#')
            && is_test_attribute(all, at + 1)
            && let Some(end) = item_end(all, closing(all, at + 1) + 1, elsewhere)
        {
            at = end;
            continue;
        }
        kept.push(all[at].clone());
        at += 1;
    }
    kept
}

/// The index of the bracket that closes the one at `open`; the last index if none does.
fn closing(all: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in all.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    all.len().saturating_sub(1)
}

/// Whether `[cfg(test)]` or `[cfg(all(test, …))]` stands at `open`.
fn is_test_attribute(all: &[Token], open: usize) -> bool {
    let word = |at: usize, text: &str| all.get(at).is_some_and(|t| t.is_word(text));
    let mark = |at: usize, c: char| all.get(at).is_some_and(|t| t.is(c));
    if !(mark(open, '[') && word(open + 1, "cfg") && mark(open + 2, '(')) {
        return false;
    }
    if word(open + 3, "test") {
        return mark(open + 4, ')');
    }
    if !(word(open + 3, "all") && mark(open + 4, '(')) {
        return false;
    }
    let mut at = open + 5;
    let end = closing(all, open + 4);
    while at < end {
        if word(at, "test") && (mark(at + 1, ',') || mark(at + 1, ')')) {
            return true;
        }
        at = if mark(at, '(') { closing(all, at) + 1 } else { at + 1 };
    }
    false
}

/// Where the item that starts at `at` ends, or nothing when what stands there is no item.
fn item_end(all: &[Token], mut at: usize, elsewhere: &mut Vec<String>) -> Option<usize> {
    while all.get(at)?.is('#') {
        at = closing(all, at + 1) + 1;
    }
    if all.get(at)?.is_word("pub") {
        at += 1;
        if all.get(at)?.is('(') {
            at = closing(all, at) + 1;
        }
    }
    let word = all.get(at)?.word()?;
    let by_semicolon = matches!(word, "use" | "const" | "static" | "type")
        && !all.get(at + 1).is_some_and(|t| t.is_word("fn") || t.is_word("unsafe"));
    let by_either = matches!(
        word,
        "mod" | "fn" | "impl" | "struct" | "enum" | "trait" | "unsafe" | "async" | "const" | "macro_rules"
    );
    if !by_semicolon && !by_either {
        return None;
    }
    if word == "mod" && all.get(at + 2).is_some_and(|t| t.is(';')) {
        elsewhere.extend(all[at + 1].word().map(str::to_owned));
    }
    while at < all.len() {
        match all[at].kind {
            Kind::Mark(';') => return Some(at + 1),
            Kind::Mark('{') if !by_semicolon => return Some(closing(all, at) + 1),
            Kind::Mark('(' | '[' | '{') => at = closing(all, at) + 1,
            _ => at += 1,
        }
    }
    Some(all.len())
}

#[test]
fn comments_strings_and_lifetimes_are_told_apart() {
    let found = tokens(
        "// a \" quote\n/* /* nested */ crate::store */ fn f<'a>(x: &'a str) -> char { '\"' } \
         let s = \"a // b\\\"c \\x53\\u{45}LECT\"; let r = r#\"raw \"quoted\"\"#; let b = b'\\''; r#type :: x 0..10 1.5",
    );
    let texts: Vec<_> = found.iter().filter_map(Token::text).collect();
    assert_eq!(texts, ["a // b\"c SELECT", "raw \"quoted\""]);
    assert!(!found.iter().any(|t| t.is_word("store") || t.is_word("a")));
    assert_eq!(found.iter().filter(|t| t.kind == Kind::Sep).count(), 1);
    assert_eq!(found.iter().filter(|t| t.kind == Kind::Letter).count(), 2);
    assert_eq!(found.iter().filter(|t| matches!(t.kind, Kind::Number(_))).count(), 3);
    assert!(found.iter().any(|t| t.is_word("type")));
    assert_eq!(found.last().unwrap().line, 2);
}

#[test]
fn only_what_is_compiled_for_tests_alone_is_left_out() {
    let kept = |source: &str| {
        let mut elsewhere = Vec::new();
        let kept = without_tests(&tokens(source), &mut elsewhere);
        (kept.iter().filter_map(Token::word).collect::<Vec<_>>().join(" "), elsewhere)
    };
    assert_eq!(kept("#[cfg(test)] mod tests { fn a() { {} } } fn b() {}").0, "fn b");
    assert_eq!(kept("#[cfg(test)] #[allow(x)] pub(crate) use a::{b, c}; fn d() {}").0, "fn d");
    assert_eq!(kept("#[cfg(all(test, unix))] const X: [u8; 2] = [0; 2]; fn d() {}").0, "fn d");
    assert_eq!(kept("#[cfg(test)] mod big; fn d() {}"), ("fn d".to_owned(), vec!["big".to_owned()]));
    assert_eq!(kept("#![cfg(test)] fn d() {}").0, "");
    for ships in ["not(test)", "any(test, unix)", "feature = \"test\"", "all(not(test), unix)"] {
        assert!(kept(&format!("#[cfg({ships})] mod tests {{ fn a() {{}} }}")).0.contains("fn a"), "{ships}");
    }
}
