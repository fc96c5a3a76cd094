//! Sign-in links made, found and listed.

use super::world::{
    NOON, World, api, at, client_id, days, digest_of, events, ms, secs, stored, unknown_key, user_id, yes,
};
use super::{Noun, cases};
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerId, Limits, Rotation};
use crate::directory::{ClientStatus, Mode, Subject};
use crate::error::Reason;
use crate::id::{CredentialId, ItemId};
use crate::link::{LinkEnd, LinkQuery, LinkRequest, SignInLink};
use crate::secret::TimedKey;
use crate::store::{CredentialNamed, LinkNamed, LinksOf, Store};
use crate::token::{Binding, IssueRequest};

pub(super) const NOUN: Noun = Noun {
    name: "links",
    cases: cases![
        what_was_granted_is_stored_whole,
        a_link_is_bound_to_whom_the_subject_means_when_it_is_made,
        a_caller_who_no_longer_stands_makes_no_link,
        only_a_credential_with_that_right_makes_links,
        a_credential_makes_only_links_that_its_limits_allow,
        a_person_who_may_not_sign_in_gets_no_link,
        a_request_that_makes_no_sense_names_the_field,
        links_are_counted_by_the_minute_and_apart_from_tokens,
        a_life_is_a_minute_to_seven_days_and_never_longer_than_allowed,
        a_host_store_takes_ids_as_given,
        a_link_is_found_by_its_digest_or_its_whole_name_only,
        links_are_listed_newest_first_page_by_page,
        labels_that_look_alike_are_other_labels,
        only_links_that_could_be_opened_are_listed_as_live,
    ],
    reasons: &[
        Reason::CredentialUnknown,
        Reason::CredentialRevoked,
        Reason::CredentialExpired,
        Reason::CredentialDisabled,
        Reason::AdminDisabled,
        Reason::AddressNotAllowed,
        Reason::LinksNotAllowed,
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
    ],
    fields: &[
        "binding",
        "life",
        "uses",
        "label",
        "title",
        "actor",
        "destination",
        "service_id",
        "domain_id",
        "redirect_path",
    ],
};

fn to(id: i64) -> LinkRequest {
    LinkRequest::new(IssueRequest::for_client(client_id(id)))
}

fn for_user(id: i64) -> LinkRequest {
    LinkRequest::new(IssueRequest::for_user(user_id(id)))
}

fn in_client(user: i64, client: i64) -> LinkRequest {
    LinkRequest::new(IssueRequest::new(Subject::UserInClient(user_id(user), client_id(client))))
}

fn page(name: &str) -> LinkRequest {
    LinkRequest::new(IssueRequest::for_client(client_id(1)).destination(name))
}

