//! The house's own data: which module is which part, who may name whom, and every exemption with its reason.
//! A new module, part or exemption is a line here; the rules themselves stand in `rules`.

/// A part of the crate, from the table of contents of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `lib.rs`: declares the modules and shows the public names.
    Root,
    /// Pure decisions and values.
    Domain,
    /// Joins store, clock and randomness.
    UseCases,
    /// Traits and plain values of the store.
    Store,
    /// The one place that names backends.
    StoreOpen,
    /// A backend.
    Sqlite,
    /// A backend.
    Mysql,
    /// The registry of management operations.
    Ops,
    /// File identity, locks, SQLite file control.
    Sys,
    /// The C ABI.
    Ffi,
    /// WHMCS-compatible actions.
    Api,
    /// Sign-in endpoints.
    Web,
    /// The command-line tool: a crate of its own that knows only the library's public names.
    Cli,
}

/// The modules that are domain.
pub(crate) const DOMAIN: &[&str] = &[
    "admin",
    "audit",
    "autoauth",
    "clock",
    "credential",
    "destination",
    "directory",
    "error",
    "id",
    "link",
    "seal",
    "secret",
    "session",
    "settings",
    "throttle",
    "upkeep",
    "token",
];

/// Every other module, the longest matching path counts.
pub(crate) const PARTS: &[(&str, Part)] = &[
    ("gatepass", Part::UseCases),
    ("store", Part::Store),
    ("store/open", Part::StoreOpen),
    ("store/sqlite", Part::Sqlite),
    ("store/mysql", Part::Mysql),
    ("ops", Part::Ops),
    ("sys", Part::Sys),
    ("ffi", Part::Ffi),
    ("api", Part::Api),
    ("web", Part::Web),
    ("cli", Part::Cli),
];

/// Who may name whom; each part may name itself.
pub(crate) const MAY_NAME: &[(Part, &[Part])] = &[
    (
        Part::Root,
        &[Part::Domain, Part::UseCases, Part::Store, Part::Ops, Part::Sys, Part::Ffi, Part::Api, Part::Web],
    ),
    (Part::Domain, &[]),
    (Part::UseCases, &[Part::Root, Part::Domain, Part::Store, Part::StoreOpen, Part::Sys]),
    (Part::Store, &[Part::Root, Part::Domain, Part::StoreOpen]),
    (Part::StoreOpen, &[Part::Root, Part::Domain, Part::Store, Part::Sqlite, Part::Mysql, Part::Sys]),
    (Part::Sqlite, &[Part::Root, Part::Domain, Part::Store, Part::Sys]),
    (Part::Mysql, &[Part::Root, Part::Domain, Part::Store, Part::Sys]),
    (Part::Ops, &[Part::Root, Part::Domain, Part::UseCases]),
    (Part::Sys, &[Part::Root, Part::Domain]),
    (Part::Ffi, &[Part::Root, Part::Domain, Part::UseCases, Part::Ops, Part::Api, Part::Web, Part::Sys]),
    (Part::Api, &[Part::Root, Part::Domain, Part::UseCases, Part::Ops]),
    (Part::Web, &[Part::Root, Part::Domain, Part::UseCases, Part::Ops, Part::Api]),
    (Part::Cli, &[Part::Root, Part::Domain, Part::UseCases, Part::Ops, Part::Api, Part::Web]),
];

/// The crates that domain modules may name, besides std: hash, time and secret crates, and those that derive.
pub(crate) const DOMAIN_CRATES: &[&str] = &[
    "alloc",
    "argon2",
    "base16ct",
    "base32ct",
    "chacha20poly1305",
    "core",
    "crc32fast",
    "form_urlencoded",
    "ipnet",
    "once_cell",
    "rand_core",
    "serde",
    "serde_json",
    "serde_path_to_error",
    "sha1",
    "sha2",
    "std",
    "subtle",
    "thiserror",
    "time",
    "url",
    "zeroize",
];

/// What domain modules may not name of std: whatever touches the world outside.
pub(crate) const DOMAIN_NOT_STD: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
    "std::thread",
];

/// Crates that are known to be outside, whether the manifest lists them today or not.
pub(crate) const OUTSIDE: &[&str] = &[
    "axum",
    "getrandom",
    "http",
    "hyper",
    "libc",
    "libsqlite3_sys",
    "mysql",
    "nix",
    "rand",
    "reqwest",
    "rusqlite",
    "rustix",
    "tiny_http",
    "tokio",
    "ureq",
];

