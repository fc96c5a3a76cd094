//! What a program notes while it acts on a store: what it begins, and what it was answered.

/// Where it notes this. A note is there, and behind all notes before it, when the call returns.
pub(crate) struct Notes(Box<dyn Fn(&str) + Send + Sync>);

impl Notes {
    pub(crate) fn by(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Notes(Box::new(write))
    }

    /// An act begins that brings the thing to this rung.
    pub(crate) fn begin(&self, rung: u32, kind: &str, name: &str) {
        self.0(&format!("begin {rung} {kind} {name}"));
    }

    /// It was answered that the thing stands there.
    pub(crate) fn done(&self, rung: u32, kind: &str, name: &str) {
        self.0(&format!("done {rung} {kind} {name}"));
    }

    /// Do an act between both.
    pub(crate) fn act<T>(&self, rung: u32, kind: &str, name: &str, act: impl FnOnce() -> T) -> T {
        self.begin(rung, kind, name);
        let answer = act();
        self.done(rung, kind, name);
        answer
    }
}

/// A note, taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note<'a> {
    pub(crate) done: bool,
    pub(crate) rung: u32,
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Note<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let [what, rung, kind, name] = text.splitn(4, ' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
        Note { done: what == "done", rung: rung.parse().unwrap(), kind, name }
    }
}
