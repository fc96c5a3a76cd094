//! Settings that every process and language must agree on. They stand in the store, typed, and are changed by
//! an operation that leaves an audit event.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::credential::spelled_out;
use crate::destination::{DenyTable, SafePath, SystemUrl};
use crate::directory::Mode;
use crate::error::{Error, Result, without_value};
use crate::upkeep::{Finding, Severity};

/// What a replay of a spent token leads to (RFC 6749 §4.1.2 asks to revoke what the first use gave).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayPolicy {
    /// Nothing but the refusal.
    Off,
    /// An audit event, then a counter.
    #[default]
    Warn,
    /// Also ends the session that the first redemption started, within 10 minutes of it.
    Revoke,
}

/// How often an AutoAuth link is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReusePolicy {
    /// Once, however it is spelled.
    #[default]
    Once,
    /// As often as wanted within its window, as AutoAuth did.
    Window,
}

/// Which acts are on the disk when they are answered. Whatever it says, a crash of a process loses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Everything whose loss would let somebody in or keep somebody in: redemptions, log-ins, revocations,
    /// changes. A power cut may undo what fails safe: issues of tokens, refusals in the audit, counters, last
    /// uses.
    #[default]
    Redeem,
    /// Every act.
    Full,
}

/// When a sign-in page asks before it signs somebody in. The later one is the stricter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// When somebody else is signed in there.
    #[default]
    OtherUser,
    /// Each time.
    Always,
}

impl Confirm {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Confirm::OtherUser => "other_user",
            Confirm::Always => "always",
        }
    }

    /// From that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Confirm::OtherUser, Confirm::Always].into_iter().find(|confirm| confirm.as_str() == text)
    }
}

/// One setting as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Setting {
    /// The name.
    pub name: &'static str,
    /// The value in force.
    pub value: Value,
    /// The value of a new store; `null` where `init` asks for it.
    pub default: Value,
    /// What it does, with its unit and range.
    pub about: &'static str,
}

/// A value as it is listed.
fn shown<T: Serialize>(value: T) -> Value {
    serde_json::json!(value)
}

/// Reads a setting's value; serde's message, without the value, becomes the reason.
fn typed<T: serde::de::DeserializeOwned>(field: &'static str, value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::invalid(field, without_value(&error.to_string())))
}