/// May make links, and has no other limits.
fn links() -> Limits {
    Limits { links: true, ..Limits::default() }
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn listed(store: &dyn Store, query: &LinkQuery, limit: u32, now: Timestamp) -> Vec<TimedKey> {
    store.list_links(query, limit, now).unwrap().1.into_iter().map(|link| link.key).collect()
}

fn none_listed(w: &World<'_>) {
    w.everywhere(|store| assert!(listed(store, &LinkQuery::default(), 9, NOON).is_empty()));
}

/// The keys of links, in this order.
fn keys(w: &World<'_>, links: &[&SignInLink]) -> Vec<TimedKey> {
    links.iter().map(|link| stored(&*w.store(), link).key).collect()
}

fn what_was_granted_is_stored_whole(w: &World<'_>) {
    w.ann();
    let caller = w.limited("mailer", links());
    let seven = ItemId::new(7).unwrap();
    let mut request = page("clientarea:product_details").uses(3).life(days(7)).end_siblings();
    request = request.label("José ' \" %").title("Ihr Paket <7>");
    request.issue.service_id = Some(seven);
    request.issue.actor = Some("billing run".to_owned());
    request.issue.address = Some("203.0.113.7".parse().unwrap());
    let (link, grant) = yes(w.create(&caller, &request, NOON));
    assert_eq!((grant.user, grant.client), (Some(user_id(1)), Some(client_id(1))));
    assert_eq!(grant.expires_at, NOON.plus(days(7)));
    w.everywhere(|store| {
        let facts = store.inspect_link(&digest_of(&link)).unwrap().unwrap();
        let stored = &facts.link;
        assert_eq!(stored.key, TimedKey::new(NOON, &link.digest()));
        assert_eq!((stored.user, stored.client), (Some(user_id(1)), Some(client_id(1))));
        assert_eq!(stored.destination.as_deref(), Some("clientarea:product_details"));
        assert_eq!(stored.landing, "clientarea.php?action=productdetails&id=7");
        assert_eq!((&stored.label, &stored.title), (&request.label, &request.title));
        assert_eq!((Some(stored.credential), stored.serial), (caller.credential_id(), 1));
        assert_eq!(stored.actor, request.issue.actor);
        assert_eq!((stored.created_at, stored.expires_at), (NOON, NOON.plus(days(7))));
        assert_eq!((stored.uses, stored.used, stored.end_siblings), (3, 0, true));
        assert_eq!((stored.first_opened_at, stored.last_opened_at, stored.ended), (None, None, None));
        assert!(facts.subject.user.unwrap().enabled);
        let told = events(store, "link.created");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.outcome.as_str(), event.at), ("ok", NOON));
        assert_eq!(event.object, Some(stored.key.reference().to_string()));
        assert_eq!(event.detail.as_deref(), Some("label José ' \" %"));
        assert_eq!((event.credential_id, event.user_id), (caller.credential_id(), Some(user_id(1))));
        assert_eq!(event.client_id, Some(client_id(1)));
        assert_eq!((event.address.as_deref(), &event.actor), (Some("203.0.113.7"), &request.issue.actor));
        let used = store.find_credential(CredentialNamed::Name("mailer")).unwrap().unwrap();
        assert_eq!(used.last_used_at, Some(NOON));
    });
}

fn a_link_is_bound_to_whom_the_subject_means_when_it_is_made(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    let bound = |request: LinkRequest| {
        let link = w.link_of(&request, NOON);
        let stored = stored(&*w.store(), &link);
        (stored.user.map(|id| id.get()), stored.client.map(|id| id.get()))
    };
    assert_eq!(bound(to(1)), (Some(1), Some(1)), "a client alone means its owner");
    assert_eq!(bound(for_user(1)), (Some(1), Some(1)), "one client: bound to it");
    assert_eq!(bound(for_user(2)), (Some(2), None), "several clients: bound to none");
    assert_eq!(bound(in_client(2, 1)), (Some(2), Some(1)));
    yes(w.store().set_client_status(client_id(1), ClientStatus::Inactive, at(NOON)));
    assert_eq!(bound(to(1)), (Some(1), Some(1)), "an inactive client may sign in");
}

