//! Where a person lands after signing in: named destinations, and the relative paths behind them.
//!
//! A destination is a name of the public contract (`clientarea:invoices`) or of the host, with the path of a
//! page below the [`SystemUrl`]. Some take the id of a service or a domain; whether that belongs to the
//! client is the landing page's business, since only the application knows. [`resolve`] turns what a caller
//! asked for into a [`SafePath`], and [`SafePath::parse`] is the one place that decides what is safe.
//!
//! Everything here is a pure function of its arguments: no store, no clock, no request.

mod deny;
mod path;
mod system_url;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use deny::{ADMIN_FOLDER, DenyTable};
pub use path::{MAX_FRAGMENT, MAX_PATH, MAX_QUERY, PathError, SafePath};
pub use system_url::SystemUrl;

use crate::error::{Error, Result};
use crate::id::ItemId;

/// Where a person lands when no destination was asked for: the client area's home page.
pub const HOME: &str = "clientarea.php";

/// The destination whose path comes with the request, as `redirect_path`.
pub const CUSTOM_REDIRECT: &str = "sso:custom_redirect";

/// The scope that every single sign-on credential of WHMCS carries. It looks like a destination and is none
/// (contract §2), so nobody may define one of that name.
const BASE_SCOPE: &str = "clientarea:sso";

/// The longest name of a destination, in bytes.
const MAX_NAME: usize = 64;

/// Stands for the id in a path template.
const PLACEHOLDER: &str = "{id}";

/// What a destination needs from the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Nothing.
    #[default]
    None,
    /// A `service_id`.
    Service,
    /// A `domain_id`.
    Domain,
    /// A `redirect_path`. Only [`CUSTOM_REDIRECT`] has it.
    Path,
}

impl Input {
    /// The word for it, in stores and documents.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Input::None => "none",
            Input::Service => "service",
            Input::Domain => "domain",
            Input::Path => "path",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Input::None, Input::Service, Input::Domain, Input::Path]
            .into_iter()
            .find(|input| input.as_str() == word)
    }
}

/// A named landing page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Its name: `clientarea:product_details`.
    pub name: String,
    /// Its path relative to the system URL, with `{id}` where the id goes. Empty if the path comes with the
    /// request.
    #[serde(default)]
    pub path: String,
    /// What it needs from the caller.
    #[serde(default)]
    pub input: Input,
}

impl Destination {
    /// Whether a host may define this destination for the system at `base`. Names of the default map may be
    /// defined anew, with another path.
    ///
    /// # Errors
    /// [`Error::Invalid`] for
    /// * `name`: not `^[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$`, longer than 64 bytes, or `clientarea:sso`;
    /// * `input`: `path` for another name than [`CUSTOM_REDIRECT`], or anything else for that;
    /// * `path`: no `{id}`, or more than one, although an id is needed; one although none is; or, filled in
    ///   with the longest id, not safe by [`SafePath::parse`].
    pub fn check(&self, base: &SystemUrl, deny: &DenyTable) -> Result<()> {
        if !well_formed(&self.name) {
            return Err(Error::invalid(
                "name",
                "must be two words of [a-z0-9_] with `:` between, at most 64 bytes",
            ));
        }
        if self.name == BASE_SCOPE {
            return Err(Error::invalid("name", "is the base scope and no destination"));
        }
        if (self.input == Input::Path) != (self.name == CUSTOM_REDIRECT) {
            return Err(Error::invalid("input", "`path` is for sso:custom_redirect and nothing else"));
        }
        let placeholders = self.path.matches(PLACEHOLDER).count();
        match self.input {
            Input::Path if self.path.is_empty() => return Ok(()),
            Input::Path => return Err(Error::invalid("path", "must be empty, it comes with the request")),
            Input::None if placeholders > 0 => {
                return Err(Error::invalid("path", "must not have {id}, since no id is taken"));
            }
            Input::Service | Input::Domain if placeholders != 1 => {
                return Err(Error::invalid("path", "must have {id} exactly once"));
            }
            Input::None | Input::Service | Input::Domain => {}
        }
        let sample = self.path.replace(PLACEHOLDER, &i64::MAX.to_string());
        SafePath::parse(&sample, base, deny).map(drop).map_err(|error| error.invalid("path"))
    }
}

fn well_formed(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    name.len() <= MAX_NAME && name.split_once(':').is_some_and(|(scope, page)| word(scope) && word(page))
}

