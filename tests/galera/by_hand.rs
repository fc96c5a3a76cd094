//! What others write by hand, and what a cluster makes of it. The contests must catch both.

use std::sync::atomic::{AtomicUsize, Ordering};

use mysql::prelude::Queryable;
use mysql::{Conn, Error, TxOpts};

use super::contest::Member;
use super::races::later;

/// Another writer was first, says the server.
const CONFLICTS: [u16; 2] = [1213, 1205];

pub(crate) const TABLES: [&str; 6] = [
    "CREATE TABLE by_hand_token (id BIGINT PRIMARY KEY, nonce VARBINARY(32))",
    "CREATE TABLE by_hand_audit (id BIGINT PRIMARY KEY AUTO_INCREMENT, token BIGINT, nonce VARBINARY(32))",
    "CREATE TABLE by_hand_credential (id BIGINT PRIMARY KEY, revoked TINYINT NOT NULL DEFAULT 0)",
    "CREATE TABLE by_hand_session (id BIGINT PRIMARY KEY, ended TINYINT NOT NULL DEFAULT 0)",
    "CREATE TABLE by_hand_turn (id TINYINT PRIMARY KEY, writer VARBINARY(36) NOT NULL DEFAULT '')",
    "CREATE TABLE by_hand_row (label VARBINARY(64) PRIMARY KEY)",
];

/// Redeems by a transaction: take the token, read it, write that down, commit.
pub(crate) struct InOneTransaction {
    pub(crate) node: Conn,
    pub(crate) name: String,
}

impl InOneTransaction {
    fn redeem(&mut self, id: usize) -> mysql::Result<bool> {
        let mut transaction = self.node.start_transaction(TxOpts::default())?;
        let take = "UPDATE by_hand_token SET nonce = ? WHERE id = ? AND nonce IS NULL";
        transaction.exec_drop(take, (&self.name, id))?;
        if transaction.affected_rows() != 1 {
            transaction.rollback()?;
            return Ok(false);
        }
        let _: Option<mysql::Row> =
            transaction.exec_first("SELECT * FROM by_hand_token WHERE id = ?", (id,))?;
        transaction.exec_drop("INSERT INTO by_hand_audit (token, nonce) VALUES (?, ?)", (id, &self.name))?;
        transaction.commit()?;
        Ok(true)
    }
}

impl Member for InOneTransaction {
    type Prize = usize;

    fn make(&mut self, round: usize) -> usize {
        self.node.exec_drop("INSERT INTO by_hand_token (id) VALUES (?)", (round,)).unwrap();
        round
    }

    fn attempt(&mut self, id: &usize, _: usize) -> &'static str {
        loop {
            match self.redeem(*id) {
                Ok(true) => return "ok",
                Ok(false) => return "token_redeemed",
                Err(Error::MySqlError(error)) if CONFLICTS.contains(&error.code) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Redeems the token of a credential by single statements, in the right order, and does not look again whether the
/// credential was revoked meanwhile.
pub(crate) struct LooksOnce<'a> {
    pub(crate) node: Conn,
    pub(crate) survived: &'a AtomicUsize,
}

impl LooksOnce<'_> {
    fn say(&mut self, sql: &str, id: usize) -> u64 {
        loop {
            match self.node.exec_drop(sql, (id,)) {
                Ok(()) => return self.node.affected_rows(),
                Err(Error::MySqlError(error)) if CONFLICTS.contains(&error.code) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

impl Member for LooksOnce<'_> {
    type Prize = usize;

    fn make(&mut self, round: usize) -> usize {
        self.say("INSERT INTO by_hand_credential (id) VALUES (?)", round);
        round
    }

    fn attempt(&mut self, id: &usize, turn: usize) -> &'static str {
        match turn {
            0 => {
                self.say("UPDATE by_hand_credential SET revoked = 1 WHERE id = ?", *id);
                self.say("UPDATE by_hand_session SET ended = 1 WHERE id = ?", *id);
                "ok"
            }
            1 => {
                let look = "SELECT revoked FROM by_hand_credential WHERE id = ?";
                let revoked: bool = self.node.exec_first(look, (*id,)).unwrap().unwrap();
                if revoked {
                    return "credential_revoked";
                }
                std::thread::sleep(2 * later(*id));
                self.say("INSERT INTO by_hand_session (id) VALUES (?)", *id);
                "redeemed"
            }
            _ => "nothing",
        }
    }

    fn afterwards(&mut self, id: &usize) {
        let look = "SELECT 1 FROM by_hand_session WHERE id = ? AND ended = 0";
        let found: Option<u8> = self.node.exec_first(look, (*id,)).unwrap();
        self.survived.fetch_add(usize::from(found.is_some()), Ordering::Relaxed);
    }
}

/// Makes rows by transactions that take turns, each of which looks at its end whether the turn is still its own; and
/// believes the server that it has committed.
pub(crate) struct BelievesCommit<'a> {
    pub(crate) node: Conn,
    pub(crate) lost: &'a AtomicUsize,
    pub(crate) made: Option<String>,
}

impl BelievesCommit<'_> {
    fn turn(&mut self) -> mysql::Result<Vec<u8>> {
        Ok(self.node.exec_first("SELECT writer FROM by_hand_turn WHERE id = 1", ())?.unwrap())
    }

    fn make_row(&mut self, label: &str) -> mysql::Result<bool> {
        self.node.query_drop("SET autocommit = 0")?;
        self.node.exec_drop("UPDATE by_hand_turn SET writer = UUID() WHERE id = 1", ())?;
        let own = self.turn()?;
        let _: Option<u8> = self.node.exec_first("SELECT 1 FROM by_hand_row WHERE label = ?", (label,))?;
        self.node.exec_drop("INSERT INTO by_hand_row (label) VALUES (?)", (label,))?;
        if self.turn()? != own {
            return Ok(false);
        }
        self.node.query_drop("COMMIT")?;
        Ok(true)
    }

    fn is_there(&mut self, label: &str) -> bool {
        let found: Option<u8> =
            self.node.exec_first("SELECT 1 FROM by_hand_row WHERE label = ?", (label,)).unwrap();
        found.is_some()
    }
}

impl Member for BelievesCommit<'_> {
    type Prize = usize;

    fn make(&mut self, round: usize) -> usize {
        round
    }

    fn attempt(&mut self, round: &usize, turn: usize) -> &'static str {
        let label = format!("{round} {turn}");
        loop {
            let made = self.make_row(&label);
            if !matches!(made, Ok(true)) {
                self.node.query_drop("ROLLBACK").unwrap();
            }
            self.node.query_drop("SET autocommit = 1").unwrap();
            match made {
                Ok(true) => break,
                Ok(false) => {}
                Err(Error::MySqlError(error)) if CONFLICTS.contains(&error.code) => {}
                Err(error) => panic!("{error}"),
            }
        }
        self.made = Some(label);
        "ok"
    }

    fn afterwards(&mut self, _: &usize) {
        let made = self.made.take().unwrap();
        let lost = !self.is_there(&made);
        self.lost.fetch_add(usize::from(lost), Ordering::Relaxed);
    }
}
