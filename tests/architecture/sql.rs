//! Tells SQL from prose, in a string literal. Written in capitals a statement is taken for one at once; in
//! small letters it must also have the marks of one, since "select the client" is good English.

/// Whether `text` is an SQL statement, or a piece of one.
pub(crate) fn looks_like_sql(text: &str) -> bool {
    text.ends_with(".sql")
        || without_comments(text).split(';').any(|piece| {
            let words = words(piece);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            statement(&words) || fragment(&words)
        })
}

/// Whether SQL text asks the database for the time or for randomness, which come in as parameters.
pub(crate) fn reads_time_or_randomness(text: &str) -> bool {
    let small: String = text
        .to_ascii_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| if c == '"' { '\'' } else { c })
        .collect();
    [
        "random()",
        "randomblob(",
        "'now'",
        "current_timestamp",
        "current_date",
        "current_time",
        "unixepoch()",
        "julianday()",
    ]
    .iter()
    .any(|source| small.contains(source))
}

/// Whether these literals, in the order in which they stand in one file, can switch a connection's syncing
/// off. `None` stands for the end of a statement.
pub(crate) fn switches_sync_off(literals: &[Option<&str>]) -> bool {
    let mentioned = literals.iter().flatten().any(|text| text.to_ascii_lowercase().contains("synchronous"));
    let mut before: Option<String> = None;
    for literal in literals {
        let Some(text) = literal else {
            before = None;
            continue;
        };
        let small: String = without_comments(text)
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '"' | '`' | '[' | ']'))
            .collect();
        for (at, name) in small.match_indices("synchronous") {
            let value = &small[at + name.len()..];
            if value.strip_prefix(['=', '(']).is_some_and(is_off) {
                return true;
            }
        }
        let off = match &before {
            Some(name) if name.ends_with("synchronous") || name.ends_with("synchronous=") => {
                ["off", "0", "false", "no"].contains(&small.as_str())
            }
            Some(_) => false,
            None => small == "off" && mentioned,
        };
        if off {
            return true;
        }
        before = Some(small);
    }
    false
}

fn is_off(value: &str) -> bool {
    let value: String = value.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    ["off", "false", "no"].contains(&value.as_str())
        || (!value.is_empty() && value.chars().all(|c| c == '0'))
        || value.strip_prefix("0x").is_some_and(|digits| digits.chars().all(|c| c == '0'))
}

fn without_comments(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    loop {
        let line = rest.find("--");
        let block = rest.find("/*");
        match (line, block) {
            (Some(at), block) if block.is_none_or(|b| at < b) => {
                plain.push_str(&rest[..at]);
                rest = rest[at..].split_once('\n').map_or("", |(_, after)| after);
            }
            (_, Some(at)) => {
                plain.push_str(&rest[..at]);
                rest = rest[at..].split_once("*/").map_or("", |(_, after)| after);
            }
            _ => {
                plain.push_str(rest);
                return plain;
            }
        }
        plain.push(' ');
    }
}

