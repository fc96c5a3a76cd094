//! The pages on which nobody is to land by a sign-in: those that sign in or out, and those that change
//! something when they are merely opened.
//!
//! The table is data: a list of short texts, of which a store keeps its own. An entry is a file
//! (`logout.php`), a folder (`oauth/`) or a query parameter (`dosinglesignon=`). Matching errs on the side of
//! refusing, since a page has many spellings and the server behind decides which of them lead to it: ASCII
//! case does not count, a path is looked at raw, once and twice decoded, `logout.php/x`, `logout.php;x` and
//! (Apache's MultiViews) `logout` are `logout.php`, the route in `index.php?rp=/…` and behind `index.php/` is
//! a page like another, and names of parameters are read as PHP reads them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The longest entry, in bytes.
const MAX_LENGTH: usize = 128;
/// The most entries in a table.
const MAX_ENTRIES: usize = 256;
/// The query parameter that carries a route (contract §2: `index.php?rp=/announcements`).
const ROUTE: &str = "rp";

/// The name that the admin folder has unless somebody renamed it.
pub const ADMIN_FOLDER: &str = "admin";

/// The entries of every new table, without the admin folder, which is an argument of [`DenyTable::new`].
const DEFAULTS: &[&str] =
    &["dologin.php", "logout.php", "signin.php", "oauth/", "includes/", "modules/", "dosinglesignon="];

/// One entry, in lower case. `File` and `Folder` hold their segments.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    File(Vec<String>),
    Folder(Vec<String>),
    Parameter(String),
}

/// The pages on which nobody lands by a sign-in. In JSON the whole list of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct DenyTable(Vec<Entry>);

impl DenyTable {
    /// The default entries, the admin folder by its name (`admin` or `admin/`), and `extra` ones in the form
    /// of [`DenyTable::from_entries`].
    ///
    /// # Errors
    /// [`Error::Invalid`] for `deny`, as for [`DenyTable::from_entries`].
    pub fn new<T: AsRef<str>>(admin_folder: &str, extra: &[T]) -> Result<Self> {
        let admin = format!("{}/", admin_folder.strip_suffix('/').unwrap_or(admin_folder));
        let own = std::iter::once(admin.as_str()).chain(extra.iter().map(AsRef::as_ref));
        Self::from_texts(DEFAULTS.iter().copied().chain(own))
    }

    /// Exactly these entries, and no default: `name.php` is a file at any depth, `folder/` all that is in a
    /// folder directly below the system URL, `parameter=` a query parameter whatever its value. Names are
    /// `[A-Za-z0-9._-]`, a file or folder may be several of them with slashes between.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `deny`: another form, more than 128 bytes in an entry, more than 256 entries.
    pub fn from_entries<T: AsRef<str>>(entries: &[T]) -> Result<Self> {
        Self::from_texts(entries.iter().map(AsRef::as_ref))
    }

    fn from_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut table = Vec::new();
        for text in texts {
            let entry = Entry::parse(text)?;
            if !table.contains(&entry) {
                table.push(entry);
            }
            if table.len() > MAX_ENTRIES {
                return Err(Error::invalid("deny", "has more than 256 entries"));
            }
        }
        Ok(DenyTable(table))
    }

    /// The entries as texts, in lower case.
    pub fn entries(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(Entry::to_string)
    }

    /// Whether the table names this page. `text` is a path with its query, relative to the system URL, at one
    /// level of decoding; the caller asks once per level.
    pub(super) fn denies(&self, text: &str) -> bool {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        // `?` and `;` part parameters too: the one for a URL inside a value, the other for servers set up so.
        let mut parameters = query.split(['&', ';', '?', '#']);
        self.denies_page(path)
            || parameters.any(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                (is_parameter(name, ROUTE) && self.denies_page(value))
                    || self
                        .0
                        .iter()
                        .any(|entry| matches!(entry, Entry::Parameter(denied) if is_parameter(name, denied)))
            })
    }

    fn denies_page(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split('/').map(file_name).filter(|name| !name.is_empty()).collect();
        (0..segments.len()).any(|at| {
            // What stands behind a script is a route, read from the top again.
            let top = at == 0 || stem(segments[at - 1]).is_some();
            self.0.iter().any(|entry| match entry {
                Entry::File(file) => {
                    begins(&segments[at..], file) || (top && begins_without_extension(&segments[at..], file))
                }
                Entry::Folder(folder) => top && begins(&segments[at..], folder),
                Entry::Parameter(_) => false,
            })
        })
    }
}

