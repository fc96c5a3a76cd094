//! The interpreter: what a call is given, and what is demanded of its answer.

use std::ffi::{CStr, CString, c_char, c_void};

use super::super::planted;
use super::super::stage::{KEY, Stage};
use super::asking::{ask, find, integer, message};
use super::functions::{FUNCTIONS, Function};
use super::values::{Argument, Kind, Parameter, Value};
use super::words::WORDS;

/// The most calls of an input.
const CALLS: usize = 64;

/// An object that a call gave.
struct Object {
    handle: usize,
    kind: Kind,
    live: bool,
}

/// A text that was lent, and whose it is.
struct Lent {
    pointer: *const c_char,
    text: CString,
    owner: usize,
}

/// What was drawn for one call.
#[derive(Default)]
struct Drawn {
    arguments: Vec<Argument>,
    /// The texts, of exactly their length; some are not read.
    texts: Vec<Box<[u8]>>,
    /// The length of the last one, as it will be told.
    length: usize,
    /// The first handle.
    owner: Option<usize>,
    /// A handle is none, or of another kind.
    wrong_handle: bool,
    out: Option<Kind>,
    out_is_null: bool,
}

pub struct Machine<'a> {
    stage: &'a Stage,
    input: &'a [u8],
    objects: Vec<Object>,
    lent: Vec<Lent>,
    /// Texts that came out, to be given back.
    told: Vec<Vec<u8>>,
    /// The code of the last call that had one.
    last: i32,
}

/// The classes of codes.
const MISUSE: i32 = 1;
const PANIC: i32 = 4002;
const INTERNAL_CLASS: i32 = 4;

impl<'a> Machine<'a> {
    pub fn new(stage: &'a Stage, input: &'a [u8]) -> Self {
        Machine { stage, input, objects: Vec::new(), lent: Vec::new(), told: Vec::new(), last: 0 }
    }

    /// Make what nearly every call needs, do what the input says, and clear up. An open store costs the most,
    /// so that it is handed on to the next input.
    pub fn run(mut self, store: Option<usize>) -> Option<usize> {
        match store {
            Some(handle) => self.objects.push(Object { handle, kind: Kind::Store, live: true }),
            None => {
                let path = self.stage.place.store.to_str().unwrap().to_owned();
                self.make("gatepass_store_open", &[path.as_bytes()], &[0]);
            }
        }
        let store = self.objects[0].handle;
        self.make("gatepass_caller_host", &[b"cli"], &[store]);
        self.make("gatepass_request_new", &[], &[]);
        for _ in 0..CALLS {
            let Some(chosen) = self.byte() else { break };
            let function = &FUNCTIONS[usize::from(chosen) % FUNCTIONS.len()];
            if let Some(drawn) = self.draw(function) {
                self.call(function, drawn);
            }
        }
        let still_open = self.objects[0].live;
        self.clear_up(still_open);
        still_open.then_some(store)
    }

    /// Call a function that makes an object of texts and handles.
    fn make(&mut self, name: &str, texts: &[&[u8]], handles: &[usize]) {
        let function = find(name);
        let mut drawn = Drawn::default();
        let (mut texts, mut handles) = (texts.iter(), handles.iter());
        for parameter in function.parameters {
            match parameter {
                Parameter::Text | Parameter::Path => drawn.give_text(texts.next().unwrap()),
                Parameter::Length => drawn.arguments.push(Argument::Size(drawn.length)),
                Parameter::Out(kind) => drawn.out = Some(*kind),
                _ => drawn.arguments.push(Argument::Handle(*handles.next().unwrap())),
            }
        }
        assert_eq!(self.call(function, drawn), 0, "{name}");
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.input.split_first()?;
        self.input = rest;
        Some(*first)
    }

