//! What a credential may do: the limits that its owner sets.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::network::{networks, within};
use crate::destination::CUSTOM_REDIRECT;
use crate::directory::check_text;
use crate::error::{Error, Result};
use crate::id::ClientId;
use crate::settings::Confirm;

/// What a credential may do. An absent list means "any", but `sso:custom_redirect` must be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// API actions in lower case (`createssotoken`); absent: all.
    pub actions: Option<Vec<String>>,
    /// Destinations; absent: all but `sso:custom_redirect`; `*` stands for all of them.
    pub destinations: Option<Vec<String>>,
    /// Clients; absent: all.
    pub clients: Option<Vec<ClientId>>,
    /// Addresses or CIDR ranges that calls may come from; checked only after the secret was right. Empty:
    /// any.
    #[serde(deserialize_with = "networks")]
    pub addresses: Vec<IpNet>,
    /// Longest life of its tokens, in seconds, 1 to 60; absent: the store's.
    pub max_token_life_seconds: Option<u32>,
    /// Issues per minute; absent: any number.
    pub issues_per_minute: Option<u32>,
    /// Whether it may make sign-in links, which live for hours or days.
    pub links: bool,
    /// Destinations that its sign-in links may lead to, of those above; absent: all of those.
    pub link_destinations: Option<Vec<String>>,
    /// Longest life of its sign-in links, in seconds, 60 to 604,800; absent: 7 days.
    pub max_link_life_seconds: Option<u32>,
    /// Sign-in links per minute; absent: any number.
    pub links_per_minute: Option<u32>,
    /// Whether API calls may carry its secret in the query of the URL, where logs and histories keep it.
    pub secret_in_query: bool,
    /// When a sign-in page asks before it spends one of its tokens; absent: the store's. The stricter wins.
    pub confirm: Option<Confirm>,
}