impl Default for DenyTable {
    /// The default entries with the admin folder `admin/`.
    fn default() -> Self {
        let admin = Entry::Folder(vec![ADMIN_FOLDER.to_owned()]);
        let defaults = DEFAULTS.iter().filter_map(|text| Entry::parse(text).ok());
        DenyTable(defaults.chain([admin]).collect())
    }
}

impl TryFrom<Vec<String>> for DenyTable {
    type Error = Error;
    fn try_from(entries: Vec<String>) -> Result<Self> {
        DenyTable::from_entries(&entries)
    }
}

impl From<DenyTable> for Vec<String> {
    fn from(table: DenyTable) -> Vec<String> {
        table.entries().collect()
    }
}

impl Entry {
    fn parse(text: &str) -> Result<Self> {
        let invalid = |reason: &'static str| Err(Error::invalid("deny", reason));
        if text.len() > MAX_LENGTH {
            return invalid("an entry is longer than 128 bytes");
        }
        let text = text.to_ascii_lowercase();
        if let Some(name) = text.strip_suffix('=') {
            return match plain(name) && is_parameter(name, name) {
                true => Ok(Entry::Parameter(name.to_owned())),
                false => invalid("an entry for a parameter must be a name of [A-Za-z0-9_-] and `=`"),
            };
        }
        let path = text.strip_suffix('/').unwrap_or(&text);
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        // A segment that matching would cut could never match, so it is no entry.
        if !segments.iter().all(|segment| plain(segment) && file_name(segment) == segment) {
            return invalid(
                "an entry must be as `name.php`, `folder/` or `parameter=`, below the system URL",
            );
        }
        Ok(if text.ends_with('/') { Entry::Folder(segments) } else { Entry::File(segments) })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::File(file) => f.write_str(&file.join("/")),
            Entry::Folder(folder) => write!(f, "{}/", folder.join("/")),
            Entry::Parameter(name) => write!(f, "{name}="),
        }
    }
}

fn plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// What a server may look for on its disk: without parameters behind `;`, a stream behind `:` (Windows), or
/// what was an encoded `?` or `#`, and without the dots and blanks that Windows drops at the end.
fn file_name(segment: &str) -> &str {
    let name = segment.split([';', ':', '?', '#']).next().unwrap_or_default();
    name.trim_end_matches([' ', '.'])
}

/// Whether PHP reads a parameter's name as `wanted`, which is in lower case: without blanks before it and
/// indexes behind it, `.` and blank as `_`. Dots and blanks at the end, which PHP keeps as `_`, are dropped
/// too: other readers drop them.
fn is_parameter(name: &str, wanted: &str) -> bool {
    let name = name.split('[').next().unwrap_or_default().trim_matches([' ', '+', '.']);
    let read = |byte| if matches!(byte, b' ' | b'+' | b'.') { b'_' } else { byte.to_ascii_lowercase() };
    name.len() == wanted.len() && name.bytes().map(read).eq(wanted.bytes())
}

/// The name of a script without its extension.
fn stem(name: &str) -> Option<&str> {
    let (stem, extension) = name.split_at_checked(name.len().checked_sub(".php".len())?)?;
    extension.eq_ignore_ascii_case(".php").then_some(stem)
}

fn begins(segments: &[&str], with: &[String]) -> bool {
    segments.len() >= with.len()
        && segments.iter().zip(with).all(|(segment, name)| segment.eq_ignore_ascii_case(name))
}

