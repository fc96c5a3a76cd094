//! Tokens issued, found, listed and revoked.

use super::world::{NOON, World, api, at, client_id, days, ms, named, secs, unknown_key, user_id, yes};
use super::{Noun, cases};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerId, Limits, Rotation};
use crate::directory::{ClientStatus, Mode, Subject};
use crate::error::Reason;
use crate::id::{AdminId, CredentialId, ItemId};
use crate::store::{CredentialNamed, Named, TokensOf};
use crate::token::{Binding, IssueRequest, Token, TokenFacts, TokenQuery};

pub(super) const NOUN: Noun = Noun {
    name: "tokens",
    cases: cases![
        what_was_granted_is_stored_whole,
        a_subject_means_whom_the_rule_says,
        a_caller_who_no_longer_stands_gets_no_token,
        a_credential_issues_only_what_its_limits_allow,
        a_person_who_may_not_sign_in_gets_no_token,
        a_request_that_makes_no_sense_names_the_field,
        issues_are_counted_by_the_minute,
        a_use_is_noted_at_most_once_a_minute,
        a_life_is_never_longer_than_allowed,
        a_host_store_takes_ids_as_given,
        a_token_is_found_by_its_key_or_its_whole_name_only,
        tokens_are_listed_newest_first_page_by_page,
        only_tokens_that_could_be_redeemed_are_listed_as_live,
        one_token_is_revoked_unless_it_is_too_late,
        tokens_of_a_user_client_or_credential_are_revoked_and_no_others,
    ],
    reasons: &[
        Reason::CredentialUnknown,
        Reason::CredentialRevoked,
        Reason::CredentialExpired,
        Reason::CredentialDisabled,
        Reason::AdminDisabled,
        Reason::AddressNotAllowed,
        Reason::ActionNotAllowed,
        Reason::DestinationNotAllowed,
        Reason::ClientNotAllowed,
        Reason::LifeNotAllowed,
        Reason::RateLimited,
        Reason::UserUnknown,
        Reason::UserDisabled,
        Reason::ClientUnknown,
        Reason::ClientClosed,
        Reason::SsoDisabled,
        Reason::NotAMember,
        Reason::NoClient,
        Reason::NoOwner,
        Reason::TokenUnknown,
        Reason::TokenRedeemed,
    ],
    fields: &["destination", "service_id", "domain_id", "redirect_path", "life"],
};

fn for_client(id: i64) -> IssueRequest {
    IssueRequest::for_client(client_id(id))
}

fn for_user(id: i64) -> IssueRequest {
    IssueRequest::for_user(user_id(id))
}

fn in_client(user: i64, client: i64) -> IssueRequest {
    IssueRequest::new(Subject::UserInClient(user_id(user), client_id(client)))
}

fn item(id: i64) -> ItemId {
    ItemId::new(id).unwrap()
}

fn found(world: &World<'_>, token: &Token) -> TokenFacts {
    world.store().inspect(&named(token)).unwrap().unwrap().token
}

/// Everything that is stored, newest first.
fn listed(world: &World<'_>, query: &TokenQuery, limit: u32, now: Timestamp) -> Vec<TokenFacts> {
    world.store().list_tokens(query, limit, now).unwrap().1
}

fn keys(tokens: &[&Token]) -> Vec<crate::secret::TimedKey> {
    tokens.iter().map(|token| token.key()).collect()
}