impl Limits {
    pub(crate) fn check(&self) -> Result<()> {
        for action in self.actions.iter().flatten() {
            if action.is_empty() || !action.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
                return Err(Error::invalid("actions", "must be names in lower case, such as createssotoken"));
            }
        }
        for destination in self.destinations.iter().flatten() {
            check_text("destinations", destination, 1, 64)?;
        }
        for destination in self.link_destinations.iter().flatten() {
            check_text("link_destinations", destination, 1, 64)?;
        }
        if !matches!(self.max_link_life_seconds, None | Some(60..=604_800)) {
            return Err(Error::invalid("max_link_life_seconds", "must be 60 to 604800"));
        }
        if self.links_per_minute == Some(0) {
            return Err(Error::invalid("links_per_minute", "must be at least 1"));
        }
        if !matches!(self.max_token_life_seconds, None | Some(1..=60)) {
            return Err(Error::invalid("max_token_life_seconds", "must be 1 to 60"));
        }
        if self.issues_per_minute == Some(0) {
            return Err(Error::invalid("issues_per_minute", "must be at least 1"));
        }
        Ok(())
    }

    /// Whether an action in lower case is allowed.
    pub(crate) fn allows_action(&self, action: &str) -> bool {
        self.actions.as_ref().is_none_or(|list| list.iter().any(|allowed| allowed == action))
    }

    /// Whether a destination is allowed; none means the client area's home page, which always is.
    pub(crate) fn allows_destination(&self, name: Option<&str>) -> bool {
        match (name, &self.destinations) {
            (None, _) => true,
            (Some(name), None) => name != CUSTOM_REDIRECT,
            (Some(name), Some(list)) => list.iter().any(|allowed| allowed == name || allowed == "*"),
        }
    }

    /// Whether sign-in links may lead there, if the destination itself is allowed.
    pub(crate) fn allows_link_destination(&self, name: Option<&str>) -> bool {
        match (name, &self.link_destinations) {
            (None, _) | (_, None) => true,
            (Some(name), Some(list)) => list.iter().any(|allowed| allowed == name || allowed == "*"),
        }
    }

    /// The longest life of a sign-in link.
    pub(crate) fn longest_link_life(&self) -> Duration {
        self.max_link_life_seconds.map_or(Duration::MAX, |seconds| Duration::from_secs(u64::from(seconds)))
    }

    /// Whether a client is allowed.
    pub(crate) fn allows_client(&self, client: ClientId) -> bool {
        self.clients.as_ref().is_none_or(|list| list.contains(&client))
    }

    /// Whether a call may come from there. With a list, an unknown address is not in it.
    pub(crate) fn allows_address(&self, address: Option<IpAddr>) -> bool {
        within(&self.addresses, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_links_are_named_when_they_are_out_of_range() {
        let field = |limits: Limits| match limits.check() {
            Ok(()) => String::new(),
            Err(Error::Invalid { field, .. }) => field.to_string(),
            Err(other) => panic!("{other:?}"),
        };
        let life = |seconds| field(Limits { max_link_life_seconds: Some(seconds), ..Limits::default() });
        for (seconds, named) in [
            (0, "max_link_life_seconds"),
            (59, "max_link_life_seconds"),
            (60, ""),
            (604_800, ""),
            (604_801, "max_link_life_seconds"),
        ] {
            assert_eq!(life(seconds), named, "{seconds}");
        }
        let rate = |most| field(Limits { links_per_minute: Some(most), ..Limits::default() });
        assert_eq!([rate(0), rate(1)], ["links_per_minute", ""]);
        let lead = |name: &str| {
            field(Limits { link_destinations: Some(vec![name.to_owned()]), ..Limits::default() })
        };
        assert_eq!([lead(""), lead("*")], ["link_destinations", ""]);
    }
    #[test]
    fn limits_of_tokens_are_named_when_they_are_out_of_range() {
        let named = |limits: Limits| limits.check().err().map(|error| error.to_string());
        let list = |name: &str| Some(vec![name.to_owned()]);
        for good in ["createssotoken", "a1", "9"] {
            assert_eq!(named(Limits { actions: list(good), ..Limits::default() }), None, "{good}");
        }
        for bad in ["", "CreateSsoToken", "create_sso_token", "get clients", "é"] {
            let told = named(Limits { actions: list(bad), ..Limits::default() }).unwrap();
            assert!(told.starts_with("actions: "), "{bad}: {told}");
        }
        for (length, good) in [(0, false), (1, true), (64, true), (65, false)] {
            let told = named(Limits { destinations: list(&"x".repeat(length)), ..Limits::default() });
            assert_eq!(told.is_none(), good, "{length}");
            let told = named(Limits { link_destinations: list(&"x".repeat(length)), ..Limits::default() });
            assert_eq!(told.is_none(), good, "{length}");
        }
        for (seconds, good) in [(0, false), (1, true), (60, true), (61, false)] {
            let told = named(Limits { max_token_life_seconds: Some(seconds), ..Limits::default() });
            assert_eq!(told.is_none(), good, "{seconds}");
        }
        for (most, good) in [(0, false), (1, true)] {
            let told = named(Limits { issues_per_minute: Some(most), ..Limits::default() });
            assert_eq!(told.is_none(), good, "{most}");
        }
    }

    #[test]
    fn an_absent_list_allows_anything_but_the_path_of_the_callers_choice() {
        let free = Limits::default();
        assert!(free.allows_action("createssotoken") && free.allows_destination(Some("clientarea:tickets")));
        assert!(free.allows_destination(None) && !free.allows_destination(Some(CUSTOM_REDIRECT)));
        assert!(free.allows_link_destination(None) && free.allows_link_destination(Some(CUSTOM_REDIRECT)));
        assert!(free.allows_client(ClientId::new(7).unwrap()) && free.allows_address(None));
        assert_eq!(free.longest_link_life(), Duration::MAX);
    }

    #[test]
    fn a_list_allows_what_stands_in_it_byte_for_byte() {
        let list = |name: &str| Some(vec!["other".to_owned(), name.to_owned()]);
        let bound = Limits {
            actions: list("getusers"),
            destinations: list("clientarea:tickets"),
            link_destinations: list("clientarea:tickets"),
            clients: Some(vec![ClientId::new(7).unwrap()]),
            addresses: vec!["10.0.0.0/8".parse().unwrap()],
            max_link_life_seconds: Some(60),
            ..Limits::default()
        };
        assert!(bound.allows_action("getusers") && !bound.allows_action("GetUsers"));
        for lead in [Limits::allows_destination, Limits::allows_link_destination] {
            assert!(lead(&bound, None) && lead(&bound, Some("clientarea:tickets")));
            for other in ["clientarea:ticket", "Clientarea:tickets", CUSTOM_REDIRECT, "*"] {
                assert!(!lead(&bound, Some(other)), "{other}");
            }
        }
        let all = Limits { destinations: list("*"), link_destinations: list("*"), ..Limits::default() };
        assert!(all.allows_destination(Some(CUSTOM_REDIRECT)));
        assert!(all.allows_link_destination(Some(CUSTOM_REDIRECT)));
        assert!(bound.allows_client(ClientId::new(7).unwrap()));
        assert!(!bound.allows_client(ClientId::new(8).unwrap()));
        assert!(bound.allows_address(Some("10.9.8.7".parse().unwrap())));
        assert!(!bound.allows_address(Some("11.9.8.7".parse().unwrap())) && !bound.allows_address(None));
        assert_eq!(bound.longest_link_life(), Duration::from_secs(60));
    }
}