fn a_caller_who_no_longer_stands_makes_no_link(w: &World<'_>) {
    w.ann();
    let refused = |caller: &Caller, now, reason| {
        let refusal = w.no(w.create(caller, &to(1), now), reason);
        assert_eq!(refusal.reference.is_some(), reason != Reason::CredentialUnknown);
        none_listed(w);
    };
    let nobody = CredentialId::new(99).unwrap();
    refused(&api(nobody, 1), NOON, Reason::CredentialUnknown);
    refused(&Caller(CallerId::Host { credential: nobody }), NOON, Reason::CredentialUnknown);

    let revoked = w.limited("revoked", links());
    yes(w.store().revoke_credential("revoked", false, at(NOON)));
    refused(&revoked, NOON, Reason::CredentialRevoked);

    let ends = w.credential_with("ends", links(), Some(NOON.plus(secs(10))));
    let ends = api(ends.credential_id, 1);
    refused(&ends, NOON.plus(secs(10)), Reason::CredentialExpired);

    let rotated = w.limited("rotated", links());
    yes(w.store().rotate_credential("rotated", &[9; 32], &Rotation::with_overlap(secs(60)), at(NOON)));
    refused(&rotated, NOON.plus(secs(60)), Reason::CredentialRevoked);

    yes(w.store().enable_credential("cli", false, at(NOON)));
    refused(&w.host(), NOON, Reason::CredentialDisabled);
    yes(w.store().enable_credential("cli", true, at(NOON)));
    yes(w.store().enable_admin("root", false, at(NOON)));
    refused(&ends, NOON, Reason::AdminDisabled);
    yes(w.store().enable_admin("root", true, at(NOON)));

    let near = Limits { addresses: vec!["203.0.113.0/24".parse().unwrap()], ..links() };
    let near = w.limited("near", near);
    refused(&near, NOON, Reason::AddressNotAllowed);
    assert_eq!(w.events("link.created").iter().filter(|event| event.outcome != "ok").count(), 6);

    // Each of them is good one step before.
    let from_there = LinkRequest::new(to(1).issue.from_address("203.0.113.9".parse().unwrap()));
    yes(w.create(&near, &from_there, NOON));
    yes(w.create(&ends, &to(1), NOON.plus(ms(9_999))));
    yes(w.create(&rotated, &to(1), NOON.plus(ms(59_999))));
    yes(w.create(&w.host(), &to(1), NOON));
}

fn only_a_credential_with_that_right_makes_links(w: &World<'_>) {
    w.ann();
    let plain = w.limited("plain", Limits::default());
    let admin = w.store().list_admins().unwrap()[0].admin_id;
    // The right is asked for before anything is told of the destination or the person.
    for caller in [plain, Caller(CallerId::Admin { admin })] {
        for request in [to(1), to(99), page("clientarea:nowhere")] {
            w.no(w.create(&caller, &request, NOON), Reason::LinksNotAllowed);
        }
    }
    // It may issue tokens all the same, and a list of API actions is no matter of links.
    yes(w.issue(&plain, &to(1).issue, NOON));
    none_listed(w);
    let mailer = w.limited("mailer", Limits { actions: texts(&[]), ..links() });
    yes(w.create(&mailer, &to(1), NOON));
}

fn a_credential_makes_only_links_that_its_limits_allow(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
    yes(w.store().add_member(user_id(1), client_id(2), false, at(NOON)));
    let (invoices, tickets) = ("clientarea:invoices", "clientarea:tickets");

    // Both lists hold: what the credential may reach, and what its links may.
    let limits = Limits { destinations: texts(&[invoices]), ..links() };
    let either = w.limited("either", limits);
    yes(w.create(&either, &page(invoices), NOON));
    yes(w.create(&either, &to(1), NOON));
    w.no(w.create(&either, &page(tickets), NOON), Reason::DestinationNotAllowed);
    let limits = Limits { link_destinations: texts(&[invoices]), ..links() };
    let links_only = w.limited("links only", limits);
    yes(w.create(&links_only, &page(invoices), NOON));
    yes(w.create(&links_only, &to(1), NOON));
    w.no(w.create(&links_only, &page(tickets), NOON), Reason::DestinationNotAllowed);
    yes(w.issue(&links_only, &page(tickets).issue, NOON));
    // The list of links widens nothing.
    let custom = || LinkRequest::new(to(1).issue.redirect_path("viewinvoice.php?id=5"));
    let any = w.limited("any", Limits { link_destinations: texts(&["*"]), ..links() });
    w.no(w.create(&any, &custom(), NOON), Reason::DestinationNotAllowed);
    yes(w.create(&any, &page(tickets), NOON));
    yes(w.create(&w.host(), &custom(), NOON));

    let bound = w.limited("bound", Limits { clients: Some(vec![client_id(2)]), ..links() });
    yes(w.create(&bound, &to(2), NOON));
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    for request in [to(1), to(9), for_user(1), for_user(9), in_client(1, 1), in_client(9, 9)] {
        w.no(w.create(&bound, &request, NOON), Reason::ClientNotAllowed);
    }
}

