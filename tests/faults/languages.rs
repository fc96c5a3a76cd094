//! What PHP and Python hear of faults: the class of error that means "no", its code, and whether to ask again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use gatepass::Gatepass;
use gatepass::token::{Token, TokenState};

use super::injector::{Fault, Harm, Injector, calls};
use super::library::{root, shared_library};
use super::programs::is_here;
use super::support::{folder_with_store, issue};

/// A program that redeems what it is told, under the injector.
struct Redeemer {
    child: Child,
    output: BufReader<ChildStdout>,
    injector: Injector,
}

impl Redeemer {
    fn start(program: &str, script: &str, store: &Path, orders: &Path) -> Self {
        let injector = Injector::new(orders.join("orders"));
        let mut command = Command::new(program);
        command
            .arg(root().join("tests/faults").join(script))
            .arg(store)
            .env("GATEPASS_LIBRARY", shared_library())
            .env("PYTHONPATH", root().join("bindings/python/src"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        injector.watch(&mut command, store.parent().unwrap());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut redeemer = Redeemer { child, output, injector };
        assert_eq!(redeemer.hear(), "ready");
        redeemer
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "the program ended");
        line.trim_end().to_owned()
    }

    fn redeem(&mut self, token: &Token) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{}", token.reveal()).unwrap();
        self.hear()
    }

    /// Redeem while all of these calls fail; it must have been some.
    fn redeem_under(&mut self, calls: u32, error: i32, token: &Token) -> String {
        self.injector.order(Fault::on_all(calls, Harm::Fails(error)), 1, u32::MAX);
        let heard = self.redeem(token);
        assert!(self.injector.stop() > 0, "the fault never came");
        heard
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn php_and_python_hear_of_a_fault_what_rust_hears() {
    const NAME: &str = "php_and_python_hear_of_a_fault_what_rust_hears";
    for (program, script) in [("php", "redeem.php"), ("python3", "redeem.py")] {
        if !is_here(program, NAME) {
            continue;
        }
        let (folder, path) = folder_with_store();
        let orders = tempfile::tempdir().unwrap();
        let gate = Gatepass::open(&path).unwrap();
        let token = issue(&gate).unwrap();
        let state = || gate.inspect(&token, None).unwrap().state;
        // The store is as it was, and the same handle goes on.
        let mut redeemer = Redeemer::start(program, script, &path, orders.path());
        for (error, heard) in [
            (libc::ENOSPC, "StoreError disk_full"),
            (libc::EDQUOT, "StoreError disk_full"),
            (libc::EFBIG, "StoreError disk_full"),
            (libc::EROFS, "StoreError store_read_only"),
        ] {
            assert_eq!(redeemer.redeem_under(calls::WRITE, error, &token), heard, "{program}");
            assert_eq!(state(), TokenState::Live, "{program}, {heard}");
        }
        assert_eq!(redeemer.redeem(&token), "ok", "{program}");
        assert_eq!(redeemer.redeem(&token), "Refused token_redeemed", "{program}");
        redeemer.end();
        // Nobody knows, and the process is not trusted any more; another one is.
        for calls in [calls::WRITE, calls::SYNC] {
            let token = issue(&gate).unwrap();
            let mut redeemer = Redeemer::start(program, script, &path, orders.path());
            let heard = redeemer.redeem_under(calls, libc::EIO, &token);
            assert_eq!(heard, "StoreError indeterminate retryable", "{program}");
            assert_eq!(redeemer.redeem(&token), "StoreError store_poisoned", "{program}");
            redeemer.end();
            let mut redeemer = Redeemer::start(program, script, &path, orders.path());
            let heard = redeemer.redeem(&token);
            assert!(["ok", "Refused token_redeemed"].contains(&heard.as_str()), "{program}: {heard}");
            redeemer.end();
        }
        let mut redeemer = Redeemer::start(program, script, &path, orders.path());
        let token = issue(&gate).unwrap();
        drop(gate);
        std::fs::rename(&path, folder.path().join("aside")).unwrap();
        assert_eq!(redeemer.redeem(&token), "StoreError store_replaced", "{program}");
        redeemer.end();
    }
}