    /// What the input gives to a function; `None` when it ends before, or says what no test may do.
    fn draw(&mut self, function: &Function) -> Option<Drawn> {
        let mut drawn = Drawn::default();
        for parameter in function.parameters {
            match *parameter {
                Parameter::Handle(kind) => {
                    let handle = self.draw_handle(kind)?;
                    drawn.wrong_handle |= !self.is_live(handle, |it| it == kind);
                    drawn.give_handle(handle);
                }
                Parameter::Optional(kind) => {
                    let handle = self.draw_handle(kind)?;
                    drawn.wrong_handle |= handle != 0 && !self.is_live(handle, |it| it == kind);
                    drawn.give_handle(handle);
                }
                Parameter::Any => {
                    let at = usize::from(self.byte()?);
                    let kind = self.objects.get(at % self.objects.len().max(1)).map(|it| it.kind);
                    let handle = self.draw_handle(kind.unwrap_or(Kind::Request))?;
                    drawn.wrong_handle = handle != 0 && !self.is_live(handle, |it| it != Kind::Store);
                    drawn.give_handle(handle);
                }
                Parameter::Text => self.draw_text(&mut drawn)?,
                Parameter::Path => {
                    let path = self.draw_path()?;
                    drawn.give_text(&path);
                }
                Parameter::Length => drawn.arguments.push(Argument::Size(drawn.length)),
                Parameter::Index => drawn.arguments.push(Argument::Size(self.draw_number()? as usize)),
                Parameter::Number => drawn.arguments.push(Argument::Number(self.draw_number()?)),
                Parameter::Int => drawn.arguments.push(Argument::Int(self.draw_number()? as i32)),
                Parameter::Out(kind) => {
                    drawn.out = Some(kind);
                    drawn.out_is_null = self.byte()? == 255;
                }
            }
        }
        // These name files in their parameters; the target `call` has them in a folder of its own.
        let with_files: [&[u8]; 3] = [b"store.backup", b"store.restore", b"seal.rotate"];
        let forbidden = function.name == "gatepass_call"
            && drawn.texts.iter().any(|text| with_files.contains(&&text[..]));
        (!forbidden).then_some(drawn)
    }

    fn is_live(&self, handle: usize, kind: impl Fn(Kind) -> bool) -> bool {
        self.objects.iter().any(|it| it.live && it.handle == handle && kind(it.kind))
    }

    fn draw_handle(&mut self, kind: Kind) -> Option<usize> {
        let chosen = self.byte()?;
        let at = if (215..250).contains(&chosen) { self.byte()? } else { chosen };
        let among = |objects: &[Object], fits: &dyn Fn(&Object) -> bool, at: usize| {
            let all: Vec<usize> = objects.iter().filter(|it| fits(it)).map(|it| it.handle).collect();
            if all.is_empty() { 0 } else { all[all.len() - 1 - at % all.len()] }
        };
        Some(match chosen {
            0..200 => among(&self.objects, &|it| it.live && it.kind == kind, usize::from(at)),
            200..215 => 0,
            215..230 => among(&self.objects, &|_| true, usize::from(at)),
            230..245 => among(&self.objects, &|it| !it.live, usize::from(at)),
            245..250 => among(&self.objects, &|_| true, 0) ^ (1 << (at % 64)),
            _ => self.draw_number()? as usize,
        })
    }

    fn draw_number(&mut self) -> Option<i64> {
        Some(match self.byte()? {
            small @ 0..100 => i64::from(small),
            byte @ 100..200 => i64::from(byte) * 1_000,
            200 => i64::MAX,
            201 => i64::MIN,
            202 => -1,
            203 => i64::from(i32::MAX),
            204 => i64::from(i32::MIN),
            205 => 1 << 32,
            _ => {
                let mut number = [0; 8];
                for byte in &mut number {
                    *byte = self.byte()?;
                }
                i64::from_le_bytes(number)
            }
        })
    }

