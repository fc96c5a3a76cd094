//! What every command shares: the options that may stand anywhere, and the way to the store.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::{Args, ValueHint};
use gatepass::{Gatepass, Options, ops};
use serde_json::Value;

use super::failure::Failure;
use super::input::Seconds;
use super::output::Output;

/// Who the audit says it was.
const ACTOR: &str = "cli";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The store's file, or the URL of a shared one: mysql://user:password@host/database
    #[arg(long, global = true, env = "GATEPASS_STORE", hide_env_values = true)]
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    store: Option<OsString>,

    /// Answer with one JSON document on standard output, errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// The file with the key that AutoAuth keys are sealed under; not in the store's folder
    #[arg(long, global = true, env = "GATEPASS_SEAL_KEY", hide_env_values = true)]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    seal_key: Option<OsString>,

    /// How long to wait for others who use the store [default: 10]
    #[arg(long, global = true, value_name = "SECONDS")]
    deadline: Option<Seconds>,
}

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Context {
    global: Global,
    /// How to answer.
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        let output = Output::new(global.json);
        Context { global, output }
    }

    /// Where the store is, or shall be: a file's path or a URL.
    pub(crate) fn store_path(&self) -> Result<&Path, Failure> {
        match &self.global.store {
            Some(path) if !path.is_empty() => Ok(Path::new(path)),
            _ => Err(Failure::usage("no store is named: give --store PATH or set GATEPASS_STORE")),
        }
    }

    /// How long to wait for others, if the command line says so.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.global.deadline.map(|Seconds(deadline)| deadline)
    }

    /// How to open it.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new().actor(ACTOR);
        if let Some(deadline) = self.deadline() {
            options = options.deadline(deadline);
        }
        match &self.global.seal_key {
            Some(file) if !file.is_empty() => options.sealing_key_file(file),
            _ => options,
        }
    }

    /// The open store.
    pub(crate) fn open(&self) -> Result<Gatepass, Failure> {
        Ok(self.options().open(self.store_path()?)?)
    }

    /// Run a management operation.
    pub(crate) fn call(&self, operation: &str, parameters: Value) -> Result<Value, Failure> {
        call(&self.open()?, operation, parameters)
    }
}

/// Run a management operation on an open store.
pub(crate) fn call(gate: &Gatepass, operation: &str, parameters: Value) -> Result<Value, Failure> {
    Ok(ops::call(gate, operation, parameters)?)
}

/// An answer's part as JSON.
pub(crate) fn json(value: impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::output(error.into()))
}