fn what_was_granted_is_stored_whole(w: &World<'_>) {
    w.ann();
    let caller = w.limited("shop", Limits::default());
    let mut request = for_client(1).destination("clientarea:product_details").service(item(7)).life(ms(1500));
    request.binding = Some(Binding::of_nonce(b"nonce"));
    request.actor = Some("José ' \" %".to_owned());
    request.address = Some("203.0.113.7".parse().unwrap());
    let (token, grant) = yes(w.issue(&caller, &request, NOON));
    assert_eq!((grant.user, grant.client), (Some(user_id(1)), Some(client_id(1))));
    assert_eq!(grant.expires_at, NOON.plus(ms(1500)));
    w.everywhere(|store| {
        let facts = store.inspect(&named(&token)).unwrap().unwrap();
        let stored = &facts.token;
        assert_eq!(stored.key, token.key());
        assert_eq!((stored.user, stored.client), (Some(user_id(1)), Some(client_id(1))));
        assert_eq!(stored.destination.as_deref(), Some("clientarea:product_details"));
        assert_eq!(stored.landing, "clientarea.php?action=productdetails&id=7");
        assert_eq!((stored.credential, stored.serial), (caller.credential_id(), 1));
        assert_eq!((stored.issued_at, stored.expires_at), (NOON, NOON.plus(ms(1500))));
        assert_eq!(stored.binding, request.binding);
        assert_eq!(stored.actor, request.actor);
        assert_eq!((stored.redeemed_at, stored.revoked_at, stored.replays), (None, None, 0));
        assert!(facts.subject.user.unwrap().enabled);
        let events = super::world::events(store, "token.issued");
        let [event] = &events[..] else { panic!("{events:?}") };
        assert_eq!((event.outcome.as_str(), event.at), ("ok", NOON));
        assert_eq!(event.object, Some(token.reference().to_string()));
        assert_eq!((event.credential_id, event.user_id), (caller.credential_id(), Some(user_id(1))));
        assert_eq!(event.address.as_deref(), Some("203.0.113.7"));
        assert_eq!(event.actor, request.actor);
    });
}

fn a_subject_means_whom_the_rule_says(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    let host = w.host();
    let granted = |request| {
        let (_, grant) = yes(w.issue(&host, &request, NOON));
        (grant.user.map(|id| id.get()), grant.client.map(|id| id.get()))
    };
    assert_eq!(granted(for_client(1)), (Some(1), Some(1)), "a client alone means its owner");
    assert_eq!(granted(for_user(1)), (Some(1), Some(1)), "one client: bound to it");
    assert_eq!(granted(for_user(2)), (Some(2), None), "several clients: bound to none");
    assert_eq!(granted(in_client(2, 1)), (Some(2), Some(1)));
    yes(w.store().set_client_status(client_id(1), ClientStatus::Inactive, at(NOON)));
    assert_eq!(granted(for_client(1)), (Some(1), Some(1)), "an inactive client may sign in");
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    assert_eq!(granted(for_user(2)), (Some(2), None), "one of several closed: the other is still open");
}

fn a_caller_who_no_longer_stands_gets_no_token(w: &World<'_>) {
    w.ann();
    let refused = |caller: &Caller, now, reason| {
        let refusal = w.no(w.issue(caller, &for_client(1), now), reason);
        assert_eq!(refusal.reference.is_some(), reason != Reason::CredentialUnknown);
        w.everywhere(|store| {
            assert!(store.list_tokens(&TokenQuery::default(), 9, now).unwrap().1.is_empty())
        });
    };
    let nobody = api(CredentialId::new(99).unwrap(), 1);
    refused(&nobody, NOON, Reason::CredentialUnknown);
    refused(
        &Caller(CallerId::Host { credential: CredentialId::new(99).unwrap() }),
        NOON,
        Reason::CredentialUnknown,
    );
    refused(&Caller(CallerId::Admin { admin: AdminId::new(99).unwrap() }), NOON, Reason::CredentialUnknown);

    let revoked = w.limited("revoked", Limits::default());
    yes(w.store().revoke_credential("revoked", false, at(NOON)));
    refused(&revoked, NOON, Reason::CredentialRevoked);

    let ends = w.credential_with("ends", Limits::default(), Some(NOON.plus(secs(10))));
    refused(&api(ends.credential_id, 1), NOON.plus(secs(10)), Reason::CredentialExpired);

    // Rotation: the old secret until the overlap ends, never one that leaked, never one that is still to
    // come.
    let rotated = w.limited("rotated", Limits::default());
    let id = rotated.credential_id().unwrap();
    let store = w.store();
    yes(store.rotate_credential("rotated", &[9; 32], &Rotation::with_overlap(secs(60)), at(NOON)));
    refused(&rotated, NOON.plus(secs(60)), Reason::CredentialRevoked);
    refused(&api(id, 3), NOON, Reason::CredentialRevoked);
    yes(w.store().rotate_credential("rotated", &[8; 32], &Rotation::leaked(NOON), at(NOON)));
    refused(&api(id, 2), NOON, Reason::CredentialRevoked);

    yes(w.store().enable_credential("cli", false, at(NOON)));
    refused(&w.host(), NOON, Reason::CredentialDisabled);
    yes(w.store().enable_credential("cli", true, at(NOON)));

    let admin = yes(w.store().enable_admin("root", false, at(NOON)));
    refused(&api(ends.credential_id, 1), NOON, Reason::AdminDisabled);
    refused(&Caller(CallerId::Admin { admin: admin.admin_id }), NOON, Reason::AdminDisabled);
    yes(w.store().enable_admin("root", true, at(NOON)));

    // Each of them is good one step before.
    yes(w.issue(&w.host(), &for_client(1), NOON));
    yes(w.issue(&api(ends.credential_id, 1), &for_client(1), NOON.plus(ms(9_999))));
    yes(w.issue(&api(id, 3), &for_client(1), NOON));
    let (token, _) = yes(w.issue(&Caller(CallerId::Admin { admin: admin.admin_id }), &for_client(1), NOON));
    assert_eq!(found(w, &token).admin, Some(admin.admin_id));
    let overlapping = w.limited("overlapping", Limits::default());
    yes(w.store().rotate_credential("overlapping", &[7; 32], &Rotation::with_overlap(secs(60)), at(NOON)));
    yes(w.issue(&overlapping, &for_client(1), NOON.plus(ms(59_999))));
}