fn a_person_who_may_not_sign_in_gets_no_link(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", None);
    let no = |request: LinkRequest, reason| {
        w.no(w.create(&w.host(), &request, NOON), reason);
    };
    let all = |reason| [to(1), for_user(1), in_client(1, 1)].into_iter().for_each(|asked| no(asked, reason));
    no(to(9), Reason::ClientUnknown);
    no(for_user(9), Reason::UserUnknown);
    no(in_client(2, 1), Reason::NotAMember);
    no(for_user(2), Reason::NoClient);
    no(to(2), Reason::NoOwner);
    yes(w.store().set_client_sso(client_id(1), false, at(NOON)));
    all(Reason::SsoDisabled);
    yes(w.store().set_client_status(client_id(1), ClientStatus::Closed, at(NOON)));
    all(Reason::ClientClosed);
    yes(w.store().enable_user(user_id(1), false, at(NOON)));
    all(Reason::UserDisabled);
    none_listed(w);
    let told = w.events("link.created");
    assert!(told.iter().all(|event| event.outcome != "ok"), "{told:?}");
    assert_eq!(told[0].client_id, Some(client_id(9)), "for whom it was asked");
}

fn a_request_that_makes_no_sense_names_the_field(w: &World<'_>) {
    w.ann();
    let (host, before) = (w.host(), w.events("").len());
    let bad = |request: LinkRequest, field| w.invalid(w.create(&host, &request, NOON), field);
    let with = |issue: IssueRequest| LinkRequest::new(issue);
    let item = ItemId::new(1).unwrap();
    bad(with(to(1).issue.bound_to(Binding::of_nonce(b"nonce"))), "binding");
    bad(with(to(1).issue.life(secs(30))), "life");
    bad(to(1).life(ms(59_999)), "life");
    bad(to(1).life(days(7) + ms(1)), "life");
    bad(to(1).uses(0), "uses");
    bad(to(1).uses(101), "uses");
    for text in [String::new(), "a".repeat(101), "a\nb".to_owned(), "é".repeat(51)] {
        bad(to(1).label(&text), "label");
        bad(to(1).title(&text), "title");
    }
    bad(to(1).end_siblings(), "label");
    bad(with(to(1).issue.actor("a\0")), "actor");
    bad(page("clientarea:nowhere"), "destination");
    bad(page("clientarea:product_details"), "service_id");
    bad(page("clientarea:domain_details"), "domain_id");
    bad(with(page("clientarea:invoices").issue.service(item)), "service_id");
    for path in ["//evil.example", "signin.php?x", "dologin.php", "oauth/x", "https://evil.example/"] {
        bad(with(to(1).issue.redirect_path(path)), "redirect_path");
    }
    none_listed(w);
    assert_eq!(w.events("").len(), before);
    for good in [to(1).uses(100), to(1).label("é".repeat(50)), to(1).title("x".repeat(100))] {
        yes(w.create(&host, &good, NOON));
    }
}

fn links_are_counted_by_the_minute_and_apart_from_tokens(w: &World<'_>) {
    w.ann();
    let limits = Limits { links_per_minute: Some(2), issues_per_minute: Some(1), ..links() };
    let twice = w.limited("twice", limits);
    let create = |now| w.create(&twice, &to(1), now);
    yes(w.issue(&twice, &to(1).issue, NOON));
    yes(create(NOON));
    yes(create(NOON.plus(secs(30))));
    w.no(create(NOON.plus(secs(30))), Reason::RateLimited);
    w.reopen();
    w.no(create(NOON.plus(ms(59_999))), Reason::RateLimited);
    w.no(w.issue(&twice, &to(1).issue, NOON.plus(ms(59_999))), Reason::RateLimited);
    yes(w.create(&w.host(), &to(1), NOON.plus(ms(59_999))));
    let mut now = NOON.plus(secs(60));
    yes(create(now));
    // Neither what was refused for another reason nor a use counts.
    w.no(w.create(&twice, &to(9), now), Reason::ClientUnknown);
    now = now.plus(secs(1));
    let (link, _) = yes(create(now));
    yes(w.issue(&twice, &to(1).issue, now));
    yes(w.open(&link, now));
    w.no(create(now), Reason::RateLimited);
}