/// Words, numbers and single marks.
fn words(piece: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in piece.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !c.is_whitespace() {
            words.push(c.to_string());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn statement(words: &[&str]) -> bool {
    let Some((&first, rest)) = words.split_first() else { return false };
    let capitals = first.chars().all(|c| c.is_ascii_uppercase());
    let big: Vec<String> = rest.iter().map(|word| word.to_ascii_uppercase()).collect();
    let next = big.first().map_or("", String::as_str);
    let has = |word: &str| big.iter().any(|b| b == word);
    let marks = || ["*", "=", "?", "("].iter().any(|mark| rest.contains(mark));
    match first.to_ascii_uppercase().as_str() {
        _ if rest.is_empty() => {
            capitals && matches!(first, "BEGIN" | "COMMIT" | "ROLLBACK" | "VACUUM" | "ANALYZE" | "REINDEX")
        }
        "SELECT" => {
            let from = big.iter().position(|b| b == "FROM");
            capitals
                || from.is_some_and(|at| at > 0 && (marks() || big.len() == at + 2))
                || next.chars().all(|c| c.is_ascii_digit())
                || (next == "COUNT" && has("("))
        }
        "INSERT" | "REPLACE" => has("INTO") && (capitals || has("VALUES") || has("(") || has("SELECT")),
        "UPDATE" => has("SET") && (capitals || has("=")),
        "DELETE" => next == "FROM" && (capitals || big.len() == 2 || (has("WHERE") && marks())),
        "PRAGMA" => is_name(next),
        "BEGIN" | "COMMIT" | "ROLLBACK" | "END" => {
            matches!(next, "IMMEDIATE" | "DEFERRED" | "EXCLUSIVE" | "TRANSACTION")
                || (capitals && next == "TO")
        }
        "SAVEPOINT" | "RELEASE" => (capitals && is_name(next)) || next == "SAVEPOINT",
        "CREATE" | "DROP" | "ALTER" => {
            let kinds = ["TABLE", "INDEX", "UNIQUE", "TRIGGER", "VIEW", "VIRTUAL", "TEMP", "TEMPORARY"];
            kinds.contains(&next) && (capitals || marks())
        }
        "ATTACH" | "DETACH" => capitals || next == "DATABASE",
        "VACUUM" => capitals || next == "INTO",
        "WITH" => has("AS") && has("SELECT") && has("("),
        "EXPLAIN" => capitals,
        "VALUES" => next == "(",
        _ => false,
    }
}

/// What only SQL has, in capitals.
fn fragment(words: &[&str]) -> bool {
    const RUNS: &[&[&str]] = &[
        &["DELETE", "FROM"],
        &["GROUP", "BY"],
        &["INSERT", "INTO"],
        &["IS", "NULL"],
        &["LEFT", "JOIN"],
        &["INNER", "JOIN"],
        &["NOT", "NULL"],
        &["ON", "CONFLICT"],
        &["ORDER", "BY"],
        &["PRIMARY", "KEY"],
    ];
    let starts = |run: &[&str]| words.windows(run.len()).any(|window| window == run);
    RUNS.iter().any(|run| starts(run))
        || (words.len() > 1
            && ["WHERE", "RETURNING", "COLLATE", "FROM"].iter().any(|word| words.contains(word)))
        || words.windows(2).any(|pair| {
            pair[0] == "LIMIT" && (pair[1] == "?" || pair[1] == "{" || pair[1].parse::<u64>().is_ok())
        })
}

#[test]
fn sql_is_told_from_prose() {
    for sql in [
        "SELECT 1",
        "\n    SELECT id FROM token WHERE key = ?1",
        "select id from token",
        "select * from token where id = 1",
        "select 1",
        "select count(*)",
        "-- a comment\nSELECT id FROM t",
        "/* a */ SELECT id FROM t",
        "INSERT OR IGNORE INTO t VALUES (1)",
        "insert into t (a) values (?)",
        "UPDATE t SET a = 1",
        "update t set a=1",
        "DELETE FROM t",
        "delete from t where a = ?",
        "PRAGMA user_version",
        "pragma journal_mode=WAL",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "begin immediate",
        "COMMIT",
        "ROLLBACK TO a",
        "SAVEPOINT a",
        "CREATE TABLE t (a)",
        "create unique index i on t (a)",
        "ALTER TABLE t ADD COLUMN a",
        "DROP TABLE t",
        "VACUUM INTO ?1",
        "ATTACH ?1 AS other",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "EXPLAIN QUERY PLAN SELECT 1",
        "; PRAGMA synchronous=FULL",
        "a words; SELECT id",
        " AND id = ?2 ORDER BY id",
        " LIMIT {}",
        " WHERE id = ?",
        "id INTEGER PRIMARY KEY",
        "x IS NULL",
        "schema.sql",
    ] {
        assert!(looks_like_sql(sql), "missed: {sql}");
    }
    for prose in [
        "",
        "select the client from the list",
        "Select a credential (or make one)",
        "update the settings",
        "Update",
        "delete the file",
        "DELETE",
        "delete from the list of clients",
        "begin",
        "begin with the letter",
        "BEGIN PRIVATE KEY",
        "Pragma: no-cache",
        "commit",
        "vacuum",
        "the store was busy until the deadline",
        "insert into the envelope",
        "create a table of contents",
        "<select name=\"client\">",
        "no store there: make one with init",
        "with this key as the seal",
        "released",
        "settings.session_idle",
    ] {
        assert!(!looks_like_sql(prose), "taken for SQL: {prose}");
    }
}

#[test]
fn every_way_to_switch_syncing_off_is_seen() {
    for off in [
        &[Some("PRAGMA synchronous=OFF")][..],
        &[Some("pragma main.Synchronous = off;")],
        &[Some("PRAGMA synchronous\n =\t'OFF'")],
        &[Some("PRAGMA synchronous(0)")],
        &[Some("PRAGMA journal_mode=WAL; PRAGMA synchronous = 0; SELECT 1")],
        &[Some("PRAGMA synchronous /* fast */ = OFF")],
        &[Some("PRAGMA synchronous = no")],
        &[Some("PRAGMA synchronous = 0x0")],
        &[Some("synchronous"), Some("OFF")],
        &[Some("synchronous"), Some("0")],
        &[Some("PRAGMA synchronous = "), Some("off")],
        &[Some("PRAGMA synchronous = {}"), None, Some("OFF")],
    ] {
        assert!(switches_sync_off(off), "missed: {off:?}");
    }
    for on in [
        &[Some("PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF")][..],
        &[Some("PRAGMA synchronous = NORMAL"), None, Some("trusted_schema"), Some("OFF")],
        &[Some("synchronous"), Some("FULL"), None, Some("offset")],
        &[Some("PRAGMA synchronous = 1"), None, Some("0")],
        &[Some("the switch is off"), None, Some("off")],
    ] {
        assert!(!switches_sync_off(on), "wrongly seen: {on:?}");
    }
}
