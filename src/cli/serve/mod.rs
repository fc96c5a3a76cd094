//! `gatepass serve`: the endpoints of [`gatepass::web`] over plain HTTP, for a reverse proxy in front or for
//! trying them out.
//!
//! The library answers; here are only the socket, the limits, the log and, with `--demo`, two small sites
//! around the endpoints.

mod demo;
mod exchange;
mod impatient;
mod log;
mod server;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatepass::Gatepass;
use gatepass::destination::SystemUrl;
use serde_json::{Value, json};

use super::context::Context;
use super::failure::Failure;
use super::input::Seconds;
use super::output::Outcome;
use demo::Demo;
use exchange::Site;
use log::{Log, LogForm};
use server::Server;

/// Where to listen, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Endpoints, below the base path:
  includes/api.php            the WHMCS-compatible API
  oauth/singlesignon.php      spends a token
  dologin.php                 accepts an AutoAuth link
  signin.php                  opens a sign-in link
  logout.php                  signs out

It speaks plain HTTP: put a web server with TLS in front of it, and name that one in the setting trusted_proxies.
SIGTERM and Ctrl-C stop it after the requests at work are answered.

Examples:
  gatepass serve --listen 127.0.0.1:8080
  gatepass serve --demo")]
pub(crate) struct ServeArgs {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// The path that the endpoints stand below [default: that of the system URL]
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,

    /// Serve a temporary store with two small sites around the endpoints, to try everything out
    #[arg(long)]
    demo: bool,

    /// With --demo: where to make the temporary store; the default is the system's folder for temporary files
    #[arg(long, value_name = "DIR", requires = "demo")]
    folder: Option<PathBuf>,

    /// How long a client may take to send a request, to take a part of the answer, or to begin the next request
    #[arg(long, value_name = "SECONDS", default_value = "15")]
    timeout: Seconds,

    /// How to log requests on standard error
    #[arg(long, value_name = "FORM", value_enum, default_value = "text")]
    log: LogForm,
}

pub(crate) fn run(args: &ServeArgs, context: &Context) -> Result<Outcome, Failure> {
    let given = args.base_path.as_deref().map(base_path).transpose()?;
    let Seconds(timeout) = args.timeout;
    if timeout.is_zero() {
        return Err(Failure::invalid("timeout", "must be more than 0"));
    }
    // Its threads come and go with the requests.
    gatepass::share_arenas();
    let server = Server::bind(args.listen, timeout)?;
    let address = server.address();
    let (site, started) = if args.demo {
        if !address.ip().is_loopback() {
            return Err(Failure::invalid("listen", "must be a loopback address with --demo"));
        }
        let base = given.unwrap_or_default();
        let folder = args.folder.clone().unwrap_or_else(std::env::temp_dir);
        let demo = Demo::new(&folder, &format!("http://{address}{base}"))?;
        let started = demo.document();
        (Site { gate: demo.gate(), base, timeout, demo: Some(demo) }, started)
    } else {
        let gate = context.open()?;
        let system_url = gate.settings()?.system_url.clone();
        let base = given.unwrap_or_else(|| system_url.path().to_owned());
        let started = document(&system_url, &address, &base, &gate);
        (Site { gate: Arc::new(gate), base, timeout, demo: None }, started)
    };
    let log = Log::new(args.log);
    server.run(site, log, || context.output.emit_line(&started, &greeting(&started)))?;
    Ok(Outcome::told())
}

/// A base path as it stands before each path: empty, or `/billing`.
fn base_path(given: &str) -> Result<String, Failure> {
    // The path of a system URL follows the same rules.
    let trimmed = given.trim_matches('/');
    let url = SystemUrl::parse(&format!("https://localhost/{trimmed}"));
    url.map(|url| url.path().to_owned())
        .map_err(|_| Failure::invalid("base_path", "must be a plain path such as /billing"))
}

/// What a program learns when the server is ready.
fn document(system_url: &SystemUrl, address: &SocketAddr, base: &str, gate: &Gatepass) -> Value {
    json!({
        "url": format!("http://{address}{base}"),
        "system_url": system_url,
        "store": shown(gate.path()),
    })
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The same for a person.
fn greeting(started: &Value) -> String {
    let told = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
    let mut text = format!("listening on {}\n", told("url"));
    if started["portal"].is_string() {
        text += &format!("open {} in a browser; Ctrl-C stops it\n", told("portal"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_empty_or_begins_with_a_slash_and_ends_with_none() {
        for (given, kept) in [("", ""), ("/", ""), ("billing", "/billing"), ("/a/b/", "/a/b")] {
            assert_eq!(base_path(given).unwrap(), kept);
        }
        for bad in ["/a//b", "/../x", "/a?b", "/a#b", "/a b", "/%2e", "a@b"] {
            assert!(base_path(bad).is_err(), "{bad}");
        }
    }
}
