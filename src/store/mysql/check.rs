//! Looking for damage and danger in the tables and on the server.

use std::path::Path;
use std::time::Duration;

use super::connection::Connection;
use super::error::Done;
use super::values::named;
use super::{MysqlStore, schema};
use crate::clock::Timestamp;
use crate::store::{At, StoreResult, UpkeepStore};
use crate::upkeep::{Finding, Progress, Purged, Restored, Severity};

impl UpkeepStore for MysqlStore {
    fn purge(&self, now: Timestamp, progress: &mut Progress<'_>) -> StoreResult<Purged> {
        self.purge_all(now, progress)
    }

    fn backup(&self, to: &Path, progress: &mut Progress<'_>) -> StoreResult<u64> {
        self.backup_to(to, progress)
    }

    fn restore(
        &self,
        from: &Path,
        nonce: i64,
        at: At<'_>,
        progress: &mut Progress<'_>,
    ) -> StoreResult<Restored> {
        self.restore_from(from, nonce, at, progress)
    }

    fn usable(&self) -> StoreResult<()> {
        self.server.usable()
    }

    fn clock(&self) -> StoreResult<Option<Timestamp>> {
        let sql = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
        self.server.act(|connection| connection.only(sql, named! {}, |row| row.get(0))).map(Some)
    }

    fn check(&self, now: Timestamp, progress: &mut Progress<'_>) -> StoreResult<Vec<Finding>> {
        const PARTS: u64 = 4;
        let mut findings = Vec::new();
        progress(0, PARTS);
        findings.extend(self.server.act(integrity)?);
        progress(1, PARTS);
        findings.push(self.server.act(shape)?);
        progress(2, PARTS);
        findings.push(self.server.act(|connection| clock(connection, now))?);
        progress(3, PARTS);
        findings.extend(self.server.act(durability)?);
        progress(PARTS, PARTS);
        Ok(findings)
    }
}

fn integrity(connection: &Connection) -> Done<Vec<Finding>> {
    let mut findings = Vec::new();
    for table in schema::tables() {
        let rows = connection.rows(&format!("CHECK TABLE {table}"), named! {})?;
        for row in &rows {
            let (kind, text) = (row.text(2)?, row.text(3)?);
            if kind == "error" || (kind == "status" && text != "OK") {
                findings.push(Finding::new("integrity", Severity::Bad, format!("{table}: {text}")));
            }
        }
    }
    let strays: i64 = connection.only(
        "SELECT (SELECT COUNT(*) FROM gatepass_member AS member
                 LEFT JOIN gatepass_user AS user ON user.id = member.user_id
                 LEFT JOIN gatepass_client AS client ON client.id = member.client_id
                 WHERE user.id IS NULL OR client.id IS NULL)
              + (SELECT COUNT(*) FROM gatepass_credential AS credential
                 LEFT JOIN gatepass_admin AS admin ON admin.id = credential.admin_id
                 WHERE credential.admin_id IS NOT NULL AND admin.id IS NULL)",
        named! {},
        |row| row.get(0),
    )?;
    if strays > 0 {
        let message = format!("{strays} rows refer to rows that are not there");
        findings.push(Finding::new("integrity", Severity::Bad, message));
    }
    if findings.is_empty() {
        findings.push(Finding::new("integrity", Severity::Good, "the tables are sound"));
    }
    Ok(findings)
}

fn shape(connection: &Connection) -> Done<Finding> {
    let version = schema::version(connection)?;
    Ok(if version > schema::VERSION {
        Finding::new("schema", Severity::Warning, format!("version {version} of a newer release"))
    } else {
        Finding::new("schema", Severity::Good, format!("version {version}"))
    })
}

/// The clock of this host against what was written already.
fn clock(connection: &Connection, now: Timestamp) -> Done<Finding> {
    let (created, floor, last): (Timestamp, i64, Option<Timestamp>) = connection.only(
        "SELECT created_at, autoauth_floor, (SELECT MAX(at) FROM gatepass_audit)
         FROM gatepass_store WHERE id = 1",
        named! {},
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let slack = Duration::from_secs(60);
    let behind = |at: Timestamp| at > now.plus(slack);
    Ok(if behind(created) || last.is_some_and(behind) {
        Finding::new("clock", Severity::Bad, "this host's clock is behind events that were written already")
    } else if Timestamp::from_seconds(floor) > now.plus(Duration::from_secs(3_600)) {
        let until = Timestamp::from_seconds(floor);
        let message = format!("AutoAuth refuses links of before {until}: the clock ran ahead once");
        Finding::new("clock", Severity::Warning, message)
    } else {
        Finding::new("clock", Severity::Good, "the clock is not behind the store")
    })
}

/// What the server promises of a power cut.
fn durability(connection: &Connection) -> Done<Vec<Finding>> {
    let at_commit: i64 =
        connection.only("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit", named! {}, |row| row.get(0))?;
    Ok(vec![if at_commit == 1 {
        Finding::new("durability", Severity::Good, "the server syncs each commit")
    } else if connection.clustered {
        let message =
            "the server does not sync each commit: what the cluster's other nodes have survives a power cut";
        Finding::new("durability", Severity::Warning, message)
    } else {
        let message = "the server does not sync each commit (innodb_flush_log_at_trx_commit): a power cut may undo \
                       redemptions";
        Finding::new("durability", Severity::Bad, message)
    }])
}