fn a_life_is_a_minute_to_seven_days_and_never_longer_than_allowed(w: &World<'_>) {
    w.ann();
    let short = w.limited("short", Limits { max_link_life_seconds: Some(3_600), ..links() });
    let ends = |caller: &Caller, request: &LinkRequest| {
        yes(w.create(caller, request, NOON)).1.expires_at.since(NOON)
    };
    assert_eq!(ends(&w.host(), &to(1)), days(1));
    assert_eq!(ends(&w.host(), &to(1).life(secs(60))), secs(60));
    assert_eq!(ends(&w.host(), &to(1).life(days(7))), days(7));
    assert_eq!(ends(&short, &to(1)), secs(3_600));
    assert_eq!(ends(&short, &to(1).life(secs(3_600))), secs(3_600));
    w.no(w.create(&short, &to(1).life(ms(3_600_001)), NOON), Reason::LifeNotAllowed);
    w.set("link_life_seconds", 60);
    assert_eq!(ends(&short, &to(1)), secs(60));
    assert_eq!(ends(&w.host(), &to(1)), secs(60));
    assert_eq!(ends(&w.host(), &to(1).life(days(2))), days(2), "the setting is what is usual, no limit");
}

fn a_host_store_takes_ids_as_given(w: &World<'_>) {
    w.make(Mode::Host);
    for (request, user, client) in [
        (to(7), None, Some(client_id(7))),
        (for_user(8), Some(user_id(8)), None),
        (in_client(i64::MAX, 9), Some(user_id(i64::MAX)), Some(client_id(9))),
    ] {
        let (link, grant) = yes(w.create(&w.host(), &request, NOON));
        assert_eq!((grant.user, grant.client), (user, client));
        w.everywhere(|store| {
            let facts = store.inspect_link(&digest_of(&link)).unwrap().unwrap();
            assert_eq!((facts.link.user, facts.link.client), (user, client));
            assert_eq!(facts.subject, Default::default(), "nothing is looked up");
        });
    }
}

fn a_link_is_found_by_its_digest_or_its_whole_name_only(w: &World<'_>) {
    w.ann();
    let [one, two] = [w.link(NOON), w.link(NOON)];
    let stranger = w.draw(|random| SignInLink::generate(random));
    let token = w.token(NOON);
    w.everywhere(|store| {
        for link in [&one, &two] {
            let stored = stored(store, link);
            let by_name = store.inspect_link(&LinkNamed::Reference(stored.key.reference())).unwrap();
            assert_eq!(by_name.unwrap().link, stored);
        }
        assert!(store.inspect_link(&digest_of(&stranger)).unwrap().is_none());
        for key in [TimedKey::new(NOON, &stranger.digest()), unknown_key(w), token.key()] {
            assert!(store.inspect_link(&LinkNamed::Reference(key.reference())).unwrap().is_none());
        }
    });
}

