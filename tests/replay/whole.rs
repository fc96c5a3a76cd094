//! Whether acts are in a store as wholes: what one act writes to several tables is there in all of them or in
//! none.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// What the audit tells, counted: done by event and what it was done to, and tokens minted by their links.
const TOLD: &str = "
    CREATE TEMP TABLE told (event TEXT, about TEXT, many INTEGER, PRIMARY KEY (event, about));
    INSERT INTO told SELECT event, ifnull(object, ''), sum(count) FROM audit
        WHERE outcome = 'ok' GROUP BY 1, 2;
    INSERT INTO told SELECT 'minted', substr(detail, 6), count(*) FROM audit
        WHERE event = 'token.issued' AND outcome = 'ok' AND detail LIKE 'link %' GROUP BY 2;";

/// What is half done, by the statement that found it.
pub(crate) fn half_done(path: &Path) -> rusqlite::Result<Vec<String>> {
    let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    store.execute_batch(TOLD)?;
    let mut found = Vec::new();
    for sql in statements() {
        let amiss: i64 = store.query_row(&sql, [], |row| row.get(0))?;
        found.extend((amiss != 0).then_some(sql));
    }
    Ok(found)
}

/// Each gives 0 where everything is whole.
fn statements() -> Vec<String> {
    let of = |table: &str, event: &str| {
        format!(
            "ifnull((SELECT many FROM told WHERE event = '{event}'
                AND about = lower(hex(substr({table}.key, 1, 12)))), 0)"
        )
    };
    let (issued, redeemed) = (of("token", "token.issued"), of("token", "token.redeemed"));
    let (created, opened) = (of("link", "link.created"), of("link", "link.opened"));
    let minted = of("link", "minted");
    let mut statements = vec![
        format!("SELECT count(*) FROM token WHERE {issued} <> 1 OR (redeemed_at IS NOT NULL) <> {redeemed}"),
        "SELECT count(*) FROM token WHERE (redeemed_at IS NULL) <> (redemption IS NULL)
            OR (redeemed_at IS NULL) <> (session_key IS NULL)"
            .to_owned(),
        "SELECT count(*) FROM token WHERE redeemed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session
            WHERE session.key = token.session_key AND session.redemption = token.redemption)"
            .to_owned(),
        "SELECT count(*) FROM session
            WHERE key NOT IN (SELECT session_key FROM token WHERE redeemed_at IS NOT NULL)
            AND key NOT IN (SELECT session_key FROM autoauth_link)"
            .to_owned(),
        "SELECT count(*) FROM autoauth_link WHERE session_key NOT IN (SELECT key FROM session)".to_owned(),
        format!("SELECT count(*) FROM link WHERE {created} <> 1 OR {opened} <> used OR {minted} <> used"),
    ];
    let tallied = |events: &str| {
        format!(
            "SELECT ifnull(sum(count), 0) FROM link_tally WHERE label = 'reminder' AND event IN ({events})"
        )
    };
    let told = |event: &str| format!("SELECT ifnull(sum(many), 0) FROM told WHERE event = '{event}'");
    let same = [
        ("count(*) FROM link", tallied("'created'")),
        ("ifnull(sum(used), 0) FROM link", tallied("'opened', 'reopened'")),
        ("count(*) FROM token", told("token.issued")),
        ("count(redeemed_at) FROM token", told("token.redeemed")),
        ("count(*) FROM autoauth_link", told("autoauth.accepted")),
        ("count(*) FROM user", told("user.added")),
        ("count(erased_at) FROM user", told("user.erased")),
        ("count(*) FROM client", told("client.added")),
        ("count(*) FROM client WHERE status = 'Closed'", told("client.status_set")),
        ("count(*) FROM admin", told("admin.added")),
        ("count(*) FROM admin WHERE NOT enabled", told("admin.disabled")),
        ("count(*) FROM credential WHERE kind = 'api'", told("credential.created")),
        ("ifnull(sum(serial - 1), 0) FROM credential WHERE kind = 'api'", told("credential.rotated")),
        ("count(revoked_at) FROM credential", told("credential.revoked")),
    ];
    statements.extend(same.map(|(there, told)| format!("SELECT (SELECT {there}) - ({told})")));
    statements
}