macro_rules! settings {
    ($( $(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $check:expr; )*) => {
        /// Every setting of a store. Times are whole seconds or days, as the name says.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct Settings {
            /// Managed or host: chosen when the store is made, never changed.
            pub mode: Mode,
            /// The address of the system that people are signed in to.
            pub system_url: SystemUrl,
            $( $(#[doc = $doc])+ pub $name: $type, )*
        }

        impl Settings {
            /// The settings of a new store.
            pub fn new(mode: Mode, system_url: SystemUrl) -> Self {
                Settings { mode, system_url, $( $name: $default, )* }
            }

            /// Every setting with its value, default and meaning.
            pub fn list(&self) -> Vec<Setting> {
                let url = serde_json::json!(self.system_url.as_str());
                vec![
                    Setting {
                        name: "mode",
                        value: serde_json::json!(self.mode),
                        default: Value::Null,
                        about: "Where users and clients live: managed (here) or host. Chosen by init, never changed.",
                    },
                    Setting {
                        name: "system_url",
                        value: url,
                        default: Value::Null,
                        about: "The address of the system that people are signed in to, without a trailing slash.",
                    },
                    $( Setting {
                        name: stringify!($name),
                        value: serde_json::json!(self.$name),
                        default: shown::<$type>($default),
                        about: concat!($($doc),+).trim_ascii(),
                    }, )*
                ]
            }

            /// Change one setting. [`Error::Invalid`] names the setting when there is none of that name, when
            /// the value has the wrong type or is out of range.
            pub(crate) fn set(&mut self, name: &str, value: Value) -> Result<()> {
                match name {
                    "mode" => Err(Error::invalid("mode", "is chosen when the store is made and can't be changed")),
                    "system_url" => {
                        self.system_url = typed("system_url", value)?;
                        Ok(())
                    }
                    $( stringify!($name) => {
                        let value = if holds_networks(name) { spelled_out(value) } else { value };
                        let value: $type = typed(stringify!($name), value)?;
                        let check: fn(&$type) -> Result<(), String> = $check;
                        check(&value).map_err(|reason| Error::invalid(stringify!($name), reason))?;
                        self.$name = value;
                        Ok(())
                    } )*
                    _ => Err(Error::invalid("name", "there is no setting of that name")),
                }
            }

            /// The value of one setting.
            pub(crate) fn get(&self, name: &str) -> Result<Setting> {
                self.list().into_iter().find(|setting| setting.name == name)
                    .ok_or_else(|| Error::invalid("name", "there is no setting of that name"))
            }
        }
    };
}

/// Whether the setting is a list of addresses and ranges, in which a single address may stand.
fn holds_networks(name: &str) -> bool {
    matches!(name, "allowed_addresses" | "trusted_proxies")
}

fn within(least: u32, most: u32) -> impl Fn(&u32) -> Result<(), String> {
    move |value| {
        if (least..=most).contains(value) { Ok(()) } else { Err(format!("must be {least} to {most}")) }
    }
}

/// A path that is safe below any system URL. What the store's own deny table says is asked when the path is
/// used.
fn renewal_page(path: &str) -> Result<(), String> {
    let anywhere = SystemUrl::parse("https://host.invalid").map_err(|error| error.to_string())?;
    if path.is_empty() {
        return Ok(());
    }
    if path.starts_with('/') || path.contains('#') {
        return Err("must not begin with `/`, and have no `#`".to_owned());
    }
    // As the page opens it, with the name of a link.
    let opened = format!("{path}?link={}", "0".repeat(24));
    SafePath::parse(&opened, &anywhere, &DenyTable::default()).map(drop).map_err(|error| error.to_string())
}

settings! {
    /// Life of a token in seconds unless a shorter one is asked for: 1 to 60.
    token_life_seconds: u32 = 60, |v| within(1, 60)(v);
    /// How far in the future a token's issue time may lie, in seconds, before the clock counts as set back: 0
    /// to 60.
    token_leeway_seconds: u32 = 5, |v| within(0, 60)(v);
    /// How long spent and expired tokens are remembered, in seconds, so that "already redeemed" stays
    /// different from "unknown": 3,600 to 2,592,000.
    token_retention_seconds: u32 = 86_400, |v| within(3_600, 2_592_000)(v);
    /// Life of a sign-in link in seconds unless another one is asked for: 60 to 604,800.
    link_life_seconds: u32 = 86_400, |v| within(60, 604_800)(v);
    /// The page, relative to the system URL, on which the application offers a fresh sign-in link; it is
    /// opened with link=NAME, the name of the old one. Empty: there is none.
    link_renewal_path: String = String::new(), |v| renewal_page(v);
    /// What survives a power cut: redeem (all but issues of tokens, refusals, counters and last uses, whose
    /// loss lets nobody in) or full (every act).
    durability: Durability = Durability::Redeem, |_| Ok(());
    /// What a replay of a spent token leads to: off, warn or revoke.
    replay_policy: ReplayPolicy = ReplayPolicy::Warn, |_| Ok(());
    /// How long a session may be left alone, in seconds: 60 to 86,400.
    session_idle_seconds: u32 = 1_800, |v| within(60, 86_400)(v);
    /// How long a session lasts at most, in seconds; a shorter time holds for running sessions too: 300 to
    /// 2,592,000.
    session_absolute_seconds: u32 = 43_200, |v| within(300, 2_592_000)(v);
    /// Whether AutoAuth links are accepted.
    autoauth_enabled: bool = false, |_| Ok(());
    /// How old an AutoAuth link may be, in seconds: 1 to 3,600. The documented reading is 900.
    autoauth_past_seconds: u32 = 900, |v| within(1, 3_600)(v);
    /// How far in the future an AutoAuth link may lie, in seconds: 0 to 3,600. The documented reading is 900.
    autoauth_future_seconds: u32 = 900, |v| within(0, 3_600)(v);
    /// How often an AutoAuth link is accepted: once, or window (as often as wanted within its window).
    autoauth_reuse: ReusePolicy = ReusePolicy::Once, |_| Ok(());
    /// Whether admins may authenticate by username and MD5 of the password, as old WHMCS clients do.
    legacy_admin_auth: bool = false, |_| Ok(());
    /// Addresses or CIDR ranges that calls may come from; checked before credentials. Empty: any.
    allowed_addresses: Vec<IpNet> = Vec::new(), |_| Ok(());
    /// Addresses or CIDR ranges of the proxies whose X-Forwarded-For is believed. Empty: none.
    trusted_proxies: Vec<IpNet> = Vec::new(), |_| Ok(());
    /// When a sign-in page asks before it signs in: other_user (somebody else is signed in there) or always.
    /// A credential or AutoAuth key may be stricter.
    confirm: Confirm = Confirm::OtherUser, |_| Ok(());
    /// Pages that no redirect may lead to: name.php, folder/ or parameter=. The whole list, so name the
    /// built-in entries too.
    deny: DenyTable = DenyTable::default(), |_| Ok(());
    /// How long audit events are kept, in days: 1 to 3,650.
    audit_retention_days: u32 = 90, |v| within(1, 3_650)(v);
    /// After how many days audited addresses are cut to /24 and /48: 0 to 3,650.
    audit_address_days: u32 = 30, |v| within(0, 3_650)(v);
}

impl Settings {
    /// A number of seconds as a duration.
    pub(crate) fn seconds(seconds: u32) -> Duration {
        Duration::from_secs(u64::from(seconds))
    }

    /// A number of days as a duration.
    pub(crate) fn days(days: u32) -> Duration {
        Duration::from_secs(u64::from(days) * 86_400)
    }

    /// Just above every time that an AutoAuth link accepted by now can have.
    pub(crate) fn above_window(&self, now: Timestamp) -> Timestamp {
        now.plus(Self::seconds(self.autoauth_future_seconds + 1))
    }

    /// What in these settings endangers somebody.
    pub(crate) fn dangers(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut warn = |yes: bool, name: &'static str, message: &str| {
            if yes {
                found.push(Finding::new(name, Severity::Warning, message));
            }
        };
        warn(
            !self.system_url.is_https(),
            "system_url",
            "plain http: tokens and session cookies can be read on the way",
        );
        warn(
            self.legacy_admin_auth,
            "legacy_admin_auth",
            "admins may authenticate with the MD5 of a password, which people chose; use credentials",
        );
        warn(
            self.autoauth_reuse == ReusePolicy::Window,
            "autoauth_reuse",
            "AutoAuth links are accepted again and again within their window",
        );
        let longest = self.autoauth_past_seconds.max(self.autoauth_future_seconds);
        warn(
            longest > 900,
            "autoauth_past_seconds",
            "AutoAuth links live longer than the documented 900 seconds",
        );
        warn(
            self.replay_policy == ReplayPolicy::Off,
            "replay_policy",
            "replays of spent tokens are not recorded",
        );
        let held: Vec<String> = self.deny.entries().collect();
        let missing = DenyTable::default().entries().any(|entry| !held.contains(&entry));
        warn(
            missing,
            "deny",
            "a built-in entry is missing: redirects may lead to sign-in or state-changing pages",
        );
        found
    }

    /// When a sign-in page asks: the stricter of this setting and what a credential or key says.
    pub(crate) fn confirm_with(&self, own: Option<Confirm>) -> Confirm {
        self.confirm.max(own.unwrap_or_default())
    }

    /// How far in the future an issue time may lie.
    pub(crate) fn leeway(&self) -> Duration {
        Self::seconds(self.token_leeway_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings() -> Settings {
        Settings::new(Mode::Managed, SystemUrl::parse("https://billing.example.com").unwrap())
    }

    #[test]
    fn every_setting_takes_its_own_default_and_says_what_it_does() {
        let mut all = settings();
        for setting in all.list() {
            assert!(setting.about.len() > 20, "{} says nothing", setting.name);
            assert_eq!(all.get(setting.name).unwrap().value, setting.value);
            if setting.name != "mode" {
                all.set(setting.name, setting.value.clone()).unwrap();
                assert_eq!(all.get(setting.name).unwrap(), setting);
            }
        }
    }

    #[test]
    fn a_single_address_may_stand_in_a_list_of_ranges() {
        for name in ["allowed_addresses", "trusted_proxies"] {
            let mut all = settings();
            all.set(name, json!(["203.0.113.7", "2001:db8::/32"])).unwrap();
            let held = all.get(name).unwrap().value;
            assert_eq!(held, json!(["203.0.113.7/32", "2001:db8::/32"]));
        }
    }

    #[test]
    fn of_two_policies_to_ask_the_stricter_one_wins() {
        use Confirm::{Always, OtherUser};
        let mut all = settings();
        for (setting, own, in_force) in [
            (OtherUser, None, OtherUser),
            (OtherUser, Some(OtherUser), OtherUser),
            (OtherUser, Some(Always), Always),
            (Always, None, Always),
            (Always, Some(OtherUser), Always),
        ] {
            all.set("confirm", json!(setting)).unwrap();
            assert_eq!(all.confirm_with(own), in_force);
        }
    }

    #[test]
    fn wrong_types_and_ranges_name_the_setting_and_change_nothing() {
        let good = settings();
        for (name, value) in [
            ("token_life_seconds", json!(0)),
            ("token_life_seconds", json!(61)),
            ("token_life_seconds", json!(-1)),
            ("token_life_seconds", json!("60")),
            ("token_life_seconds", json!(1.5)),
            ("session_idle_seconds", json!(u64::MAX)),
            ("autoauth_enabled", json!("yes")),
            ("autoauth_enabled", json!(1)),
            ("replay_policy", json!("Warn")),
            ("allowed_addresses", json!(["203.0.113.0/33"])),
            ("allowed_addresses", json!("203.0.113.0/24")),
            ("trusted_proxies", json!(["10.0.0.0/8", "proxy.example.com"])),
            ("confirm", json!("never")),
            ("system_url", json!("billing.example.com")),
            ("mode", json!("host")),
            ("deny", json!(["../x"])),
        ] {
            let mut changed = good.clone();
            match changed.set(name, value.clone()) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, name),
                other => panic!("{name} = {value}: {other:?}"),
            }
            assert_eq!(changed, good);
        }
        let mut changed = good.clone();
        assert!(matches!(changed.set("no_such", json!(1)), Err(Error::Invalid { .. })));
    }
}
