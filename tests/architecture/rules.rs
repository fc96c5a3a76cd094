//! The rules of the design's section on parts, each a function from the source tree to what breaks it. What
//! is data stands in `house`.

use std::fmt;

use crate::house::{self, Part, within};
use crate::scan::{Kind, Token};
use crate::sql;
use crate::tree::{Named, Source, Tree};

/// A place that breaks a rule.
pub(crate) struct Violation {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.what)
    }
}

pub(crate) type Rule = fn(&Tree) -> Vec<Violation>;

/// What a check of each file reports.
pub(crate) fn each(
    tree: &Tree,
    mut check: impl FnMut(&Source, &mut dyn FnMut(usize, String)),
) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in &tree.sources {
        check(source, &mut |line, what| found.push(Violation { file: source.file.clone(), line, what }));
    }
    found
}

fn part(source: &Source) -> Option<Part> {
    house::part(&source.module)
}

/// Whether `path` is `prefix`, lies below it, or is a glob that takes it in.
fn under(path: &[String], prefix: &str) -> bool {
    let prefix: Vec<&str> = prefix.split("::").collect();
    let same = |n: usize| path.iter().zip(&prefix).take(n).all(|(a, b)| a == b);
    let glob = path.last().is_some_and(|last| last == "*") && path.len() <= prefix.len();
    (path.len() >= prefix.len() && same(prefix.len())) || (glob && same(path.len() - 1))
}

/// The crate that a reading leads to, when it is one path and not just a local name.
fn foreign<'a>(named: &Named, reading: &'a [String]) -> Option<&'a str> {
    let first = reading.first()?.as_str();
    let known = !matches!(first, "crate" | "?" | "") && (reading.len() > 1 || named.imported);
    known.then_some(first)
}

/// Every module belongs to a part, so that none escapes the rules.
pub(crate) fn every_module_has_a_part(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        if part(source).is_none() {
            report(1, "belongs to no part: name it in tests/architecture/house.rs".into());
        }
    })
}

/// The code that the scan reads is the code that is compiled.
pub(crate) fn no_source_is_hidden(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        for (at, token) in source.all.iter().enumerate() {
            let next = |ahead: usize, mark: char| source.all.get(at + ahead).is_some_and(|t| t.is(mark));
            if token.is_word("include") && next(1, '!') {
                report(token.line, "`include!` hides code from this scan".into());
            }
            if token.is_word("path") && next(1, '=') && at > 0 && source.all[at - 1].is('[') {
                report(token.line, "`#[path]` hides a file's place from this scan".into());
            }
        }
    })
}

/// Each part names only the parts that it may know.
pub(crate) fn parts_know_only_whom_they_may(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        let Some(own) = part(source) else { return };
        let may = house::MAY_NAME.iter().find(|(part, _)| *part == own).map_or(&[][..], |(_, may)| may);
        for named in &source.named {
            for reading in &named.readings {
                let Some((first, path)) = reading.split_first() else { continue };
                if first != "crate" || path.is_empty() {
                    continue;
                }
                let whole = path.len() == 1 && path[0] == "*" && own != Part::Root;
                let target = house::part(path);
                if whole || target.is_some_and(|target| target != own && !may.contains(&target)) {
                    let known = target.map_or("everything".to_owned(), |target| format!("{target:?}"));
                    report(named.line, format!("{own:?} names {known}: {}", reading.join("::")));
                    break;
                }
            }
        }
    })
}

/// Domain modules know std (not its files, sockets, processes) and hash, time and secret crates.
pub(crate) fn the_domain_is_pure(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        if part(source) != Some(Part::Domain) {
            return;
        }
        for named in &source.named {
            for reading in &named.readings {
                let Some(root) = foreign(named, reading) else { continue };
                let outside = tree.crates.iter().any(|known| known == root) || house::OUTSIDE.contains(&root);
                if outside && !house::DOMAIN_CRATES.contains(&root) {
                    report(named.line, format!("the domain names the crate {root}"));
                }
                if let Some(banned) = house::DOMAIN_NOT_STD.iter().find(|banned| under(reading, banned)) {
                    report(named.line, format!("the domain names {banned}"));
                }
            }
        }
    })
}

/// Use cases name no driver and no libc either; only `store::open` names backends, only backends their
/// driver.
pub(crate) fn only_store_open_names_backends(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        let own = part(source);
        for named in source.named.iter().filter(|named| !named.dotted) {
            for (driver, may) in house::DRIVERS {
                let is_path = named.raw.len() > 1 || named.imported;
                let written = is_path && named.raw.iter().any(|segment| segment == driver);
                let meant = named.readings.iter().any(|reading| {
                    foreign(named, reading) == Some(*driver)
                        || (reading.len() > 1 && reading.iter().any(|segment| segment == driver))
                });
                if (written || meant) && !own.is_some_and(|own| may.contains(&own)) {
                    report(
                        named.line,
                        format!("names the backend or driver {driver}: {}", named.raw.join("::")),
                    );
                    break;
                }
            }
            let libc = named.readings.iter().any(|reading| foreign(named, reading) == Some("libc"));
            if libc && own == Some(Part::UseCases) {
                report(named.line, "the use cases name libc".into());
            }
        }
    })
}

/// Only the use cases read the clock or draw randomness; the exemptions are `house::SOURCES`.
pub(crate) fn only_use_cases_read_time_and_randomness(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        let allowed = |wanted: house::Source| {
            house::SOURCES
                .iter()
                .any(|(place, sources, _)| within(&source.module, place) && sources.contains(&wanted))
        };
        for named in &source.named {
            if let Some(wanted) = source_of(named)
                && !allowed(wanted)
            {
                report(named.line, format!("{wanted:?} is read: {}", named.raw.join("::")));
            }
        }
        for token in &source.code {
            if let Some(text) = token.text()
                && sql::looks_like_sql(text)
                && sql::reads_time_or_randomness(text)
            {
                report(token.line, "SQL asks the database for time or randomness".into());
            }
        }
    })
}

