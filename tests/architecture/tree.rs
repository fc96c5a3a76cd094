//! The source tree as the rules see it: every file with its module path, every path that its code names, and
//! what each path leads to through imports, renames, globs and re-exports. As good as a scan of tokens can
//! be, and where it can't know, it offers every reading that it found. It must not know any rule.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::scan::{self, Token};
use crate::walk::{Mention, Walk};

/// A module path or item path. Own paths start with `crate`, others with the name of their crate, unknown
/// ones with `?`.
pub(crate) type Route = Vec<String>;

/// One file under `src`.
pub(crate) struct Source {
    /// Below `src`, with `/`.
    pub(crate) file: String,
    /// Lines in the file.
    pub(crate) lines: usize,
    /// Without the leading `crate`; files of the tool start with `cli`.
    pub(crate) module: Route,
    /// Every token.
    pub(crate) all: Vec<Token>,
    /// The tokens that ship.
    pub(crate) code: Vec<Token>,
    /// The paths that the shipped code names.
    pub(crate) named: Vec<Named>,
}

/// A path that some code names.
pub(crate) struct Named {
    pub(crate) line: usize,
    /// As written, `use` trees taken apart; a leading `::` is an empty first part, a glob a last part `*`.
    pub(crate) raw: Route,
    /// Every reading of it.
    pub(crate) readings: Vec<Route>,
    /// It stands behind a dot: a field or method.
    pub(crate) dotted: bool,
    /// A `(` follows.
    pub(crate) called: bool,
    /// It stands in a `use`.
    pub(crate) imported: bool,
}

/// All of `src`.
pub(crate) struct Tree {
    pub(crate) sources: Vec<Source>,
    /// The crates that the manifest brings, as code names them.
    pub(crate) crates: Vec<String>,
}

impl Tree {
    /// Read the crate's own `src`.
    pub(crate) fn read(src: &Path, crates: Vec<String>) -> Tree {
        let mut files = Vec::new();
        collect(src, src, &mut files);
        assert!(files.len() > 1, "no sources found");
        Tree { crates, ..Tree::new(files) }
    }