fn a_credential_issues_only_what_its_limits_allow(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
    yes(w.store().add_member(user_id(1), client_id(2), false, at(NOON)));
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let from = |address: &str| for_client(1).from_address(address.parse().unwrap());

    let near =
        w.limited("near", Limits { addresses: vec!["203.0.113.0/24".parse().unwrap()], ..Limits::default() });
    yes(w.issue(&near, &from("203.0.113.255"), NOON));
    yes(w.issue(&near, &from("::ffff:203.0.113.1"), NOON));
    w.no(w.issue(&near, &from("203.0.114.0"), NOON), Reason::AddressNotAllowed);
    w.no(w.issue(&near, &for_client(1), NOON), Reason::AddressNotAllowed);

    let reader = w.limited("reader", Limits { actions: texts(&["getclients"]), ..Limits::default() });
    w.no(w.issue(&reader, &for_client(1), NOON), Reason::ActionNotAllowed);
    let issuer = w.limited("issuer", Limits { actions: texts(&["createssotoken"]), ..Limits::default() });
    yes(w.issue(&issuer, &for_client(1), NOON));

    let pages = Limits { destinations: texts(&["clientarea:invoices"]), ..Limits::default() };
    let invoices = w.limited("invoices", pages);
    yes(w.issue(&invoices, &for_client(1).destination("clientarea:invoices"), NOON));
    yes(w.issue(&invoices, &for_client(1), NOON));
    w.no(
        w.issue(&invoices, &for_client(1).destination("clientarea:tickets"), NOON),
        Reason::DestinationNotAllowed,
    );
    let anywhere = w.limited("anywhere", Limits::default());
    let custom = || for_client(1).redirect_path("viewinvoice.php?id=5");
    w.no(w.issue(&anywhere, &custom(), NOON), Reason::DestinationNotAllowed);
    yes(w.issue(&w.host(), &custom(), NOON));

    let bound = w.limited("bound", Limits { clients: Some(vec![client_id(2)]), ..Limits::default() });
    yes(w.issue(&bound, &for_client(2), NOON));
    w.no(w.issue(&bound, &for_client(1), NOON), Reason::ClientNotAllowed);
    w.no(w.issue(&bound, &for_user(1), NOON), Reason::ClientNotAllowed);
    // Whatever stands against others' clients, or whether they exist: it is none of this caller's business.
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    for request in [for_client(1), for_client(9), for_user(1), for_user(9), in_client(1, 1), in_client(9, 9)]
    {
        w.no(w.issue(&bound, &request, NOON), Reason::ClientNotAllowed);
    }
}