    fn draw_text(&mut self, drawn: &mut Drawn) -> Option<()> {
        let chosen = self.byte()?;
        match chosen {
            0 => drawn.give(std::ptr::null(), 0),
            1 => drawn.give(std::ptr::null(), 5),
            // The empty text. Nobody may read it, wherever it is.
            2 => drawn.give(std::ptr::without_provenance(1), 0),
            3 => drawn.give_length(b"short", usize::MAX),
            4 => drawn.give_length(b"short", (16 << 20) + 1),
            5 => drawn.give_length(b"short", isize::MAX as usize),
            6..60 => {
                let at = usize::from(chosen - 6);
                let text = self.told.iter().rev().nth(at % self.told.len().max(1)).cloned();
                drawn.give_text(&text.unwrap_or_default());
            }
            60..160 => {
                let word = WORDS[usize::from(chosen - 60) % WORDS.len()];
                drawn.give_text(&self.stage.filled(word.as_bytes()));
            }
            _ => {
                let length = usize::from(chosen - 160).min(self.input.len());
                let (text, rest) = self.input.split_at(length);
                self.input = rest;
                drawn.give_text(text);
            }
        }
        Some(())
    }

    /// A file of the stage, or none; never one of the machine's.
    fn draw_path(&mut self) -> Option<Vec<u8>> {
        let name = match self.byte()? % 10 {
            0..4 => return Some(self.stage.place.store.to_str()?.into()),
            4 => "made.db",
            5 => "missing/gatepass.db",
            6 => "text",
            7 => "empty",
            8 => "",
            _ => return Some(b"a\0b".to_vec()),
        };
        let path = self.stage.beside(name);
        match name {
            "text" => {
                std::fs::write(&path, "no store at all, but long enough to be looked at twice").unwrap()
            }
            "empty" => std::fs::write(&path, "").unwrap(),
            _ => {}
        }
        Some(path.to_str()?.into())
    }

    /// Call, and judge; the code, or 0.
    fn call(&mut self, function: &Function, mut drawn: Drawn) -> i32 {
        if planted::overread() && function.name == "gatepass_request_set_title" {
            for at in 1..drawn.arguments.len() {
                if let (Argument::Text(_), Argument::Size(length)) =
                    (drawn.arguments[at - 1], drawn.arguments[at])
                    && (1..1 << 20).contains(&length)
                {
                    drawn.arguments[at] = Argument::Size(length + 1);
                }
            }
        }
        let mut out: *mut c_void = std::ptr::without_provenance_mut(0xdead);
        if drawn.out.is_some() {
            let place = if drawn.out_is_null { std::ptr::null_mut() } else { &raw mut out };
            drawn.arguments.push(Argument::Out(place));
        }
        if ends_objects(function.name) {
            // What was lent is good up to the last moment.
            self.lent.iter().for_each(Lent::is_still_there);
        }
        // SAFETY: each text is as long as told, or of a length that is not read, or NULL; `out` is a place or
        // NULL; and handles are never dereferenced.
        let mut value = unsafe { (function.call)(&drawn.arguments) };
        let name = function.name;
        // Planted is one getter that says something of an object that is none.
        if planted::wrong_answer() && drawn.wrong_handle && name == "gatepass_session_name" {
            value = Value::Text(c"".as_ptr());
        }
        let peeks = ["gatepass_last_error", "gatepass_code_", "gatepass_abi_", "gatepass_operation_"];
        let constant = name.ends_with("version") || peeks.iter().any(|start| name.starts_with(start));
        let last = integer("gatepass_last_error_code", &[]);
        if constant {
            assert_eq!(last, self.last, "{name} changed the error");
        } else if let Value::Code(code) = value {
            assert_eq!(last, code, "{name}");
        }
        self.last = last;
        self.error_is_sound(name);

        if !constant {
            let class = integer("gatepass_code_class", &[Argument::Int(last)]);
            assert!(last != PANIC && class != INTERNAL_CLASS, "{name}: {}", message());
            if drawn.wrong_handle || drawn.out_is_null {
                assert_eq!(class, MISUSE, "{name} took a handle that is none, or no output");
            }
            if last != 0 && !matches!(value, Value::Code(_)) {
                assert!(value.is_nothing(), "{name} failed with a value");
            }
        }
        match (drawn.out, value) {
            (Some(kind), Value::Code(0)) => {
                assert!(!out.is_null(), "{name} gave nothing");
                let handle = out.addr();
                assert!(!self.is_live(handle, |_| true), "{name} gave a handle twice");
                self.objects.push(Object { handle, kind, live: true });
            }
            (Some(_), _) if !drawn.out_is_null => assert!(out.is_null(), "{name} failed, but gave something"),
            _ => {}
        }
        match value {
            Value::Text(pointer) if !pointer.is_null() => self.read(function, &drawn, pointer),
            Value::Code(0) if ends_objects(name) => {
                let ended = drawn.owner.unwrap_or_default();
                self.objects.iter_mut().filter(|it| it.handle == ended).for_each(|it| it.live = false);
                self.lent.retain(|it| it.owner != ended);
            }
            _ => {}
        }
        last
    }

