//! `gatepass_call`: a management operation by name, with a JSON document.
//!
//! An input is the name, a blank, and the document. `{folder}` stands for a folder beside the store's.

use gatepass::Gatepass;
use serde_json::Value;

use super::common::Spy;
use super::ffi::asking::{integer, make, message, take_document, tell};
use super::ffi::values::Argument;
use super::planted;
use super::stage::{self, Kept, Stage, replaced};

/// What a refused operation may change: it may leave an event, or raise its count.
const BESIDES: &[&str] = &["audit", "refusal"];

/// It must not stand in any error; no name of a parameter can hold its signs.
const SECRET: &str = "s3cr~t!";

struct World {
    store: usize,
    spy: Spy,
    seen: i64,
    rows: Vec<String>,
    planted: u32,
    stage: Stage,
}

impl World {
    fn new() -> Self {
        let stage = Stage::ticking();
        let (files, path) = (stage.beside("files"), &stage.place.store);
        std::fs::create_dir(&files).unwrap();
        let key = Gatepass::new_sealing_key_file(files.join("first"), path).unwrap().to_file_text();
        Gatepass::new_sealing_key_file(files.join("next"), path).unwrap();
        let (_, options) = make("gatepass_options_new", &[], &[], &[]);
        assert_eq!(tell("gatepass_options_set_sealing_key", options, key.reveal().as_bytes()), 0);
        let path = path.to_str().unwrap().as_bytes();
        let (code, store) = make("gatepass_store_open", &[], &[path], &[Argument::Handle(options)]);
        assert_eq!(code, 0, "{}", message());
        assert_eq!(integer("gatepass_free", &[Argument::Handle(options)]), 0);
        let spy = stage.place.spy();
        let (seen, rows) = (spy.version(), spy.dump_without(BESIDES));
        World { store, spy, seen, rows, planted: 0, stage }
    }

    /// Run an operation; its class, and the document or the error.
    fn call(&self, operation: &[u8], parameters: &[u8]) -> (i32, Vec<u8>) {
        let (code, document) = make("gatepass_call", &[self.store], &[operation, parameters], &[]);
        let class = integer("gatepass_code_class", &[Argument::Int(code)]);
        if code == 0 { (0, take_document(document)) } else { (class, message().into_bytes()) }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let damaged = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
        let damaged = self.spy.number(damaged);
        let closed = integer("gatepass_store_close", &[Argument::Handle(self.store)]);
        if !std::thread::panicking() {
            assert_eq!((damaged, closed), (0, 0));
        }
    }
}

thread_local! {
    static WORLD: Kept<World> = const { Kept::new(None) };
}

pub fn check(data: &[u8]) {
    stage::with(&WORLD, 2_000, World::new, |world| on_world(world, data));
}

fn on_world(world: &mut World, data: &[u8]) {
    let folder = world.stage.beside("files");
    let data = replaced(&world.stage.filled(data), b"{folder}", folder.to_str().unwrap().as_bytes());
    let at = data.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(data.len());
    let (operation, parameters) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    if names_a_file_elsewhere(parameters, folder.to_str().unwrap()) {
        return;
    }
    let (class, told) = world.call(operation, parameters);
    // Planted is an operation that is refused and done all the same.
    if planted::wrong_answer() && class != 0 && operation.starts_with(b"member.") {
        world.planted += 1;
        let document = format!("{{\"email\":\"planted{}@example.com\"}}", world.planted);
        assert_eq!(world.call(b"user.add", document.as_bytes()).0, 0);
    }
    let told = String::from_utf8(told).expect("no UTF-8");
    if class == 0 {
        serde_json::from_str::<Value>(&told).unwrap_or_else(|error| panic!("no JSON: {error}: {told}"));
    } else {
        assert!(!told.is_empty() && !told.chars().any(char::is_control), "no line: {told:?}");
        assert!(!told.contains(SECRET), "an error repeats a value: {told}");
        // A backup may be none, or its file stand there already; otherwise the store answers.
        assert!(class < 4 && (class != 3 || operation.starts_with(b"store.")), "{class}: {told}");
    }
    let seen = world.spy.version();
    if seen != world.seen {
        let rows = world.spy.dump_without(BESIDES);
        assert!(class == 0 || rows == world.rows, "refused, but changed: {told}");
        (world.seen, world.rows) = (seen, rows);
    }
}

/// No input may reach a file that is not the test's own.
fn names_a_file_elsewhere(parameters: &[u8], folder: &str) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_slice(parameters) else { return false };
    let Some(file) = fields.get("file") else { return false };
    let ours = |name: &str| name.len() < 12 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    !file.as_str().and_then(|file| file.strip_prefix(folder)?.strip_prefix('/')).is_some_and(ours)
}
