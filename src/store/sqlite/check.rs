//! Looking for damage and danger in the file and around it.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::error::ReadError;
use super::{SqliteStore, schema};
use crate::clock::Timestamp;
use crate::store::{At, StoreResult, UpkeepStore};
use crate::sys;
use crate::upkeep::{Finding, Progress, Purged, Restored, Severity};

impl UpkeepStore for SqliteStore {
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
        self.database.usable()?;
        self.database.unchanged()
    }

    fn clock(&self) -> StoreResult<Option<Timestamp>> {
        Ok(None)
    }

    fn check(&self, now: Timestamp, progress: &mut Progress<'_>) -> StoreResult<Vec<Finding>> {
        const PARTS: u64 = 5;
        let mut findings = Vec::new();
        progress(0, PARTS);
        self.database.read(|connection| {
            findings.extend(integrity(connection)?);
            progress(1, PARTS);
            findings.push(shape(connection)?);
            progress(2, PARTS);
            findings.push(clock(connection, now)?);
            progress(3, PARTS);
            Ok(())
        })?;
        findings.extend(permissions(self.database.path()));
        progress(4, PARTS);
        findings.push(match self.database.unchanged() {
            Ok(()) => Finding::new("identity", Severity::Good, "the file is the one that was opened"),
            Err(error) => Finding::new("identity", Severity::Bad, error.to_string()),
        });
        progress(PARTS, PARTS);
        Ok(findings)
    }
}

fn integrity(connection: &Connection) -> StoreResult<Vec<Finding>> {
    let lines: Vec<String> = connection
        .prepare("PRAGMA integrity_check(10)")
        .read()?
        .query_map([], |row| row.get(0))
        .read()?
        .collect::<rusqlite::Result<_>>()
        .read()?;
    if lines != ["ok"] {
        let bad = |line: &String| Finding::new("integrity", Severity::Bad, line.as_str());
        return Ok(lines.iter().map(bad).collect());
    }
    let strays: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).read()?;
    Ok(vec![if strays == 0 {
        Finding::new("integrity", Severity::Good, "the file's structure is sound")
    } else {
        Finding::new("integrity", Severity::Bad, format!("{strays} rows refer to rows that are not there"))
    }])
}

fn shape(connection: &Connection) -> StoreResult<Finding> {
    let fresh = Connection::open_in_memory().read()?;
    schema::create(&fresh).read()?;
    let version = schema::version(connection)?;
    let same = schema::objects(connection).read()? == schema::objects(&fresh).read()?;
    Ok(if same && version == schema::VERSION {
        Finding::new("schema", Severity::Good, format!("version {version}"))
    } else if version > schema::VERSION {
        Finding::new("schema", Severity::Warning, format!("version {version} of a newer release"))
    } else {
        Finding::new(
            "schema",
            Severity::Bad,
            format!("version {version}, but the tables are not as that version makes them"),
        )
    })
}

fn clock(connection: &Connection, now: Timestamp) -> StoreResult<Finding> {
    let (created, floor, last): (Timestamp, i64, Option<Timestamp>) = connection
        .query_row("SELECT created_at, autoauth_floor, (SELECT max(at) FROM audit) FROM store", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .read()?;
    let slack = Duration::from_secs(60);
    let behind = |at: Timestamp| at > now.plus(slack);
    Ok(if behind(created) || last.is_some_and(behind) {
        Finding::new(
            "clock",
            Severity::Bad,
            "the clock is behind events that were written already: it was set back",
        )
    } else if Timestamp::from_seconds(floor) > now.plus(Duration::from_secs(3_600)) {
        let until = Timestamp::from_seconds(floor);
        let message = format!("AutoAuth refuses links of before {until}: the clock ran ahead once");
        Finding::new("clock", Severity::Warning, message)
    } else {
        Finding::new("clock", Severity::Good, "the clock is not behind the store")
    })
}

fn permissions(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut file = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        if let Ok(mode) = sys::mode(Path::new(&name))
            && mode & 0o007 != 0
        {
            let what = if suffix.is_empty() { "the store" } else { suffix };
            let message =
                format!("{what} is open to every user of this machine ({mode:04o}); wanted 0600 or 0660");
            findings.push(Finding::new("permissions", Severity::Bad, message));
        }
    };
    ["", "-wal", "-shm"].into_iter().for_each(&mut file);
    if let Ok(mode) = sys::mode(sys::folder_of(path))
        && mode & 0o002 != 0
    {
        let message =
            format!("every user of this machine can replace files in the store's folder ({mode:04o})");
        findings.push(Finding::new("permissions", Severity::Warning, message));
    }
    if findings.is_empty() {
        findings.push(Finding::new(
            "permissions",
            Severity::Good,
            "only its owner or group can read the store",
        ));
    }
    findings
}