    /// A text that came out.
    fn read(&mut self, function: &Function, drawn: &Drawn, pointer: *const c_char) {
        // SAFETY: the header says that a NUL is behind it.
        let text = unsafe { CStr::from_ptr(pointer) };
        let read = text.to_str().unwrap_or_else(|_| panic!("{} gave no UTF-8", function.name));
        self.told.push(read.as_bytes().to_vec());
        if let Some((_, query)) = read.split_once('?') {
            self.told.push(query.as_bytes().to_vec());
        }
        if let Some(owner) = drawn.owner {
            self.lent.push(Lent { pointer, text: text.to_owned(), owner });
        }
    }

    /// What is told of the last failure is text, and the message is one line that shows no secret.
    fn error_is_sound(&self, name: &str) {
        let told = message();
        assert!(!told.chars().any(char::is_control), "{name}: the message is no line: {told:?}");
        assert!(self.last == 0 || !told.is_empty(), "{name} failed without a message");
        for secret in [&self.stage.secret, KEY] {
            assert!(!told.contains(secret), "{name} shows a secret");
        }
        for part in ["gatepass_last_error_field", "gatepass_last_error_reference"] {
            if let Value::Text(pointer) = ask(part, &[])
                && !pointer.is_null()
            {
                // SAFETY: the header says that a NUL is behind it.
                unsafe { CStr::from_ptr(pointer) }.to_str().unwrap();
            }
        }
    }

    /// Everything can be freed, once; the first store is not, if it is to be kept.
    fn clear_up(mut self, keep: bool) {
        self.lent.iter().for_each(Lent::is_still_there);
        self.lent.clear();
        for at in usize::from(keep)..self.objects.len() {
            let Object { handle, kind, live } = self.objects[at];
            let free = if kind == Kind::Store { "gatepass_store_close" } else { "gatepass_free" };
            if live {
                assert_eq!(integer(free, &[Argument::Handle(handle)]), 0, "freeing {kind:?}");
            }
            assert_ne!(integer(free, &[Argument::Handle(handle)]), 0, "freeing {kind:?} twice");
        }
        self.objects.clear();
        if self.stage.beside("made.db").exists() {
            assert_eq!(integer("gatepass_store_close_kept", &[]), 0);
            for suffix in ["", "-wal", "-shm", "-gate"] {
                let _ = std::fs::remove_file(self.stage.beside(&format!("made.db{suffix}")));
            }
        }
    }
}

impl Lent {
    fn is_still_there(&self) {
        // SAFETY: its owner lives.
        assert_eq!(unsafe { CStr::from_ptr(self.pointer) }, &*self.text, "a lent text changed");
    }
}

impl Drawn {
    fn give_handle(&mut self, handle: usize) {
        self.owner.get_or_insert(handle);
        self.arguments.push(Argument::Handle(handle));
    }

    fn give(&mut self, pointer: *const c_char, length: usize) {
        self.length = length;
        self.arguments.push(Argument::Text(pointer));
    }

    fn give_text(&mut self, text: &[u8]) {
        self.give_length(text, text.len());
    }

    fn give_length(&mut self, text: &[u8], length: usize) {
        let text: Box<[u8]> = text.into();
        self.give(text.as_ptr().cast(), length);
        self.texts.push(text);
    }
}

fn ends_objects(name: &str) -> bool {
    matches!(name, "gatepass_free" | "gatepass_store_close")
}