/// Database drivers, and the parts that may name them.
pub(crate) const DRIVERS: &[(&str, &[Part])] = &[
    ("rusqlite", &[Part::Sqlite, Part::Sys]),
    ("libsqlite3_sys", &[Part::Sqlite, Part::Sys]),
    ("sqlite", &[Part::Sqlite, Part::StoreOpen]),
    ("mysql", &[Part::Mysql, Part::StoreOpen]),
];

/// A source of time or randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// `Instant`: how long something took.
    Instant,
    /// `SystemTime` and its kin.
    SystemTime,
    /// Our own clock: `SystemClock`, `Clock::now`.
    Clock,
    /// A generator.
    Random,
}

/// Where time is read and randomness drawn, besides the use cases, and why.
pub(crate) const SOURCES: &[(&str, &[Source], &str)] = &[
    (
        "gatepass",
        &[Source::Instant, Source::SystemTime, Source::Clock, Source::Random],
        "the use cases join clock and randomness with the rest",
    ),
    ("clock", &[Source::SystemTime, Source::Clock], "it is the clock"),
    ("lib", &[Source::Clock], "shows the clock's types to hosts; reads nothing"),
    ("store/sqlite", &[Source::Instant], "keeps the caller's deadline while SQLite is busy"),
    ("store/pool", &[Source::Instant], "keeps the caller's deadline while all are lent"),
    ("store/mysql", &[Source::Instant], "keeps the caller's deadline while the server is busy"),
    ("cli", &[Source::Instant], "a program shows how long its work took"),
    ("cli/input", &[Source::Clock], "turns `24h` into a time"),
    ("cli/race", &[Source::SystemTime], "its processes start at one wall-clock moment"),
    ("cli/serve/log", &[Source::Clock], "a request log says when"),
    (
        "cli/demo",
        &[Source::SystemTime, Source::Clock],
        "makes legacy links for now, and for times that are over",
    ),
];

/// Who opens files, and why that is never the database while SQLite has it open.
pub(crate) const FILE_OPENERS: &[(&str, &str)] = &[
    ("sys", "makes the file with its mode before SQLite opens it, and holds the folder and lock files"),
    (
        "cli",
        "a program reads what it is pointed at and writes its reports; it goes to the store through the library",
    ),
    ("gatepass/seal_file", "reads the sealing key, a file outside the store's folder"),
];

/// What of `std::fs` opens no file, so that anybody may use it: it can't drop SQLite's POSIX locks.
pub(crate) const HARMLESS_FS: &[&str] = &[
    "canonicalize",
    "create_dir",
    "create_dir_all",
    "exists",
    "DirBuilder",
    "DirBuilderExt",
    "FileType",
    "FileTypeExt",
    "Metadata",
    "metadata",
    "MetadataExt",
    "Permissions",
    "PermissionsExt",
    "set_permissions",
    "symlink_metadata",
];

/// The most lines a file may have.
pub(crate) const LINES: usize = 450;

/// Files that may be longer, and why.
pub(crate) const LONG: &[(&str, &str)] = &[
    ("tests/conformance", "one list of promises that every backend keeps"),
    ("store/conformance", "one list of promises that every backend keeps"),
];

/// The crates that only the tool and its server need, by the feature that brings them.
pub(crate) const TOOL_CRATES: &[(&str, &[&str])] = &[
    ("cli", &["clap", "clap_complete", "clap_mangen", "comfy-table", "indicatif"]),
    ("serve", &["http-body-util", "hyper", "hyper-util", "tokio"]),
];

/// Whether `module` is `place` or stands below it. `lib` is the root alone.
pub(crate) fn within(module: &[String], place: &str) -> bool {
    if place == "lib" {
        return module.is_empty();
    }
    let mut parts = module.iter();
    place.split('/').all(|wanted| parts.next().is_some_and(|part| part == wanted))
}

/// The part that `module` belongs to; nothing for a module that the tables above don't list.
pub(crate) fn part(module: &[String]) -> Option<Part> {
    if module.is_empty() {
        return Some(Part::Root);
    }
    if DOMAIN.contains(&module[0].as_str()) {
        return Some(Part::Domain);
    }
    PARTS.iter().filter(|(place, _)| within(module, place)).max_by_key(|(place, _)| place.len()).map(|p| p.1)
}
