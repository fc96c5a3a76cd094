//! Every kind of act, what it comes to when nothing fails, and whether another process finds it done.

use std::time::Duration;

use gatepass::audit::AuditQuery;
use gatepass::credential::Caller;
use gatepass::id::UserId;
use gatepass::link::{LinkRequest, LinkState, OpenRequest, SignInLink};
use gatepass::secret::Secret;
use gatepass::session::EndSessions;
use gatepass::token::{IssueRequest, RedeemRequest, RevokeTokens, TokenState};
use gatepass::upkeep::Severity;
use gatepass::{AutoAuthRequest, Gatepass, StoreError};

use super::support::with_suffix;
use super::world::{LIFE_IN_STORE, World, autoauth_key, options, token, whole_time};

/// What an act comes to when nothing fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Yes,
    /// A refusal with this reason.
    No(&'static str),
}

/// A store, open but for the acts that open it.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) gate: Option<Gatepass>,
}

impl Scene {
    pub(crate) fn gate(&self) -> &Gatepass {
        self.gate.as_ref().unwrap()
    }
}

/// A kind of act.
pub(crate) struct Act {
    pub(crate) name: &'static str,
    pub(crate) wanted: Wanted,
    /// What it says: an id, or how much it found.
    pub(crate) run: fn(&Scene) -> gatepass::Result<String>,
    /// Whether a look at the store afterwards finds it done; `said` is what it said, if it was answered.
    pub(crate) done: fn(&World, &Gatepass, said: Option<&str>) -> bool,
    /// By how much its clock is ahead.
    pub(crate) ahead: Duration,
}

const NOW: Duration = Duration::ZERO;

/// When everything can be purged.
const MUCH_LATER: Duration = Duration::from_secs(100 * 86_400);

const fn act(
    name: &'static str,
    wanted: Wanted,
    run: fn(&Scene) -> gatepass::Result<String>,
    done: fn(&World, &Gatepass, Option<&str>) -> bool,
) -> Act {
    Act { name, wanted, run, done, ahead: NOW }
}

/// An act that leaves nothing: done when it said this.
fn said_all(_: &World, _: &Gatepass, said: Option<&str>) -> bool {
    said.is_some()
}

/// A refusal does nothing.
fn nothing(_: &World, _: &Gatepass, _: Option<&str>) -> bool {
    false
}

fn request() -> IssueRequest {
    IssueRequest::for_user(UserId::new(1).unwrap())
}

fn caller(gate: &Gatepass) -> gatepass::Result<Caller> {
    gate.host_caller("cli")
}

fn redeem(gate: &Gatepass, text: &str) -> gatepass::Result<String> {
    Ok(gate.redeem(&RedeemRequest::new(token(text)))?.session.unwrap().reveal())
}

fn state(gate: &Gatepass, text: &str) -> Option<TokenState> {
    gate.inspect(&token(text), None).ok().map(|found| found.state)
}

fn open_link(gate: &Gatepass, text: &str) -> gatepass::Result<String> {
    let link = SignInLink::parse(text).unwrap();
    Ok(gate
        .open_link(&OpenRequest::new(link).signing_in(None))?
        .redemption
        .unwrap()
        .session
        .unwrap()
        .reveal())
}

fn link_state(gate: &Gatepass, text: &str) -> LinkState {
    gate.inspect_link(&SignInLink::parse(text).unwrap(), None).unwrap().state
}

fn accept(gate: &Gatepass, query: &str) -> gatepass::Result<String> {
    let request = AutoAuthRequest::default().with_key(autoauth_key());
    Ok(gate.accept_autoauth(query.as_bytes(), &request)?.session.unwrap().reveal())
}

fn authenticate(scene: &Scene, secret: &str) -> gatepass::Result<String> {
    scene.gate().authenticate(&scene.world.identifier, &Secret::new(secret), None)?;
    Ok("authenticated".to_owned())
}

fn session(gate: &Gatepass, id: &str) -> gatepass::Result<String> {
    gate.check_session(&World::id_of(id), None)?;
    Ok("good".to_owned())
}

/// A session that an act said it had started is there.
fn is_signed_in(gate: &Gatepass, said: Option<&str>) -> bool {
    said.is_none_or(|id| session(gate, id).is_ok())
}

/// Nothing is bad in the store.
pub(crate) fn sound(gate: &Gatepass) -> gatepass::Result<String> {
    let findings = gate.check(&mut |_, _| {})?;
    let bad: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Bad).collect();
    Ok(if bad.is_empty() { "sound".to_owned() } else { format!("{bad:?}") })
}

fn life(gate: &Gatepass) -> u32 {
    gate.settings().unwrap().token_life_seconds
}

fn open(scene: &Scene) -> gatepass::Result<String> {
    let gate = options(NOW).open(&scene.world.path)?;
    Ok(gate.settings()?.token_life_seconds.to_string())
}

fn check(scene: &Scene) -> gatepass::Result<String> {
    match sound(scene.gate())? {
        // What can't be read is told to be bad.
        found if found != "sound" => Err(StoreError::Corrupt("something was found").into()),
        sound => Ok(sound),
    }
}

