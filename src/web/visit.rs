//! A request to a sign-in page, with what every such page asks first: the settings, the cookies, where it
//! came from and who is signed in there.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::client_address::client_address;
use super::cookies::Cookies;
use super::html::Html;
use super::{Request, Response, page};
use crate::destination::{HOME, SafePath};
use crate::error::{Error, Result};
use crate::gatepass::Gatepass;
use crate::id::{ClientId, CredentialId, UserId};
use crate::session::{Session, SessionId};
use crate::settings::{Confirm, Settings};

/// A browser on a sign-in page.
pub(super) struct Visit<'a> {
    pub(super) gate: &'a Gatepass,
    pub(super) request: &'a Request,
    pub(super) settings: Arc<Settings>,
    pub(super) cookies: Cookies,
    pub(super) address: Option<IpAddr>,
    /// The session that the browser presents, good or not.
    pub(super) presented: Option<SessionId>,
    /// The session, if it is good: who is signed in here.
    pub(super) session: Option<Session>,
}

impl<'a> Visit<'a> {
    pub(super) fn begin(gate: &'a Gatepass, request: &'a Request) -> Result<Self> {
        let settings = gate.settings()?;
        let cookies = Cookies::of(&settings, &gate.info()?.store_id);
        let address = client_address(request, &settings.trusted_proxies);
        let presented = match cookies.session(request) {
            Some(text) => unless_refused(read_session(gate, text, address))?,
            None => None,
        };
        let session = match &presented {
            Some(session) => unless_refused(gate.check_session(session, address))?,
            None => None,
        };
        Ok(Visit { gate, request, settings, cookies, address, presented, session })
    }

    pub(super) fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    /// A page of this store.
    pub(super) fn page(&self, status: u16, title: &'static str, main: Html) -> Response {
        page::page(status, Some(&self.settings), title, main)
    }

    /// The URL of a path below the system URL, which was judged before.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.settings.system_url)
    }

    /// The URL of a path that was judged long ago, or below another system URL; `None` if it is not safe now.
    pub(super) fn safe_url(&self, path: &str) -> Option<String> {
        let settings = &self.settings;
        let safe = SafePath::parse(path, &settings.system_url, &settings.deny).ok()?;
        Some(settings.system_url.join(&safe))
    }

    /// Where somebody came from: the home of the credential that sent him, else the system URL.
    pub(super) fn home_of(&self, credential: Option<CredentialId>) -> Result<String> {
        let credential = credential.map(|id| unless_refused(self.gate.credential_by_id(id))).transpose()?;
        let home = credential.flatten().and_then(|credential| credential.home_url);
        Ok(home.unwrap_or_else(|| self.settings.system_url.to_string()))
    }

    /// The client area's home page.
    pub(super) fn home(&self) -> String {
        self.url(HOME)
    }

    /// Whether the person must be asked before `user` is signed in here: otherwise whoever holds a link of
    /// his own could sign somebody else in as himself.
    pub(super) fn must_ask(&self, confirm: Confirm, user: Option<UserId>) -> bool {
        confirm == Confirm::Always || self.is_other(user)
    }

    /// Whether somebody is signed in here who is not this user.
    pub(super) fn is_other(&self, user: Option<UserId>) -> bool {
        self.session.as_ref().is_some_and(|session| session.user_id != user || user.is_none())
    }

    /// Whether this user is signed in here already, in the same client.
    pub(super) fn is_signed_in(&self, user: Option<UserId>, client: Option<ClientId>) -> bool {
        let same = |session: &Session| session.user_id == user && session.client_id == client;
        user.is_some() && self.session.as_ref().is_some_and(same)
    }

    /// Somebody as the pages call him.
    pub(super) fn person(&self, user: Option<UserId>, client: Option<ClientId>) -> Result<Person> {
        let Some(user) = user else {
            let name = client.map_or("nobody".to_owned(), |client| format!("client {client}"));
            return Ok(Person { name, email: None });
        };
        let Some(found) = unless_refused(self.gate.user(user))? else {
            return Ok(Person { name: format!("user {user}"), email: None });
        };
        let name = format!("{} {}", found.first_name, found.last_name).trim().to_owned();
        Ok(match (name.is_empty(), found.email) {
            (false, email) => Person { name, email },
            (true, Some(email)) => Person { name: email, email: None },
            (true, None) => Person { name: format!("user {user}"), email: None },
        })
    }

    /// Who is signed in here.
    pub(super) fn signed_in(&self) -> Result<Option<Person>> {
        let session = self.session.as_ref();
        session.map(|session| self.person(session.user_id, session.client_id)).transpose()
    }
}

/// A session id from its cookie. Bytes that are no text can't be one either.
pub(super) fn read_session(gate: &Gatepass, text: &[u8], address: Option<IpAddr>) -> Result<SessionId> {
    gate.read_session_id(&String::from_utf8_lossy(text), address)
}

/// `None` for what is refused. That the store could not answer stays an error: nobody is let in on it.
pub(super) fn unless_refused<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Somebody's name, and the address that tells him from others of that name.
pub(super) struct Person {
    name: String,
    email: Option<String>,
}

impl Person {
    /// Both, each kept from changing the direction of the text around it.
    pub(super) fn html(&self) -> Html {
        let html = Html::new().markup("<strong><bdi>").text(steady(&self.name)).markup("</bdi></strong>");
        match &self.email {
            Some(email) => html.markup(" (<bdi>").text(steady(email)).markup("</bdi>)"),
            None => html,
        }
    }
}

/// The name alone.
impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&isolated(&self.name))
    }
}

/// A text of somebody's within a sentence of ours: letters of another direction stay within it.
pub(super) fn isolated(text: &str) -> String {
    format!("\u{2068}{}\u{2069}", steady(text))
}

/// Without the characters that turn the direction of the text around them, or end an isolation (Unicode's UAX 9).
fn steady(text: &str) -> String {
    let steers = |character: &char| matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|character| !steers(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_turns_the_text_around_it() {
        assert_eq!(isolated("أن ß"), "\u{2068}أن ß\u{2069}");
        assert_eq!(isolated("\u{2069}a\u{202E}b\u{2066}\u{202a}"), "\u{2068}ab\u{2069}");
    }
}