fn a_person_who_may_not_sign_in_gets_no_token(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", None);
    let host = w.host();
    w.no(w.issue(&host, &for_client(9), NOON), Reason::ClientUnknown);
    w.no(w.issue(&host, &in_client(1, 9), NOON), Reason::ClientUnknown);
    w.no(w.issue(&host, &for_user(9), NOON), Reason::UserUnknown);
    w.no(w.issue(&host, &in_client(9, 1), NOON), Reason::UserUnknown);
    w.no(w.issue(&host, &in_client(2, 1), NOON), Reason::NotAMember);
    w.no(w.issue(&host, &for_user(2), NOON), Reason::NoClient);
    w.no(w.issue(&host, &for_client(2), NOON), Reason::NoOwner);
    yes(w.store().set_client_sso(client_id(1), false, at(NOON)));
    for request in [for_client(1), for_user(1), in_client(1, 1)] {
        w.no(w.issue(&host, &request, NOON), Reason::SsoDisabled);
    }
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    for request in [for_client(1), for_user(1), in_client(1, 1)] {
        w.no(w.issue(&host, &request, NOON), Reason::ClientClosed);
    }
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    for request in [for_client(1), for_user(1), in_client(1, 1)] {
        w.no(w.issue(&host, &request, NOON), Reason::UserDisabled);
    }
    w.everywhere(|store| assert!(store.list_tokens(&TokenQuery::default(), 9, NOON).unwrap().1.is_empty()));
}

fn a_request_that_makes_no_sense_names_the_field(w: &World<'_>) {
    w.ann();
    let host = w.host();
    let to = |name: &str| for_client(1).destination(name);
    let before = w.events("").len();
    for look_alike in
        ["clientarea:nowhere", "Clientarea:invoices", "clientarea:invoices ", "clientarea:invoicés", "", "%"]
    {
        w.invalid(w.issue(&host, &to(look_alike), NOON), "destination");
    }
    w.invalid(w.issue(&host, &to("clientarea:product_details"), NOON), "service_id");
    w.invalid(w.issue(&host, &to("clientarea:invoices").service(item(1)), NOON), "service_id");
    w.invalid(w.issue(&host, &to("clientarea:domain_details"), NOON), "domain_id");
    w.invalid(w.issue(&host, &to("clientarea:domain_details").service(item(1)), NOON), "service_id");
    w.invalid(w.issue(&host, &to("sso:custom_redirect"), NOON), "redirect_path");
    w.invalid(w.issue(&host, &for_client(1).redirect_path("//evil.example"), NOON), "redirect_path");
    w.invalid(w.issue(&host, &for_client(1).life(secs(0)), NOON), "life");
    w.invalid(w.issue(&host, &for_client(1).life(ms(60_001)), NOON), "life");
    yes(w.store().remove_destination("clientarea:invoices", at(NOON)));
    w.invalid(w.issue(&host, &to("clientarea:invoices"), NOON), "destination");
    w.everywhere(|store| {
        assert!(store.list_tokens(&TokenQuery::default(), 9, NOON).unwrap().1.is_empty());
        assert_eq!(super::world::events(store, "token.issued").len(), 0);
    });
    assert_eq!(w.events("").len(), before);
}

fn issues_are_counted_by_the_minute(w: &World<'_>) {
    w.ann();
    let twice = w.limited("twice", Limits { issues_per_minute: Some(2), ..Limits::default() });
    let issue = |now| w.issue(&twice, &for_client(1), now);
    yes(issue(NOON));
    yes(issue(NOON.plus(secs(30))));
    w.no(issue(NOON.plus(secs(30))), Reason::RateLimited);
    w.reopen();
    w.no(issue(NOON.plus(ms(59_999))), Reason::RateLimited);
    // Another caller's minute is another's, and a new minute begins at nought.
    yes(w.issue(&w.host(), &for_client(1), NOON.plus(ms(59_999))));
    yes(issue(NOON.plus(secs(60))));
    // What was refused for another reason did not count.
    w.no(w.issue(&twice, &for_client(9), NOON.plus(secs(61))), Reason::ClientUnknown);
    yes(issue(NOON.plus(secs(62))));
    w.no(issue(NOON.plus(secs(63))), Reason::RateLimited);
}

fn a_use_is_noted_at_most_once_a_minute(w: &World<'_>) {
    w.ann();
    let caller = w.limited("shop", Limits::default());
    let issued = |now, noted: Timestamp| {
        yes(w.issue(&caller, &for_client(1), now));
        w.everywhere(|store| {
            assert_eq!(
                store.find_credential(CredentialNamed::Name("shop")).unwrap().unwrap().last_used_at,
                Some(noted)
            );
        });
    };
    assert_eq!(w.store().find_credential(CredentialNamed::Name("shop")).unwrap().unwrap().last_used_at, None);
    issued(NOON, NOON);
    issued(NOON.plus(ms(59_999)), NOON);
    issued(NOON.plus(secs(60)), NOON.plus(secs(60)));
    // A clock that ran ahead once must not keep the time of use in the future.
    issued(NOON, NOON);
}