fn begins_without_extension(segments: &[&str], file: &[String]) -> bool {
    let Some((last, folders)) = file.split_last() else { return false };
    let (Some(stem), Some(segment)) = (stem(last), segments.get(folders.len())) else { return false };
    begins(segments, folders) && segment.eq_ignore_ascii_case(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_a_list_of_texts_and_reads_back() {
        let table =
            DenyTable::new("Control-Room/", &["Danger.php", "lab/danger/", "wipe=", "oauth/"]).unwrap();
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(
            json,
            "[\"dologin.php\",\"logout.php\",\"signin.php\",\"oauth/\",\"includes/\",\"modules/\",\
             \"dosinglesignon=\",\"control-room/\",\"danger.php\",\"lab/danger/\",\"wipe=\"]"
        );
        assert_eq!(serde_json::from_str::<DenyTable>(&json).unwrap(), table);
        assert_eq!(DenyTable::new::<&str>("admin", &[]).unwrap(), DenyTable::default());
        assert_eq!(DenyTable::default().entries().count(), DEFAULTS.len() + 1);
    }

    #[test]
    fn an_entry_of_another_form_is_refused() {
        let long = "a".repeat(MAX_LENGTH + 1);
        for bad in [
            "",
            "/",
            "//",
            "=",
            "/x.php",
            "a//b.php",
            "x y.php",
            "x%2ephp",
            "a\\b",
            "..",
            "../",
            "./x.php",
            "x.",
            "é.php",
            "a=b",
            "a.b=",
            "_[x]=",
            ".x=",
            "x.php?a=1",
            "x;y",
            "a:b/",
            "x.php\0",
            "\n",
            "*",
            &long,
        ] {
            let error = DenyTable::from_entries(&[bad]).unwrap_err();
            assert!(matches!(&error, Error::Invalid { field, .. } if field == "deny"), "{bad:?}: {error}");
        }
        for bad in ["", "/", "a//b", "..", "a=b"] {
            assert!(DenyTable::new::<&str>(bad, &[]).is_err(), "{bad:?}");
        }
        let many: Vec<String> = (0..=MAX_ENTRIES).map(|n| format!("{n}.php")).collect();
        assert!(DenyTable::from_entries(&many).is_err());
        assert!(DenyTable::from_entries(&many[1..]).is_ok());
        assert!(DenyTable::from_entries(&[&long[1..]]).is_ok());
    }

    #[test]
    fn a_page_is_denied_in_every_spelling_that_a_server_may_understand() {
        let table = DenyTable::new("admin", &["lab/danger/", "shop/wipe.php"]).unwrap();
        for denied in [
            "dologin.php",
            "DoLogin.PHP",
            "dologin",
            "dologin.php/extra",
            "x/dologin.php",
            "dologin.php;a=b",
            "dologin.php.",
            "dologin.php ",
            "dologin.php::$DATA",
            "index.php/logout",
            "index.php?rp=/logout",
            "index.php?rp=logout.php",
            "index.php?a=b&RP=/oauth/authorize",
            "oauth",
            "oauth/",
            "OAuth/singlesignon.php",
            "index.php/admin/",
            "admin/index.php?x=1",
            "lab/danger/x",
            "shop/wipe.php",
            "shop/wipe",
            "y/shop/wipe.php",
            "x.php?dosinglesignon=1",
            "x.php?a=1&dosinglesignon",
            "x.php?DoSingleSignOn=1",
            "x.php?dosinglesignon[]=1",
            "x.php? dosinglesignon=1",
            "x.php?++dosinglesignon=1",
            "x.php?dosinglesignon .=1",
            "x.php?a=1;dosinglesignon=1",
            "x.php?u=y.php?dosinglesignon=1",
        ] {
            assert!(table.denies(denied), "{denied} was not denied");
        }
        for fine in [
            "",
            "clientarea.php",
            "logout.php.html",
            "xlogout.php",
            "kb/12/logout",
            "store/oauth/",
            "laboratory/danger/x",
            "lab/dangerous/x",
            "wipe.php",
            "index.php?rp=/account/paymentmethods",
            "x.php?xdosinglesignon=1",
            "x.php?a=dosinglesignon",
            "search.php?q=logout.php",
            "search.php?to=logout.php",
            "x.php?abcdefghijklmn=1",
            "administrator/",
            "modules.php",
            "oauth-help",
        ] {
            assert!(!table.denies(fine), "{fine} was denied");
        }
    }
}