/// The names of contract §2 in its order. The documents give labels, not paths: each path is the public
/// address of that page today, in the form `index.php?rp=/…` (which needs no rewriting by the web server)
/// where the page is a route.
const DEFAULTS: &[(&str, &str, Input)] = &[
    ("clientarea:profile", "clientarea.php?action=details", Input::None),
    ("clientarea:billing_info", "index.php?rp=/account/paymentmethods", Input::None),
    ("clientarea:emails", "clientarea.php?action=emails", Input::None),
    ("clientarea:announcements", "index.php?rp=/announcements", Input::None),
    ("clientarea:downloads", "index.php?rp=/download", Input::None),
    ("clientarea:knowledgebase", "index.php?rp=/knowledgebase", Input::None),
    ("clientarea:network_status", "serverstatus.php", Input::None),
    ("clientarea:services", "clientarea.php?action=services", Input::None),
    ("clientarea:product_details", "clientarea.php?action=productdetails&id={id}", Input::Service),
    ("clientarea:domains", "clientarea.php?action=domains", Input::None),
    ("clientarea:domain_details", "clientarea.php?action=domaindetails&id={id}", Input::Domain),
    ("clientarea:invoices", "clientarea.php?action=invoices", Input::None),
    ("clientarea:tickets", "supporttickets.php", Input::None),
    ("clientarea:submit_ticket", "submitticket.php", Input::None),
    ("clientarea:shopping_cart", "cart.php", Input::None),
    ("clientarea:shopping_cart_addons", "cart.php?gid=addons", Input::None),
    ("clientarea:shopping_cart_domain_register", "cart.php?a=add&domain=register", Input::None),
    ("clientarea:shopping_cart_domain_transfer", "cart.php?a=add&domain=transfer", Input::None),
    (CUSTOM_REDIRECT, "", Input::Path),
];

/// The destinations that every store knows, until its host changes their paths.
pub fn defaults() -> &'static [Destination] {
    static MAP: LazyLock<Vec<Destination>> = LazyLock::new(|| {
        let made = |&(name, path, input): &(&str, &str, Input)| Destination {
            name: name.to_owned(),
            path: path.to_owned(),
            input,
        };
        DEFAULTS.iter().map(made).collect()
    });
    &MAP
}

/// The default destination of that name, byte for byte.
pub fn find_default(name: &str) -> Option<&'static Destination> {
    defaults().iter().find(|destination| destination.name == name)
}

/// What a caller asked for, by the API's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted<'a> {
    /// `destination`. Absent means the home page.
    pub destination: Option<&'a str>,
    /// `service_id`.
    pub service_id: Option<ItemId>,
    /// `domain_id`.
    pub domain_id: Option<ItemId>,
    /// `redirect_path`.
    pub path: Option<&'a str>,
}

impl Wanted<'_> {
    /// Only what `destination` takes: some API clients send what earlier calls left behind.
    pub(crate) fn without_leftovers(self, destination: Option<&Destination>) -> Self {
        let input = destination.map_or(Input::None, |destination| destination.input);
        Wanted {
            destination: self.destination,
            service_id: self.service_id.filter(|_| input == Input::Service),
            domain_id: self.domain_id.filter(|_| input == Input::Domain),
            path: self.path.filter(|_| input == Input::Path),
        }
    }
}

/// Where the person is going to land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The name of the destination, if one was asked for.
    pub name: Option<String>,
    /// The service or domain.
    pub item: Option<ItemId>,
    /// The page.
    pub landing: SafePath,
}

/// Turn what was `wanted` into a page below `base`. `destination` is what the caller of this function found
/// under the wanted name; what an unknown name is answered with is decided there.
///
/// # Errors
/// [`Error::Invalid`] for `service_id`, `domain_id` or `redirect_path`: it is missing and the destination
/// needs it, or it is there and the destination does not take it, or the path is not safe by
/// [`SafePath::parse`]; for `destination`: it is not the one that is wanted, or its own path is not safe.
pub fn resolve(
    destination: Option<&Destination>,
    wanted: &Wanted<'_>,
    base: &SystemUrl,
    deny: &DenyTable,
) -> Result<Resolved> {
    let name = destination.map(|destination| destination.name.as_str());
    if wanted.destination != name {
        return Err(Error::invalid("destination", "unknown destination"));
    }
    let input = destination.map_or(Input::None, |destination| destination.input);
    let service = fits("service_id", wanted.service_id, input == Input::Service)?;
    let domain = fits("domain_id", wanted.domain_id, input == Input::Domain)?;
    let path = fits("redirect_path", wanted.path, input == Input::Path)?;
    let item = service.or(domain);

    let template = destination.map_or(HOME, |destination| &destination.path);
    let landing = match (path, item) {
        (Some(path), _) => {
            SafePath::parse(path, base, deny).map_err(|error| error.invalid("redirect_path"))?
        }
        (None, Some(id)) => fixed(&template.replace(PLACEHOLDER, &id.to_string()), base, deny)?,
        (None, None) => fixed(template, base, deny)?,
    };
    Ok(Resolved { name: name.map(str::to_owned), item, landing })
}

/// A path of ours or the host's, judged again: the system URL or the deny table may have changed since it was
/// defined.
fn fixed(path: &str, base: &SystemUrl, deny: &DenyTable) -> Result<SafePath> {
    SafePath::parse(path, base, deny).map_err(|error| error.invalid("destination"))
}

fn fits<T>(field: &'static str, given: Option<T>, needed: bool) -> Result<Option<T>> {
    match (&given, needed) {
        (None, true) => Err(Error::invalid(field, "is needed for this destination")),
        (Some(_), false) => Err(Error::invalid(field, "is not taken by this destination")),
        _ => Ok(given),
    }
}

#[cfg(test)]
mod tests;