fn source_of(named: &Named) -> Option<house::Source> {
    use house::Source::{Clock, Instant, Random, SystemTime};
    if named.dotted {
        return match named.raw.first()?.as_str() {
            "now" if named.called => Some(Clock),
            "elapsed" if named.called => Some(Instant),
            _ => None,
        };
    }
    for reading in named.readings.iter().chain([&named.raw]) {
        let last = reading.last()?.as_str();
        let before = reading.len().checked_sub(2).map_or("", |at| reading[at].as_str());
        let found = match (before, last) {
            ("Instant", "now") => Some(Instant),
            ("SystemTime" | "UtcDateTime" | "OffsetDateTime", "now") => Some(SystemTime),
            ("libc", "time" | "gettimeofday" | "clock_gettime" | "ftime") => Some(SystemTime),
            ("libc", "getrandom" | "getentropy" | "rand" | "random" | "arc4random") => Some(Random),
            ("Clock" | "SystemClock" | "ManualClock", "now") => Some(Clock),
            (_, "now_utc" | "now_local" | "UNIX_EPOCH") => Some(SystemTime),
            (_, "SysRng" | "OsRng" | "ThreadRng" | "RandomState") => Some(Random),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        if reading.iter().any(|segment| segment == "SystemClock") {
            return Some(Clock);
        }
        if matches!(foreign(named, reading), Some("getrandom" | "rand" | "fastrand")) {
            return Some(Random);
        }
    }
    None
}

/// SQL text stands only in backends.
pub(crate) fn sql_stands_only_in_backends(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        if matches!(part(source), Some(Part::Sqlite | Part::Mysql)) {
            return;
        }
        for token in &source.code {
            if let Some(text) = token.text()
                && sql::looks_like_sql(text)
            {
                report(token.line, format!("SQL: {text:.60}"));
            }
        }
    })
}

/// `unsafe` stands in `sys` and `ffi` alone, in tests too.
pub(crate) fn unsafe_stands_only_in_sys_and_ffi(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        if matches!(part(source), Some(Part::Sys | Part::Ffi)) {
            return;
        }
        for token in source.all.iter().filter(|token| token.is_word("unsafe")) {
            report(token.line, "`unsafe`".into());
        }
    })
}

/// Nobody opens files, since closing any descriptor of the database would drop SQLite's locks on it.
pub(crate) fn nobody_opens_files(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        if house::FILE_OPENERS.iter().any(|(place, _)| within(&source.module, place)) {
            return;
        }
        for named in source.named.iter().filter(|named| !named.dotted) {
            let known = |reading: &&Vec<String>| reading.first().is_some_and(|first| first == "crate");
            let opens = if named.readings.iter().any(|reading| known(&reading)) && named.readings.len() == 1 {
                false
            } else {
                named.readings.iter().any(|reading| opens_files(reading)) || opens_by_name(&named.raw)
            };
            if opens {
                report(named.line, format!("opens files: {}", named.raw.join("::")));
            }
        }
    })
}

fn opens_files(reading: &[String]) -> bool {
    let harmless = |name: &str| house::HARMLESS_FS.contains(&name);
    let last = reading.last().map_or("", String::as_str);
    let in_fs = reading.len() > 2 && reading[0] == "std" && reading[1] == "fs" && !harmless(&reading[2]);
    let all_of_std = reading.len() == 2 && reading[0] == "std" && last == "*";
    let by_libc = reading.len() == 2
        && reading[0] == "libc"
        && ["open", "openat", "open64", "creat", "fopen", "*"].contains(&last);
    let by_trait = reading.len() > 3
        && reading[1] == "os"
        && (["FileExt", "OpenOptionsExt"].contains(&last) || reading.iter().any(|part| part == "fd"));
    in_fs || all_of_std || by_libc || by_trait
}

/// `fs::read`, `File::open`, wherever the name came from.
fn opens_by_name(raw: &[String]) -> bool {
    raw.windows(2).any(|pair| match pair[0].as_str() {
        "fs" => !house::HARMLESS_FS.contains(&pair[1].as_str()) && pair[1] != "self",
        "File" | "OpenOptions" => true,
        _ => false,
    })
}

/// No connection ever runs `synchronous=OFF`, in tests neither.
pub(crate) fn syncing_is_never_off(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        let value = |token: &Token| match &token.kind {
            Kind::Text(text) | Kind::Number(text) => Some(text.clone()),
            Kind::Word(word) if word == "false" => Some(word.clone()),
            _ => None,
        };
        let mut values: Vec<Option<String>> = Vec::new();
        for token in &source.all {
            match token.kind {
                Kind::Mark(';' | '{' | '}') => values.push(None),
                _ => values.extend(value(token).map(Some)),
            }
        }
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        if sql::switches_sync_off(&values) {
            let line = source.all.iter().find(|token| {
                token.text().is_some_and(|text| text.to_ascii_lowercase().contains("synchronous"))
            });
            report(line.map_or(1, |token| token.line), "can switch syncing off".into());
        }
    })
}

/// No file is longer than can be held in the head.
pub(crate) fn no_file_is_too_long(tree: &Tree) -> Vec<Violation> {
    each(tree, |source, report| {
        let long = house::LONG.iter().any(|(place, _)| within(&source.module, place));
        if source.lines > house::LINES && !long {
            report(source.lines, format!("more than {} lines: it has two nouns in it", house::LINES));
        }
    })
}