fn a_life_is_never_longer_than_allowed(w: &World<'_>) {
    w.ann();
    let short = w.limited("short", Limits { max_token_life_seconds: Some(10), ..Limits::default() });
    let ends = |caller: &Caller, request: &IssueRequest| {
        yes(w.issue(caller, request, NOON)).1.expires_at.since(NOON)
    };
    assert_eq!(ends(&w.host(), &for_client(1)), secs(60));
    assert_eq!(ends(&w.host(), &for_client(1).life(ms(1))), ms(1));
    assert_eq!(ends(&w.host(), &for_client(1).life(secs(60))), secs(60));
    assert_eq!(ends(&short, &for_client(1)), secs(10));
    assert_eq!(ends(&short, &for_client(1).life(secs(10))), secs(10));
    w.no(w.issue(&short, &for_client(1).life(ms(10_001)), NOON), Reason::LifeNotAllowed);
    w.set("token_life_seconds", 5);
    assert_eq!(ends(&short, &for_client(1)), secs(5));
    assert_eq!(ends(&w.host(), &for_client(1)), secs(5));
}

fn a_host_store_takes_ids_as_given(w: &World<'_>) {
    w.make(Mode::Host);
    for (request, user, client) in [
        (for_client(7), None, Some(client_id(7))),
        (for_user(8), Some(user_id(8)), None),
        (in_client(i64::MAX, 9), Some(user_id(i64::MAX)), Some(client_id(9))),
    ] {
        let (token, grant) = yes(w.issue(&w.host(), &request, NOON));
        assert_eq!((grant.user, grant.client), (user, client));
        w.everywhere(|store| {
            let facts = store.inspect(&named(&token)).unwrap().unwrap();
            assert_eq!((facts.token.user, facts.token.client), (user, client));
            assert_eq!(facts.subject, Default::default(), "nothing is looked up");
        });
    }
}

fn a_token_is_found_by_its_key_or_its_whole_name_only(w: &World<'_>) {
    w.ann();
    let [one, two] = [w.token(NOON), w.token(NOON)];
    let stranger = unknown_key(w);
    w.everywhere(|store| {
        for token in [&one, &two] {
            let by_name = store.inspect(&Named::Reference(token.reference())).unwrap().unwrap();
            assert_eq!(by_name.token.key, token.key());
            assert_eq!(store.inspect(&named(token)).unwrap().unwrap().token, by_name.token);
        }
        assert!(store.inspect(&Named::Key(stranger)).unwrap().is_none());
        assert!(store.inspect(&Named::Reference(stranger.reference())).unwrap().is_none());
    });
}

fn tokens_are_listed_newest_first_page_by_page(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
    let shop = w.limited("shop", Limits::default());
    let one = w.token(NOON);
    let two = w.token_of(&shop, &for_client(2), NOON.plus(ms(1)));
    let three = w.token(NOON.plus(ms(2)));
    let all = keys(&[&three, &two, &one]);
    let query = TokenQuery::default;
    w.everywhere(|store| {
        let list = |query: &TokenQuery, limit| -> Vec<_> {
            let (_, tokens) = store.list_tokens(query, limit, NOON).unwrap();
            tokens.into_iter().map(|token| token.key).collect()
        };
        assert_eq!(list(&query(), 9), all);
        assert_eq!(list(&query(), 2), all[..2]);
        assert_eq!(list(&TokenQuery { before: Some(two.reference()), ..query() }, 9), all[2..]);
        assert_eq!(list(&TokenQuery { before: Some(one.reference()), ..query() }, 9), []);
        assert_eq!(list(&TokenQuery { user_id: Some(user_id(2)), ..query() }, 9), all[1..2]);
        assert_eq!(list(&TokenQuery { client_id: Some(client_id(2)), ..query() }, 9), all[1..2]);
        assert_eq!(list(&TokenQuery { credential_id: shop.credential_id(), ..query() }, 9), all[1..2]);
        let nobodys =
            TokenQuery { credential_id: shop.credential_id(), user_id: Some(user_id(1)), ..query() };
        assert_eq!(list(&nobodys, 9), []);
    });
}

