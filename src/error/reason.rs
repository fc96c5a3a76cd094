//! Why something was refused: every reason with its stable code and its line for people.

use std::fmt;

/// Writes the enum, its stable code and its message side by side, so that the three can't drift apart.
macro_rules! reasons {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $message:literal; )*) => {
        /// Why something was refused. The code of a reason never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $( $(#[$doc])* $name, )*
        }

        impl Reason {
            /// Every reason, in the order of declaration.
            pub const ALL: &'static [Reason] = &[ $( Reason::$name, )* ];

            /// A stable word for logs, JSON and the audit.
            pub fn code(self) -> &'static str {
                match self { $( Reason::$name => $code, )* }
            }

            /// One line for a person, without any of the request's data.
            pub fn message(self) -> &'static str {
                match self { $( Reason::$name => $message, )* }
            }

            /// The reason with that code.
            pub fn from_code(code: &str) -> Option<Reason> {
                match code { $( $code => Some(Reason::$name), )* _ => None }
            }
        }
    };
}

reasons! {
    /// No such token: never issued here, or purged after its retention time.
    TokenUnknown = "token_unknown", "unknown token";
    /// The token was redeemed before.
    TokenRedeemed = "token_redeemed", "already redeemed";
    /// The token was revoked before it was redeemed.
    TokenRevoked = "token_revoked", "token revoked";
    /// The token was issued later than now plus the leeway: the clock was set back.
    TokenNotYetValid = "token_not_yet_valid", "token issued in the future: the clock was set back";
    /// The token's life is over.
    TokenExpired = "token_expired", "token expired";
    /// The token is bound to another browser. It was not spent.
    BrowserMismatch = "browser_mismatch", "token bound to another browser";

    /// No such sign-in link: never made here, or purged after its retention time.
    LinkUnknown = "link_unknown", "unknown sign-in link";
    /// All uses of the link are spent.
    LinkUsed = "link_used", "sign-in link already used";
    /// The link was revoked.
    LinkRevoked = "link_revoked", "sign-in link revoked";
    /// Another link of the same label for the same person was used, and ended this one.
    LinkSuperseded = "link_superseded", "another sign-in link of its kind was used";
    /// The person's e-mail address or password was changed since the link was made.
    LinkOutdated = "link_outdated", "the person's e-mail address or password changed since";
    /// The link was made later than now plus the leeway: the clock was set back.
    LinkNotYetValid = "link_not_yet_valid", "sign-in link from the future: the clock was set back";
    /// The link's life is over.
    LinkExpired = "link_expired", "sign-in link expired";
    /// The page that the link leads to is no longer one that links may lead to.
    LandingNotAllowed = "landing_not_allowed", "sign-in link leads to a page that is no longer allowed";
    /// The credential may not make sign-in links.
    LinksNotAllowed = "links_not_allowed", "sign-in links not allowed for this credential";

    /// Unknown identifier, wrong secret, revoked or expired credential: one answer for all of them.
    AuthenticationFailed = "authentication_failed", "authentication failed";
    /// The credential was revoked since the caller was authenticated, or since the token was issued.
    CredentialRevoked = "credential_revoked", "credential revoked";
    /// The credential's own expiry has passed.
    CredentialExpired = "credential_expired", "credential expired";
    /// The host credential is switched off.
    CredentialDisabled = "credential_disabled", "host credential disabled";
    /// The admin who owns the credential is disabled.
    AdminDisabled = "admin_disabled", "admin disabled";
    /// The credential does not allow calls from this address.
    AddressNotAllowed = "address_not_allowed", "address not allowed";
    /// The credential does not allow this action.
    ActionNotAllowed = "action_not_allowed", "action not allowed";
    /// The credential does not allow this destination.
    DestinationNotAllowed = "destination_not_allowed", "destination not allowed for this credential";
    /// The credential does not allow this client.
    ClientNotAllowed = "client_not_allowed", "client not allowed for this credential";
    /// The credential allows only shorter lives for its tokens or links.
    LifeNotAllowed = "life_not_allowed", "life longer than this credential allows";
    /// The credential's tokens or links per minute are used up.
    RateLimited = "rate_limited", "too many in this minute";
    /// The secret was right but stood in the query of a URL, which the credential does not allow.
    SecretInQuery = "secret_in_query", "secret in the query, not allowed for this credential";
    /// `legacy_admin_auth` is off.
    LegacyAuthOff = "legacy_auth_off", "legacy admin authentication is off";
    /// Too many wrong passwords for this admin; wait.
    LockedOut = "locked_out", "too many wrong passwords, locked for a while";

    /// No such user.
    UserUnknown = "user_unknown", "unknown user";
    /// The user is disabled.
    UserDisabled = "user_disabled", "user disabled";
    /// No such client.
    ClientUnknown = "client_unknown", "unknown client";
    /// The client's status is Closed.
    ClientClosed = "client_closed", "client closed";
    /// The client has single sign-on switched off.
    SsoDisabled = "sso_disabled", "single sign-on switched off for this client";
    /// The user has no place in that client.
    NotAMember = "not_a_member", "user is not a member of this client";
    /// The user has no client at all.
    NoClient = "no_client", "user has no client";
    /// The client has no owner who could be signed in.
    NoOwner = "no_owner", "client has no owner";

    /// AutoAuth is switched off, or has no key.
    AutoAuthOff = "autoauth_off", "AutoAuth is off";
    /// The hash fits no active key.
    AutoAuthHash = "autoauth_hash", "AutoAuth hash does not match";
    /// The link is older than the window.
    AutoAuthTooOld = "autoauth_too_old", "AutoAuth link too old";
    /// The link's time lies further in the future than the window.
    AutoAuthTooNew = "autoauth_too_new", "AutoAuth link from the future";
    /// The link was accepted before.
    AutoAuthUsed = "autoauth_used", "AutoAuth link already used";
    /// The link is older than what the store still remembers, so a reuse could not be told.
    AutoAuthForgotten = "autoauth_forgotten", "AutoAuth link older than the store remembers";
    /// The link's hash was right but its `goto` is not safe. Stands in the audit only: the caller is told
    /// that `goto` is invalid.
    GotoNotAllowed = "goto_not_allowed", "AutoAuth link leads to a page that is not allowed";
    /// No user and no client has that address.
    NoMatch = "no_match", "no user and no client has this address";
    /// No user but several clients have that address.
    SeveralClients = "several_clients", "several clients have this address";

    /// No such session.
    SessionUnknown = "session_unknown", "unknown session";
    /// The session was ended.
    SessionEnded = "session_ended", "session ended";
    /// The session was left alone longer than the idle time.
    SessionIdle = "session_idle", "session idle for too long";
    /// The session's absolute life is over.
    SessionExpired = "session_expired", "session expired";

    /// No such admin.
    AdminUnknown = "admin_unknown", "unknown admin";
    /// No such credential.
    CredentialUnknown = "credential_unknown", "unknown credential";
    /// No such destination.
    DestinationUnknown = "destination_unknown", "unknown destination";
    /// No such AutoAuth key.
    KeyUnknown = "key_unknown", "unknown AutoAuth key";
    /// An id, name, label or address that must be unique is taken.
    AlreadyExists = "already_exists", "already exists";
    /// The client has an owner already; one member is the owner.
    OwnerExists = "owner_exists", "client has an owner already";
    /// The owner can't be removed from the client.
    OwnerStays = "owner_stays", "the owner can't be removed";
    /// The operation needs the directory, which the host keeps itself in mode `host`.
    HostMode = "host_mode", "the directory is kept by the host in this store";
    /// The sealing key is needed and was not given.
    SealingKeyMissing = "sealing_key_missing", "the sealing key is needed and was not given";
    /// The sealing key does not open this store's AutoAuth keys.
    SealingKeyWrong = "sealing_key_wrong", "the sealing key does not open this store's AutoAuth keys";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_code_of_its_own_and_is_found_by_it() {
        let mut seen = std::collections::HashSet::new();
        for &reason in Reason::ALL {
            assert!(seen.insert(reason.code()), "{} stands twice", reason.code());
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Reason::from_code("no such reason"), None);
    }
}
