<?php

declare(strict_types=1);

namespace Gatepass;

/** Why something was refused, by the words of `gatepass_code_name`. */
enum Reason: string
{
    /** A reason that this package does not know yet: the library is newer. */
    case Unknown = 'unknown';
    /** No such token: never issued here, or purged after its retention time. */
    case TokenUnknown = 'token_unknown';
    /** The token was redeemed before. */
    case TokenRedeemed = 'token_redeemed';
    /** The token was revoked before it was redeemed. */
    case TokenRevoked = 'token_revoked';
    /** The token was issued later than now plus the leeway: the clock was set back. */
    case TokenNotYetValid = 'token_not_yet_valid';
    /** The token's life is over. */
    case TokenExpired = 'token_expired';
    /** The token is bound to another browser. It was not spent. */
    case BrowserMismatch = 'browser_mismatch';
    /** No such sign-in link: never made here, or purged after its retention time. */
    case LinkUnknown = 'link_unknown';
    /** All uses of the sign-in link are spent. */
    case LinkUsed = 'link_used';
    /** The sign-in link was revoked. */
    case LinkRevoked = 'link_revoked';
    /** Another sign-in link of the same label and person was used, and ended this one. */
    case LinkSuperseded = 'link_superseded';
    /** The person's e-mail address or password was changed since the link was made. */
    case LinkOutdated = 'link_outdated';
    /** The sign-in link was made later than now plus the leeway: the clock was set back. */
    case LinkNotYetValid = 'link_not_yet_valid';
    /** The sign-in link's life is over. */
    case LinkExpired = 'link_expired';
    /** The page that the sign-in link leads to is no longer one that links may lead to. */
    case LandingNotAllowed = 'landing_not_allowed';
    /** The credential may not make sign-in links. */
    case LinksNotAllowed = 'links_not_allowed';
    /** Unknown identifier, wrong secret, revoked or expired credential: one answer for all of them. */
    case AuthenticationFailed = 'authentication_failed';
    /** The credential was revoked since the caller was authenticated, or since the token was issued. */
    case CredentialRevoked = 'credential_revoked';
    /** The credential's own expiry has passed. */
    case CredentialExpired = 'credential_expired';
    /** The host credential is switched off. */
    case CredentialDisabled = 'credential_disabled';
    /** The admin who owns the credential is disabled. */
    case AdminDisabled = 'admin_disabled';
    /** The credential does not allow calls from this address. */
    case AddressNotAllowed = 'address_not_allowed';
    /** The credential does not allow this action. */
    case ActionNotAllowed = 'action_not_allowed';
    /** The credential does not allow this destination. */
    case DestinationNotAllowed = 'destination_not_allowed';
    /** The credential does not allow this client. */
    case ClientNotAllowed = 'client_not_allowed';
    /** The credential allows only shorter lives for its tokens or links. */
    case LifeNotAllowed = 'life_not_allowed';
    /** The credential's tokens or links per minute are used up. */
    case RateLimited = 'rate_limited';
    /** `legacy_admin_auth` is off. */
    case LegacyAuthOff = 'legacy_auth_off';
    /** Too many wrong passwords for this admin; wait. */
    case LockedOut = 'locked_out';
    case SecretInQuery = 'secret_in_query';
    /** No such user. */
    case UserUnknown = 'user_unknown';
    /** The user is disabled. */
    case UserDisabled = 'user_disabled';
    /** No such client. */
    case ClientUnknown = 'client_unknown';
    /** The client's status is Closed. */
    case ClientClosed = 'client_closed';
    /** The client has single sign-on switched off. */
    case SsoDisabled = 'sso_disabled';
    /** The user has no place in that client. */
    case NotAMember = 'not_a_member';
    /** The user has no client at all. */
    case NoClient = 'no_client';
    /** The client has no owner who could be signed in. */
    case NoOwner = 'no_owner';
    /** AutoAuth is switched off, or has no key. */
    case AutoAuthOff = 'autoauth_off';
    /** The hash fits no active key. */
    case AutoAuthHash = 'autoauth_hash';
    /** The link is older than the window. */
    case AutoAuthTooOld = 'autoauth_too_old';
    /** The link's time lies further in the future than the window. */
    case AutoAuthTooNew = 'autoauth_too_new';
    /** The link was accepted before. */
    case AutoAuthUsed = 'autoauth_used';
    /** The link is older than what the store still remembers, so a reuse could not be told. */
    case AutoAuthForgotten = 'autoauth_forgotten';
    /**
     * The link's hash was right but its `goto` is not safe. Stands in the audit only: the caller is told that `goto` is
     * invalid.
     */
    case GotoNotAllowed = 'goto_not_allowed';
    /** No user and no client has that address. */
    case NoMatch = 'no_match';
    /** No user but several clients have that address. */
    case SeveralClients = 'several_clients';
    /** No such session. */
    case SessionUnknown = 'session_unknown';
    /** The session was ended. */
    case SessionEnded = 'session_ended';
    /** The session was left alone longer than the idle time. */
    case SessionIdle = 'session_idle';
    /** The session's absolute life is over. */
    case SessionExpired = 'session_expired';
    /** No such admin. */
    case AdminUnknown = 'admin_unknown';
    /** No such credential. */
    case CredentialUnknown = 'credential_unknown';
    /** No such destination. */
    case DestinationUnknown = 'destination_unknown';
    /** No such AutoAuth key. */
    case KeyUnknown = 'key_unknown';
    /** An id, name, label or address that must be unique is taken. */
    case AlreadyExists = 'already_exists';
    /** The client has an owner already; one member is the owner. */
    case OwnerExists = 'owner_exists';
    /** The owner can't be removed from the client. */
    case OwnerStays = 'owner_stays';
    /** The operation needs the directory, which the host keeps itself in mode `host`. */
    case HostMode = 'host_mode';
    /** The sealing key is needed and was not given. */
    case SealingKeyMissing = 'sealing_key_missing';
    /** The sealing key does not open this store's AutoAuth keys. */
    case SealingKeyWrong = 'sealing_key_wrong';

    /** @internal */
    public static function fromName(string $name): self
    {
        return self::tryFrom($name) ?? self::Unknown;
    }
}
