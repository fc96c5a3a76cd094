//! One pass over a file's tokens: the paths that it names, the names that it imports, the modules that it
//! declares. What a path leads to is not known here.

use crate::scan::{Kind, Token};
use crate::tree::Route;

/// A path as found, before it is known what it leads to.
pub(crate) struct Mention {
    pub(crate) line: usize,
    pub(crate) module: Route,
    pub(crate) raw: Route,
    pub(crate) dotted: bool,
    pub(crate) called: bool,
    pub(crate) imported: bool,
}

/// An import or type alias: `name` in `module` stands for `raw`; without a name it is a glob.
pub(crate) struct Import {
    pub(crate) module: Route,
    pub(crate) name: Option<String>,
    pub(crate) raw: Route,
    pub(crate) public: bool,
}

/// One pass over the tokens of a file.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) mentions: Vec<Mention>,
    pub(crate) imports: Vec<Import>,
    pub(crate) declared: Vec<Route>,
    /// The `use` being read is a re-export.
    public: bool,
}

impl Walk {
    pub(crate) fn over(code: &[Token], home: &[String]) -> Walk {
        let mut walk = Walk::default();
        let mut module = home.to_vec();
        let mut depth = 0usize;
        let mut entered: Vec<usize> = Vec::new();
        let mut last_path: Option<(usize, Route)> = None;
        let mut at = 0;
        while at < code.len() {
            let token = &code[at];
            let next = code.get(at + 1);
            match &token.kind {
                Kind::Mark('{') => depth += 1,
                Kind::Mark('}') => {
                    if entered.last() == Some(&depth) {
                        entered.pop();
                        module.pop();
                    }
                    depth = depth.saturating_sub(1);
                }
                Kind::Word(word) if word == "mod" && next.is_some_and(|t| t.word().is_some()) => {
                    let mut child = module.clone();
                    child.extend(code[at + 1].word().map(str::to_owned));
                    walk.declared.push(child.clone());
                    if code.get(at + 2).is_some_and(|t| t.is('{')) {
                        module = child;
                        depth += 1;
                        entered.push(depth);
                    }
                    at += 3;
                    continue;
                }
                Kind::Word(word) if word == "use" && !next.is_some_and(|t| t.is('<')) => {
                    walk.public =
                        at.checked_sub(1).is_some_and(|b| code[b].is_word("pub") || code[b].is(')'));
                    at = walk.use_tree(code, at + 1, &module, &[]);
                    continue;
                }
                Kind::Word(word) if word == "extern" && next.is_some_and(|t| t.is_word("crate")) => {
                    let root = vec![String::new()];
                    at = walk.use_tree(code, at + 2, &module, &root);
                    continue;
                }
                Kind::Word(word) if word == "type" => {
                    walk.type_alias(code, at, &module);
                    at += if next.is_some_and(|t| t.word().is_some()) { 2 } else { 1 };
                    continue;
                }
                Kind::Word(_) | Kind::Sep => {
                    let before = at.checked_sub(1).map(|before| &code[before].kind);
                    let mut raw = Route::new();
                    if token.kind == Kind::Sep {
                        // `<path>::name`: the name belongs to the path between the brackets; another `>::` to
                        // nothing known.
                        match (&last_path, before) {
                            (Some((end, path)), Some(Kind::Mark('>'))) if end + 1 == at => {
                                raw.clone_from(path)
                            }
                            (_, Some(Kind::Mark('>'))) => raw.push("?".to_owned()),
                            _ => raw.push(String::new()),
                        }
                        at += 1;
                    }
                    let dotted = before == Some(&Kind::Mark('.'))
                        && at.checked_sub(2).is_none_or(|two| !code[two].is('.'));
                    let (end, words) = path_at(code, at);
                    raw.extend(words);
                    if end == at {
                        continue;
                    }
                    last_path = Some((end, raw.clone()));
                    walk.mentions.push(Mention {
                        line: token.line,
                        module: module.clone(),
                        raw,
                        dotted,
                        called: code.get(end).is_some_and(|t| t.is('(')),
                        imported: false,
                    });
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        walk
    }

    /// Read the `use` tree at `at`, below `prefix`; where it ends is the answer.
    fn use_tree(&mut self, code: &[Token], mut at: usize, module: &[String], prefix: &[String]) -> usize {
        let line = code.get(at).map_or(0, |t| t.line);
        let mut raw = prefix.to_vec();
        if code.get(at).is_some_and(|t| t.kind == Kind::Sep) {
            raw.push(String::new());
            at += 1;
        }
        let (end, words) = path_at(code, at);
        raw.extend(words);
        at = end;
        if code.get(at).is_some_and(|t| t.kind == Kind::Sep) {
            at += 1;
        }
        match code.get(at).map(|t| &t.kind) {
            Some(Kind::Mark('{')) => {
                at += 1;
                while at < code.len() && !code[at].is('}') {
                    let before = at;
                    at = self.use_tree(code, at, module, &raw);
                    if at == before || code.get(at).is_some_and(|t| t.is(',')) {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(Kind::Mark('*')) => {
                self.import(module, None, &raw);
                raw.push("*".to_owned());
                self.mention(line, module, raw);
                return at + 1;
            }
            _ => {}
        }
        if raw.len() > 1 && raw.last().is_some_and(|last| last == "self") {
            raw.pop();
        }
        let mut name = raw.last().cloned();
        if code.get(at).is_some_and(|t| t.is_word("as")) {
            name = code.get(at + 1).and_then(Token::word).map(str::to_owned);
            at += 2;
        }
        if raw.is_empty() {
            return at;
        }
        self.import(module, name, &raw);
        self.mention(line, module, raw);
        at
    }

    fn import(&mut self, module: &[String], name: Option<String>, raw: &[String]) {
        let public = self.public;
        self.imports.push(Import { module: module.to_vec(), name, raw: raw.to_vec(), public });
    }

    fn mention(&mut self, line: usize, module: &[String], raw: Route) {
        self.mentions.push(Mention {
            line,
            module: module.to_vec(),
            raw,
            dotted: false,
            called: false,
            imported: true,
        });
    }

    /// `type Name = path;` renames like an import.
    fn type_alias(&mut self, code: &[Token], at: usize, module: &[String]) {
        let Some(name) = code.get(at + 1).and_then(Token::word) else { return };
        if code.get(at + 2).is_some_and(|t| t.is('=')) {
            let (end, raw) = path_at(code, at + 3);
            if end > at + 3 {
                self.import(module, Some(name.to_owned()), &raw);
            }
        }
    }
}

/// The words joined by `::` from `at` on, and where they end.
fn path_at(code: &[Token], mut at: usize) -> (usize, Route) {
    let mut words = Route::new();
    while let Some(word) = code.get(at).and_then(Token::word) {
        words.push(word.to_owned());
        at += 1;
        if code.get(at).is_some_and(|t| t.kind == Kind::Sep)
            && code.get(at + 1).is_some_and(|t| t.word().is_some())
        {
            at += 1;
        } else {
            break;
        }
    }
    (at, words)
}
