//! The programs in other languages that take part: `benches/peers`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::child::Child;
use crate::setup::{library, root, target};

/// What a table says of a side that is not there.
pub(crate) const NOT_MEASURED: &str = "not measured: run benches/peers/setup";

/// How long the PHP of a side lives.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// One script for all acts.
    Kept,
    /// A request for each act.
    Request,
}

impl Shape {
    fn word(self) -> &'static str {
        match self {
            Shape::Kept => "kept",
            Shape::Request => "request",
        }
    }
}

fn script(name: &str) -> PathBuf {
    root().join("benches/peers").join(name)
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Whether PHP is here with these extensions.
fn php_has(extensions: &[&str]) -> bool {
    extensions.iter().all(|extension| {
        succeeds(Command::new("php").arg("-r").arg(format!("exit((int) !extension_loaded('{extension}'));")))
    })
}

/// The library through its PHP package, set up as its documentation says for php-fpm: classes and header are
/// preloaded. The header names the library, so it is written for this run, beside the store.
pub(crate) fn ours_in_php(name: &str, store: &Path, shape: Shape) -> Option<Child> {
    let header = store.with_extension("h");
    let package = root().join("bindings/php");
    if !php_has(&["ffi", "Zend OPcache"]) {
        return None;
    }
    let written = succeeds(
        Command::new("php")
            .arg(package.join("bin/gatepass-ffi-header"))
            .arg(&header)
            .env("GATEPASS_LIBRARY", library()),
    );
    assert!(written, "the header for ffi.preload could not be written");
    let set = |setting: &str, value: &Path| format!("-d{setting}={}", value.display());
    let mut command = Command::new("php");
    command
        .args(["-dopcache.enable_cli=1", "-dffi.enable=preload", &set("ffi.preload", &header)])
        .arg(set("opcache.preload", &package.join("preload.php")))
        .arg(format!("-dopcache.preload_user={}", user()))
        .arg(script("php/ours.php"))
        .arg(store)
        .arg(shape.word());
    Some(Child::start(name, &mut command))
}

/// PHP with PDO; `how` is `Naive` or `Careful`.
pub(crate) fn php_by_hand(name: &str, how: &str, store: &Path, shape: Shape) -> Option<Child> {
    if !php_has(&["pdo_sqlite"]) {
        return None;
    }
    let mut command = Command::new("php");
    command.arg(script("php/by_hand.php")).arg(how).arg(store).arg(shape.word());
    Some(Child::start(name, &mut command))
}

/// The library through its Python package.
pub(crate) fn ours_in_python(name: &str, store: &Path) -> Option<Child> {
    let mut command = python()?;
    command
        .arg(script("python/ours.py"))
        .arg(store)
        .env("PYTHONPATH", root().join("bindings/python/src"))
        .env("GATEPASS_LIBRARY", library());
    Some(Child::start(name, &mut command))
}

/// Python's own sqlite3; `how` is `naive` or `careful`.
pub(crate) fn python_by_hand(name: &str, how: &str, store: &Path) -> Option<Child> {
    let mut command = python()?;
    Some(Child::start(name, command.arg(script("python/by_hand.py")).arg(how).arg(store)))
}

fn python() -> Option<Command> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    succeeds(Command::new(&python).arg("--version")).then(|| {
        let mut command = Command::new(python);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    })
}

/// Django's ORM or django-sesame; `how` is `orm` or `sesame`. A round may be of so many acts at most.
pub(crate) fn django(name: &str, how: &str, store: &Path, most: usize) -> Option<Child> {
    let venv = installed("django")?;
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(script("django/tokens.py")).arg(how).arg(store).arg(most.to_string());
    Some(Child::start(name, command.env("PYTHONDONTWRITEBYTECODE", "1")))
}

/// better-auth's one-time tokens; `how` is `plain` or `hashed`.
pub(crate) fn better_auth(name: &str, how: &str, store: &Path) -> Option<Child> {
    let folder = installed("node")?;
    let mut command = Command::new("node");
    // It is linked from where its packages are.
    command.args(["--preserve-symlinks", "--preserve-symlinks-main"]);
    Some(Child::start(name, command.arg(folder.join("better_auth.mjs")).arg(how).arg(store)))
}

/// Where `benches/peers/setup` put what was installed whole.
fn installed(what: &str) -> Option<PathBuf> {
    let folder = target().join("peers").join(what);
    folder.join("stamp").exists().then_some(folder)
}

/// Who runs this; PHP started by root wants to know who preloads.
fn user() -> String {
    let told = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().into()
}

/// AutoAuth links in PHP; `how` is `by_hand` or `ours`.
pub(crate) fn autoauth_in_php(name: &str, how: &str, store: &Path) -> Option<Child> {
    if !php_has(&["ffi", "pdo_sqlite"]) {
        return None;
    }
    let mut command = Command::new("php");
    command.arg(script("php/autoauth.php")).arg(how).arg(store).env("GATEPASS_LIBRARY", library());
    Some(Child::start(name, &mut command))
}

/// AutoAuth links in Python; `how` is `by_hand` or `ours`.
pub(crate) fn autoauth_in_python(name: &str, how: &str, store: &Path) -> Option<Child> {
    let mut command = python()?;
    command
        .arg(script("python/autoauth.py"))
        .arg(how)
        .arg(store)
        .env("PYTHONPATH", root().join("bindings/python/src"))
        .env("GATEPASS_LIBRARY", library());
    Some(Child::start(name, &mut command))
}