fn only_tokens_that_could_be_redeemed_are_listed_as_live(w: &World<'_>) {
    w.ann();
    let [void, leaked] = ["void", "leaked"].map(|label| w.limited(label, Limits::default()));
    let ahead = w.token(NOON.plus(ms(5_001)));
    let soon = w.token(NOON.plus(secs(5)));
    let live = w.token(NOON);
    let [spent, revoked, expired] = [w.token(NOON), w.token(NOON), w.token(NOON.minus(secs(60)))];
    let [orphan, stolen] = [&void, &leaked].map(|caller| w.token_of(caller, &for_client(1), NOON));
    yes(w.redeem(&spent, NOON));
    yes(w.store().revoke_tokens(&TokensOf::One(named(&revoked)), at(NOON)));
    yes(w.store().revoke_credential("void", false, at(NOON)));
    yes(w.store().rotate_credential("leaked", &[1; 32], &Rotation::leaked(NOON), at(NOON)));
    let only_live = TokenQuery { live: true, ..TokenQuery::default() };
    let shown: Vec<_> = listed(w, &only_live, 99, NOON).into_iter().map(|token| token.key).collect();
    assert_eq!(shown, keys(&[&soon, &live]));
    assert_eq!(listed(w, &TokenQuery::default(), 99, NOON).len(), 8);
    for token in [&ahead, &expired, &orphan, &stolen] {
        assert_eq!(found(w, token).redeemed_at, None);
    }
}

fn one_token_is_revoked_unless_it_is_too_late(w: &World<'_>) {
    w.ann();
    let [one, two, spent] = [w.token(NOON), w.token(NOON), w.token(NOON)];
    yes(w.redeem(&spent, NOON));
    let revoke = |which: Named| w.store().revoke_tokens(&TokensOf::One(which), at(NOON));
    w.no(revoke(Named::Key(unknown_key(w))), Reason::TokenUnknown);
    w.no(revoke(named(&spent)), Reason::TokenRedeemed);
    w.no(revoke(Named::Reference(spent.reference())), Reason::TokenRedeemed);
    assert_eq!(yes(revoke(named(&one))), 1);
    assert_eq!(yes(revoke(Named::Reference(one.reference()))), 0, "it was revoked before");
    w.everywhere(|store| {
        assert_eq!(store.inspect(&named(&one)).unwrap().unwrap().token.revoked_at, Some(NOON));
        assert_eq!(store.inspect(&named(&two)).unwrap().unwrap().token.revoked_at, None);
        let events = super::world::events(store, "token.revoked");
        let [event] = &events[..] else { panic!("{events:?}") };
        assert_eq!(event.object, Some(one.reference().to_string()));
        assert_eq!((event.actor.as_deref(), event.count), (Some("suite"), 1));
    });
    yes(w.redeem(&two, NOON));
}

fn tokens_of_a_user_client_or_credential_are_revoked_and_no_others(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
    let shop = w.limited("shop", Limits::default());
    for (number, which) in [
        TokensOf::User(user_id(2)),
        TokensOf::Client(client_id(2)),
        TokensOf::Credential(shop.credential_id().unwrap()),
    ]
    .into_iter()
    .enumerate()
    {
        let now = NOON.plus(secs(number as u64));
        let kept = w.token(now);
        let [gone, also, spent] = [(); 3].map(|()| w.token_of(&shop, &for_client(2), now));
        let session = yes(w.redeem(&spent, now));
        assert_eq!(session.user, Some(user_id(2)));
        assert_eq!(yes(w.store().revoke_tokens(&which, at(now))), 2);
        assert_eq!(yes(w.store().revoke_tokens(&which, at(now))), 0);
        w.everywhere(|store| {
            let revoked = |token| store.inspect(&named(token)).unwrap().unwrap().token.revoked_at;
            assert_eq!([&gone, &also, &spent, &kept].map(revoked), [Some(now), Some(now), None, None]);
        });
        yes(w.redeem(&kept, now));
    }
    let events = w.events("token.revoked");
    assert_eq!(events.iter().map(|event| event.count).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(events[0].user_id, Some(user_id(2)));
    assert_eq!(events[1].client_id, Some(client_id(2)));
    assert_eq!(events[2].credential_id, shop.credential_id());
    assert_eq!(yes(w.store().revoke_tokens(&TokensOf::User(user_id(77)), at(NOON.plus(days(1))))), 0);
}
