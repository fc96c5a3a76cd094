//! A file of recorded requests, read. `README.md` beside this file says how.

use std::collections::BTreeMap;
use std::path::Path;

/// Headers by the name of their set.
pub(crate) type Sets = BTreeMap<String, Vec<(String, String)>>;

/// One line after the other of a file.
pub(crate) enum Step {
    /// The clock and the random byte from now on.
    Fixed { ms: i64, fill: u8 },
    /// A command of the tool, on the store.
    Tool(Vec<String>),
    /// A request and what must come back.
    Exchange(Exchange),
}

pub(crate) struct Exchange {
    /// Where it stands, and what it is about.
    pub(crate) name: String,
    pub(crate) request: Request,
    pub(crate) wanted: Wanted,
}

#[derive(Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) status: u16,
    /// All of them; `*` in a value stands for anything.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    pub(crate) contains: Vec<String>,
    pub(crate) lacks: Vec<String>,
}

/// The moment that `at 0` means: 2026-11-21 21:25:29.728 UTC, `01a200000000` in a token.
pub(crate) const START_MS: i64 = 0x01a2_0000_0000;

pub(crate) fn read(path: &Path, sets: &Sets) -> Vec<Step> {
    let text = std::fs::read_to_string(path).unwrap();
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut reader = Reader { sets, file, names: BTreeMap::new(), steps: Vec::new() };
    for (index, line) in text.lines().enumerate() {
        reader.line(index + 1, line);
    }
    reader.steps
}

/// The sets of headers that requests and answers name.
pub(crate) fn sets(path: &Path) -> Sets {
    let mut sets = Sets::new();
    let mut name = String::new();
    for line in std::fs::read_to_string(path).unwrap().lines().filter(|line| says_something(line)) {
        match line.strip_prefix('@') {
            Some(next) => name = next.to_owned(),
            None => sets.entry(name.clone()).or_default().push(header(line.trim())),
        }
    }
    sets
}

struct Reader<'a> {
    sets: &'a Sets,
    file: String,
    names: BTreeMap<String, String>,
    steps: Vec<Step>,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, line: &str) {
        if !says_something(line) {
            return;
        }
        let line = self.replaced(line);
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "let" => {
                let (name, value) = rest.split_once(' ').unwrap();
                self.names.insert(name.to_owned(), value.to_owned());
            }
            "at" => {
                let (seconds, fill) = rest.split_once(" fill ").unwrap();
                let ms = START_MS + seconds.parse::<i64>().unwrap() * 1000;
                let fill = u8::from_str_radix(fill, 16).unwrap();
                self.steps.push(Step::Fixed { ms, fill });
            }
            "$" => self.steps.push(Step::Tool(words(rest))),
            "=" => self.steps.push(Step::Exchange(Exchange {
                name: format!("{}:{number}: {rest}", self.file),
                request: Request::default(),
                wanted: Wanted::default(),
            })),
            _ => {
                let sets = self.sets;
                let Some(Step::Exchange(exchange)) = self.steps.last_mut() else {
                    panic!("{number}: {line}")
                };
                exchange.line(word, rest, sets).unwrap_or_else(|| panic!("{}:{number}: {line}", self.file));
            }
        }
    }

    /// `$NAME` becomes its value, `{TEXT*N}` the text N times.
    fn replaced(&self, line: &str) -> String {
        let mut line = line.to_owned();
        // The longest first, so that a name may begin with another.
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in names {
            line = line.replace(&format!("${name}"), value);
        }
        while let Some((before, text, times, after)) = repeat(&line) {
            line = format!("{before}{}{after}", text.repeat(times));
        }
        line
    }
}

impl Exchange {
    fn line(&mut self, word: &str, rest: &str, sets: &Sets) -> Option<()> {
        let (request, wanted) = (&mut self.request, &mut self.wanted);
        match word {
            ">" if request.method.is_empty() => {
                let (method, target) = rest.split_once(' ')?;
                (request.method, request.target) = (method.to_owned(), target.to_owned());
            }
            ">" => add(&mut request.headers, rest, sets)?,
            ">|" => {
                // One line is sent as it stands; more are parted as the forms of browsers part them.
                let parted = if request.body.is_empty() { "" } else { "\r\n" };
                request.body += &format!("{parted}{rest}");
            }
            "<" if wanted.status == 0 => wanted.status = rest.parse().ok()?,
            "<" => add(&mut wanted.headers, rest, sets)?,
            "<|" => {
                let before = wanted.body.take().map(|body| body + "\n").unwrap_or_default();
                wanted.body = Some(before + rest);
            }
            "<+" => wanted.contains.push(rest.to_owned()),
            "<-" => wanted.lacks.push(rest.to_owned()),
            _ => return None,
        }
        Some(())
    }
}

fn says_something(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

fn add(headers: &mut Vec<(String, String)>, line: &str, sets: &Sets) -> Option<()> {
    match line.strip_prefix('@') {
        Some(name) => headers.extend(sets.get(name)?.iter().cloned()),
        None => headers.push(header(line)),
    }
    Some(())
}

fn header(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap();
    (name.to_ascii_lowercase(), value.trim().to_owned())
}

/// Words as a shell would part them, with single quotes only.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The first `{TEXT*N}`; the braces of JSON hold no such thing.
fn repeat(line: &str) -> Option<(&str, &str, usize, &str)> {
    line.match_indices('}').find_map(|(end, _)| {
        let (before, inside) = line[..end].rsplit_once('{')?;
        let (text, times) = inside.rsplit_once('*')?;
        Some((before, text, times.parse().ok()?, &line[end + 1..]))
    })
}