    /// From pairs of a path below `src` and a text.
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        Tree::new(files.iter().map(|&(file, text)| (file.to_owned(), text.to_owned())).collect())
    }

    fn new(mut files: Vec<(String, String)>) -> Tree {
        files.sort();
        let mut tests = Vec::new();
        let mut sources: Vec<Source> = Vec::new();
        for (file, text) in files {
            let module = module_of(&file);
            let all = scan::tokens(&text);
            let mut elsewhere = Vec::new();
            let code = scan::without_tests(&all, &mut elsewhere);
            for name in elsewhere {
                tests.push([module.as_slice(), &[name]].concat());
            }
            sources.push(Source { file, lines: text.lines().count(), module, all, code, named: Vec::new() });
        }
        for source in &mut sources {
            if tests.iter().any(|test| source.module.starts_with(test)) {
                source.code.clear();
            }
        }
        let mut map = Map::default();
        let walks: Vec<_> = sources.iter().map(|source| Walk::over(&source.code, &source.module)).collect();
        for (source, walk) in sources.iter().zip(&walks) {
            map.add(&source.module, walk);
        }
        for (source, walk) in sources.iter_mut().zip(walks) {
            source.named = walk.mentions.into_iter().map(|mention| map.name(mention)).collect();
        }
        Tree { sources, crates: Vec::new() }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            files.push((below, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// `store/sqlite/mod.rs` is `store::sqlite`, `lib.rs` the root, `cli/main.rs` is `cli`.
fn module_of(file: &str) -> Route {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let mut module: Route = stem.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// What every name in every module stands for.
#[derive(Default)]
struct Map {
    modules: HashSet<Route>,
    imports: HashMap<(Route, String), Vec<Route>>,
    globs: HashMap<Route, Vec<(Route, bool)>>,
}

impl Map {
    fn add(&mut self, module: &[String], walk: &Walk) {
        for end in 1..=module.len() {
            self.modules.insert(module[..end].to_vec());
        }
        self.modules.extend(walk.declared.iter().cloned());
        for import in &walk.imports {
            match &import.name {
                Some(name) => self
                    .imports
                    .entry((import.module.clone(), name.clone()))
                    .or_default()
                    .push(import.raw.clone()),
                None => self
                    .globs
                    .entry(import.module.clone())
                    .or_default()
                    .push((import.raw.clone(), import.public)),
            }
        }
    }

    fn name(&self, mention: Mention) -> Named {
        let Mention { line, module, raw, dotted, called, imported } = mention;
        let mut readings = Vec::new();
        if !dotted {
            self.read(&module, &raw, 12, &mut readings);
        }
        Named { line, raw, readings, dotted, called, imported }
    }

    /// Collect every reading of `raw` as written in `module`.
    fn read(&self, module: &[String], raw: &[String], budget: u8, readings: &mut Vec<Route>) {
        let Some((first, rest)) = raw.split_first() else { return };
        if budget == 0 {
            return;
        }
        let tool = module.first().is_some_and(|root| root == "cli");
        let root: &[String] = if tool { &module[..1] } else { &[] };
        match first.as_str() {
            "crate" => self.own(&join(root, rest), budget, readings),
            "self" => self.own(&join(module, rest), budget, readings),
            "super" => {
                let up = raw.iter().take_while(|part| *part == "super").count();
                let above = &module[..module.len().saturating_sub(up)];
                self.own(&join(above, &raw[up..]), budget, readings);
            }
            "" => self.foreign(tool, rest, budget, readings),
            "?" => push(readings, raw.to_vec()),
            _ => {
                let mut known = self.below(module, raw, budget, readings);
                for (glob, _) in self.globs.get(module).into_iter().flatten() {
                    let mut targets = Vec::new();
                    self.read(module, glob, budget / 2, &mut targets);
                    for target in targets {
                        match target.split_first() {
                            Some((own, above)) if own == "crate" => {
                                known |= self.below(above, raw, budget - 1, readings);
                            }
                            Some((root, _)) if root != "?" => push(readings, join(&target, raw)),
                            _ => {}
                        }
                    }
                }
                if !known {
                    self.foreign(tool, raw, budget, readings);
                }
            }
        }
    }

    /// `raw` looked up among the imports and children of `module`. Whether anything was found.
    fn below(&self, module: &[String], raw: &[String], budget: u8, readings: &mut Vec<Route>) -> bool {
        let (first, rest) = (&raw[0], &raw[1..]);
        let mut known = false;
        for target in self.imports.get(&(module.to_vec(), first.clone())).into_iter().flatten() {
            // `use rusqlite as rusqlite` names a crate, not itself.
            if target.first() == Some(first) {
                let tool = module.first().is_some_and(|root| root == "cli");
                self.foreign(tool, &join(target, rest), budget, readings);
            } else {
                self.read(module, &join(target, rest), budget - 1, readings);
            }
            known = true;
        }
        let child = join(module, std::slice::from_ref(first));
        if self.modules.contains(&child) && !rest.is_empty() {
            self.own(&join(&child, rest), budget, readings);
            known = true;
        }
        known
    }

    /// A path of our own crate, from its root: itself, and what the imports on its way make of it.
    fn own(&self, path: &[String], budget: u8, readings: &mut Vec<Route>) {
        push(readings, join(&["crate".to_owned()], path));
        for end in 0..path.len() {
            let (module, name) = (&path[..end], &path[end]);
            let key = (module.to_vec(), name.clone());
            for target in self.imports.get(&key).into_iter().flatten() {
                if budget > 1 && target.first() != Some(name) {
                    self.read(module, &join(target, &path[end + 1..]), budget - 1, readings);
                }
            }
            if self.modules.contains(&path[..=end]) {
                continue;
            }
            for (glob, public) in self.globs.get(module).into_iter().flatten() {
                if *public && budget > 4 {
                    self.read(module, &join(glob, &path[end..]), budget / 2, readings);
                }
            }
        }
    }

    /// A path that starts with a crate's name. In the tool, `gatepass` is our own library.
    fn foreign(&self, tool: bool, path: &[String], budget: u8, readings: &mut Vec<Route>) {
        match path.split_first() {
            Some((first, rest)) if tool && first == "gatepass" => self.own(rest, budget - 1, readings),
            _ => push(readings, path.to_vec()),
        }
    }
}

fn join(above: &[String], below: &[String]) -> Route {
    [above, below].concat()
}

fn push(readings: &mut Vec<Route>, route: Route) {
    if !readings.contains(&route) {
        readings.push(route);
    }
}

#[test]
fn paths_are_followed_through_every_way_to_write_them() {
    let leads = |files: &[(&str, &str)], to: &str| {
        let tree = Tree::of(files);
        let all = tree.sources.iter().flat_map(|source| &source.named);
        all.flat_map(|named| &named.readings).any(|reading| reading.join("::") == to)
    };
    let backend = "crate::store::sqlite::open";
    for text in [
        "fn f() { crate :: store :: sqlite :: open() }",
        "use crate::{store::{sqlite::{open}, other}, id};",
        "use crate::store::sqlite::{self as s}; fn f() { s::open() }",
        "use crate::store; fn f() { store::sqlite::open() }",
        "use super::store as st; fn f() { st::sqlite::open() }",
        "use crate::store::*; fn f() { sqlite::open() }",
        "mod inner { fn f() { super::super::store::sqlite::open() } }",
        "type S = crate::store::sqlite; fn f() { S::open() }",
        "macro_rules! m { () => { $crate::store::sqlite::open() } }",
        "fn f() { call(<crate::store::sqlite>::open()) }",
        "use crate::shortcut; fn f() { shortcut::open() }",
        "#[cfg(any(test, unix))] mod t { use crate::r#store::sqlite as q; fn f() { q::open() } }",
    ] {
        let files = [
            ("lib.rs", "mod gatepass; mod store; pub(crate) use store::sqlite as shortcut;"),
            ("gatepass/mod.rs", text),
            ("store/mod.rs", "mod sqlite;"),
            ("store/sqlite/mod.rs", "pub fn open() {}"),
        ];
        assert!(leads(&files, backend), "{text}");
    }
    assert!(leads(
        &[("a.rs", "use rusqlite as x; fn f() { x::Connection::open() }")],
        "rusqlite::Connection::open"
    ));
    assert!(leads(&[("a.rs", "extern crate rusqlite as x; fn f() { x::y() }")], "rusqlite::y"));
    assert!(leads(&[("a.rs", "use ::std::fs::{self, File}; fn f() { fs::read() }")], "std::fs::read"));
    assert!(leads(&[("a.rs", "fn f() { ::libc::open() }")], "libc::open"));
    let tool = [
        ("cli/main.rs", "mod x;"),
        ("cli/x.rs", "use gatepass::store; fn f() { store::sqlite::open(crate::x::y) }"),
    ];
    assert!(leads(&tool, backend) && leads(&tool, "crate::cli::x::y"));
    assert!(!leads(&[("a.rs", "fn f(x: X) { x.libc; } // libc::open")], "libc"));
    assert!(!leads(&[("lib.rs", "#[cfg(test)] mod t;"), ("t.rs", "use libc::open;")], "libc::open"));
}
