//! One of the processes that try the same thing at the same moment: the one in Rust. Its siblings are
//! `racer.php` and `racer.py`, which are told and tell the same.

use std::io::BufRead;
use std::path::Path;
use std::time::Duration;

use gatepass::link::{EndLinks, LinkState, OpenRequest, SignInLink};
use gatepass::token::{RedeemRequest, RevokeTokens, Token, TokenState};
use gatepass::{Gatepass, Options, Reason};
use rusqlite::Connection;

use super::clock::{steady, wait_until};
use super::common::say;

/// Try what is told, a line each: when, how, what.
pub(crate) fn race(store: &str, deadline: &str, by_hand: &str) {
    let deadline = Duration::from_secs_f64(deadline.parse().unwrap());
    let gate = Options::new().deadline(deadline).open(store).unwrap();
    let table = table(Path::new(by_hand));
    say("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let [moment, way, name] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        wait_until(moment.parse().unwrap());
        let begin = steady();
        let outcome = match attempt(&gate, &table, way, name) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.code().to_owned(),
        };
        say(&format!("{outcome} {begin} {}", steady()));
    }
}

fn attempt(gate: &Gatepass, table: &Connection, way: &str, name: &str) -> gatepass::Result<()> {
    let token = || Token::parse(name).unwrap();
    let link = || SignInLink::parse(name).unwrap();
    match way {
        "redeem" => gate.redeem(&RedeemRequest::new(token())).map(drop),
        "open" => gate.open_link(&OpenRequest::new(link())).map(drop),
        "revoke-token" => gate.revoke_tokens(&RevokeTokens::One(token())).map(drop),
        "revoke-link" => gate.revoke_links(&EndLinks::One(link())).map(drop),
        "revoke-credential" => gate.revoke_credential(name, false).map(drop),
        // Deliberately broken from here on: what others do between the look and the act is not seen.
        "look-redeem" if gate.inspect(&token(), None)?.state == TokenState::Live => {
            drop(gate.redeem(&RedeemRequest::new(token())));
            Ok(())
        }
        "look-open" if gate.inspect_link(&link(), None)?.state == LinkState::Live => {
            drop(gate.open_link(&OpenRequest::new(link())));
            Ok(())
        }
        "by-hand" if !used(table, name) => {
            table.execute("UPDATE token SET used = 1 WHERE name = ?1", [name]).unwrap();
            Ok(())
        }
        "look-redeem" | "by-hand" => Err(Reason::TokenRedeemed.into()),
        "look-open" => Err(Reason::LinkUsed.into()),
        other => panic!("{other}"),
    }
}

/// A table of one's own, as they are written by hand.
pub(crate) fn table(path: &Path) -> Connection {
    let table = Connection::open(path).unwrap();
    table.busy_timeout(Duration::from_secs(60)).unwrap();
    table
}

pub(crate) fn used(table: &Connection, name: &str) -> bool {
    table.query_row("SELECT used FROM token WHERE name = ?1", [name], |row| row.get(0)).unwrap()
}