/// All acts.
pub(crate) const ACTS: &[Act] = &[
    act("open", Wanted::Yes, open, |_, _, said| said.is_some_and(|life| life == LIFE_IN_STORE.to_string())),
    act(
        "issue",
        Wanted::Yes,
        |scene| Ok(scene.gate().issue(&caller(scene.gate())?, &request())?.token.reveal()),
        |_, gate, said| said.is_some_and(|text| state(gate, text) == Some(TokenState::Live)),
    ),
    act(
        "redeem",
        Wanted::Yes,
        |scene| redeem(scene.gate(), &scene.world.live),
        |world, gate, said| {
            state(gate, &world.live) == Some(TokenState::Redeemed) && is_signed_in(gate, said)
        },
    ),
    act(
        "redeem a spent token",
        Wanted::No("token_redeemed"),
        |scene| redeem(scene.gate(), &scene.world.spent),
        nothing,
    ),
    act(
        "redeem a revoked token",
        Wanted::No("token_revoked"),
        |scene| redeem(scene.gate(), &scene.world.revoked),
        nothing,
    ),
    act(
        "inspect",
        Wanted::Yes,
        |scene| {
            let states = [&scene.world.live, &scene.world.spent, &scene.world.revoked]
                .map(|text| scene.gate().inspect(&token(text), None).map(|found| found.state));
            let [live, spent, revoked] = states;
            Ok(format!("{:?}", [live?, spent?, revoked?]))
        },
        |_, _, said| said.is_some_and(|states| states == "[Live, Redeemed, Revoked]"),
    ),
    act("check a session", Wanted::Yes, |scene| session(scene.gate(), &scene.world.session), said_all),
    act(
        "check a session that was ended",
        Wanted::No("session_ended"),
        |scene| session(scene.gate(), &scene.world.ended),
        nothing,
    ),
    act("authenticate", Wanted::Yes, |scene| authenticate(scene, &scene.world.secret), said_all),
    act(
        "authenticate with a wrong secret",
        Wanted::No("authentication_failed"),
        |scene| authenticate(scene, &scene.world.secret.replace("GPS", "GPX")),
        nothing,
    ),
    act(
        "make a link",
        Wanted::Yes,
        |scene| {
            let new = LinkRequest::new(request());
            Ok(scene.gate().create_link(&caller(scene.gate())?, &new)?.link.reveal())
        },
        |_, gate, said| said.is_some_and(|text| link_state(gate, text) == LinkState::Live),
    ),
    act(
        "open a link",
        Wanted::Yes,
        |scene| open_link(scene.gate(), &scene.world.link),
        |world, gate, said| link_state(gate, &world.link) == LinkState::Used && is_signed_in(gate, said),
    ),
    act(
        "open a used link",
        Wanted::No("link_used"),
        |scene| open_link(scene.gate(), &scene.world.used_link),
        nothing,
    ),
    act(
        "accept an AutoAuth link",
        Wanted::Yes,
        |scene| accept(scene.gate(), &scene.world.autoauth),
        |world, gate, said| {
            let again = accept(gate, &world.autoauth);
            again.is_err_and(|error| error.code() == "autoauth_used") && is_signed_in(gate, said)
        },
    ),
    act(
        "accept a used AutoAuth link",
        Wanted::No("autoauth_used"),
        |scene| accept(scene.gate(), &scene.world.used_autoauth),
        nothing,
    ),
    act(
        "revoke tokens",
        Wanted::Yes,
        |scene| Ok(scene.gate().revoke_tokens(&RevokeTokens::One(token(&scene.world.live)))?.to_string()),
        |world, gate, _| state(gate, &world.live) == Some(TokenState::Revoked),
    ),
    act(
        "revoke a credential",
        Wanted::Yes,
        |scene| scene.gate().revoke_credential("portal", true).map(|_| "revoked".to_owned()),
        |world, gate, _| gate.authenticate(&world.identifier, &Secret::new(&*world.secret), None).is_err(),
    ),
    act(
        "end a session",
        Wanted::Yes,
        |scene| {
            let which = EndSessions::One(World::id_of(&scene.world.session));
            Ok(scene.gate().end_sessions(&which)?.to_string())
        },
        |world, gate, _| session(gate, &world.session).is_err(),
    ),
    act(
        "change a setting",
        Wanted::Yes,
        |scene| scene.gate().set_setting("token_life_seconds", 33.into()).map(|_| "changed".to_owned()),
        |_, gate, _| life(gate) == 33,
    ),
    act(
        "query the audit",
        Wanted::Yes,
        |scene| {
            let (from, to) = whole_time();
            Ok(scene.gate().audit_events(&AuditQuery::between(from, to))?.len().to_string())
        },
        |world, _, said| said.is_some_and(|count| count == world.events.to_string()),
    ),
    act(
        "back up",
        Wanted::Yes,
        |scene| {
            let made = scene.gate().backup(scene.world.new_backup(), &mut |_, _| {})?;
            Ok(made.to_string())
        },
        |world, _, _| {
            // In a folder of its own: a store that is opened makes files beside it.
            let to = with_suffix(&world.path, ".look").join("gatepass.db");
            let copied = std::fs::create_dir_all(to.parent().unwrap())
                .and_then(|()| std::fs::copy(world.new_backup(), &to));
            copied.is_ok() && sound(&options(NOW).open(&to).unwrap()).unwrap() == "sound"
        },
    ),
    act(
        "restore",
        Wanted::Yes,
        |scene| {
            let restored = scene.gate().restore(scene.world.old_backup(), &mut |_, _| {})?;
            Ok(restored.sessions_ended.to_string())
        },
        |_, gate, _| life(gate) != LIFE_IN_STORE,
    ),
    Act {
        name: "purge",
        wanted: Wanted::Yes,
        run: |scene| Ok(format!("{:?}", scene.gate().purge(&mut |_, _| {})?)),
        done: |world, gate, said| said.is_some() && state(gate, &world.spent).is_none(),
        ahead: MUCH_LATER,
    },
    act("check", Wanted::Yes, check, said_all),
];

/// The act of that name.
pub(crate) fn named(name: &str) -> &'static Act {
    ACTS.iter().find(|act| act.name == name).unwrap()
}