fn links_are_listed_newest_first_page_by_page(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
    let mailer = w.limited("mailer", links());
    let one = w.link(NOON);
    let (two, _) = yes(w.create(&mailer, &to(2).label("offer"), NOON.plus(ms(1))));
    let three = w.link(NOON.plus(ms(2)));
    let all = keys(w, &[&three, &two, &one]);
    let query = LinkQuery::default;
    w.everywhere(|store| {
        let list = |query: &LinkQuery, limit| listed(store, query, limit, NOON);
        assert_eq!(list(&query(), 9), all);
        assert_eq!(list(&query(), 2), all[..2]);
        assert_eq!(list(&LinkQuery { before: Some(all[1].reference()), ..query() }, 9), all[2..]);
        assert_eq!(list(&LinkQuery { before: Some(all[2].reference()), ..query() }, 9), []);
        assert_eq!(list(&LinkQuery { user_id: Some(user_id(2)), ..query() }, 9), all[1..2]);
        assert_eq!(list(&LinkQuery { client_id: Some(client_id(2)), ..query() }, 9), all[1..2]);
        assert_eq!(list(&LinkQuery { label: Some("offer".to_owned()), ..query() }, 9), all[1..2]);
        assert_eq!(list(&LinkQuery { credential_id: mailer.credential_id(), ..query() }, 9), all[1..2]);
        let nobodys = LinkQuery { label: Some("offer".to_owned()), user_id: Some(user_id(1)), ..query() };
        assert_eq!(list(&nobodys, 9), []);
    });
}

fn labels_that_look_alike_are_other_labels(w: &World<'_>) {
    w.ann();
    for (one, other) in super::world::LOOK_ALIKES {
        let [first, second] = [one, other].map(|label| w.link_of(&to(1).label(*label), NOON));
        for (label, link) in [(one, &first), (other, &second)] {
            let query = LinkQuery { label: Some((*label).to_owned()), ..LinkQuery::default() };
            let wanted = keys(w, &[link]);
            w.everywhere(|store| {
                assert!(listed(store, &query, 99, NOON).ends_with(&wanted), "{label:?}");
                let counted = store.link_tallies(Some(label), NOON.minus(days(1)), NOON).unwrap();
                assert!(counted.iter().all(|tally| tally.label.as_deref() == Some(label)), "{counted:?}");
            });
        }
        let which = LinksOf::Label(one);
        assert_eq!(yes(w.store().end_links(&which, LinkEnd::Revoked, at(NOON))), 1, "{one:?}");
        w.everywhere(|store| {
            assert!(stored(store, &first).ended.is_some());
            assert_eq!(stored(store, &second).ended, None, "{other:?} is not {one:?}");
        });
        yes(w.store().end_links(&LinksOf::Label(other), LinkEnd::Revoked, at(NOON)));
    }
}

fn only_links_that_could_be_opened_are_listed_as_live(w: &World<'_>) {
    w.ann();
    let [void, leaked] = ["void", "leaked"].map(|label| w.limited(label, links()));
    let ahead = w.link(NOON.plus(ms(5_001)));
    let soon = w.link(NOON.plus(secs(5)));
    let live = w.link_of(&to(1).uses(2), NOON);
    let [spent, revoked] = [w.link(NOON), w.link(NOON)];
    let expired = w.link(NOON.minus(days(1)));
    let [orphan, stolen] = [&void, &leaked].map(|caller| yes(w.create(caller, &to(1), NOON)).0);
    yes(w.open(&live, NOON));
    yes(w.open(&spent, NOON));
    yes(w.store().end_links(&LinksOf::One(digest_of(&revoked)), LinkEnd::Revoked, at(NOON)));
    yes(w.store().revoke_credential("void", false, at(NOON)));
    yes(w.store().rotate_credential("leaked", &[1; 32], &Rotation::leaked(NOON), at(NOON)));
    let wanted = keys(w, &[&soon, &live]);
    w.everywhere(|store| {
        let only_live = LinkQuery { live: true, ..LinkQuery::default() };
        assert_eq!(listed(store, &only_live, 99, NOON), wanted);
        assert_eq!(listed(store, &only_live, 1, NOON), wanted[..1], "the limit counts what is shown");
        assert_eq!(listed(store, &LinkQuery::default(), 99, NOON).len(), 8);
        for link in [&ahead, &expired, &orphan, &stolen] {
            assert_eq!((stored(store, link).used, stored(store, link).ended), (0, None));
        }
    });
}
