//! Sign-in links ended before their time, counted, forgotten.

use std::sync::Barrier;

use super::world::{
    NOON, World, api, at, client_id, days, digest_of, events, ms, no_progress, secs, stored, user_id, yes,
};
use super::{Noun, cases};
use crate::clock::Timestamp;
use crate::credential::{Limits, Rotation};
use crate::directory::{Email, Mode};
use crate::error::Reason;
use crate::link::{LinkEnd, LinkRequest, LinkTally, SignInLink, Tallied, hour_of};
use crate::store::{LinkNamed, LinksOf};
use crate::token::IssueRequest;

pub(super) const NOUN: Noun = Noun {
    name: "link_ends",
    cases: cases![
        one_link_is_ended_unless_it_is_too_late,
        links_of_a_user_client_label_or_credential_are_ended_and_no_others,
        a_link_with_uses_left_is_ended_all_the_same,
        what_ended_does_not_live_again_when_the_clock_is_set_back,
        what_was_over_already_when_it_was_ended_is_told_to_be_over,
        a_use_ends_the_siblings_and_nobody_elses,
        the_used_one_of_siblings_lives_on,
        of_two_siblings_raced_one_wins,
        a_new_address_ends_the_links_mailed_to_the_old_one,
        an_erased_user_has_no_links,
        a_restore_ends_all_links,
        what_happens_is_counted_by_label_and_hour,
        only_links_of_a_credential_in_good_standing_count_as_live,
        what_was_recorded_of_a_visit_counts_as_a_refusal,
        links_and_their_counts_go_when_their_retention_is_over,
    ],
    reasons: &[
        Reason::ClientUnknown,
        Reason::LinkUnknown,
        Reason::LinkUsed,
        Reason::LinkRevoked,
        Reason::LinkSuperseded,
        Reason::LinkOutdated,
        Reason::LinkExpired,
        Reason::LinkNotYetValid,
        Reason::LinksNotAllowed,
        Reason::UserUnknown,
        Reason::UserDisabled,
        Reason::AlreadyExists,
    ],
    fields: &[],
};

fn to(id: i64) -> LinkRequest {
    LinkRequest::new(IssueRequest::for_client(client_id(id)))
}

/// Bob, user 2, owns client 2.
fn ann_and_bob(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "c2@example.com", Some(2));
}

fn end(w: &World<'_>, which: &LinksOf<'_>, why: LinkEnd, now: Timestamp) -> u64 {
    yes(w.store().end_links(which, why, at(now)))
}

/// How each of these links ended.
fn ends<const N: usize>(w: &World<'_>, links: [&SignInLink; N]) -> [Option<LinkEnd>; N] {
    links.map(|link| stored(&*w.store(), link).ended.map(|(_, end)| end))
}

fn one_link_is_ended_unless_it_is_too_late(w: &World<'_>) {
    w.ann();
    let [one, two, spent] = [(); 3].map(|()| w.link(NOON));
    yes(w.open(&spent, NOON));
    let stranger = w.draw(|random| SignInLink::generate(random));
    let name = |link| LinkNamed::Reference(stored(&*w.store(), link).key.reference());
    let revoke = |which| w.store().end_links(&LinksOf::One(which), LinkEnd::Revoked, at(NOON));
    w.no(revoke(digest_of(&stranger)), Reason::LinkUnknown);
    w.no(revoke(LinkNamed::Reference(w.token(NOON).reference())), Reason::LinkUnknown);
    w.no(revoke(digest_of(&spent)), Reason::LinkUsed);
    w.no(revoke(name(&spent)), Reason::LinkUsed);
    assert_eq!(yes(revoke(digest_of(&one))), 1);
    assert_eq!(yes(revoke(name(&one))), 0, "it was revoked before");
    w.everywhere(|store| {
        assert_eq!(stored(store, &one).ended, Some((NOON, LinkEnd::Revoked)));
        assert_eq!(stored(store, &two).ended, None);
        let told = events(store, "link.ended");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!(event.object, Some(stored(store, &one).key.reference().to_string()));
        assert_eq!((event.user_id, event.client_id), (Some(user_id(1)), Some(client_id(1))));
        assert_eq!((event.actor.as_deref(), event.detail.as_deref()), (Some("suite"), Some("revoked")));
        assert_eq!(event.count, 1);
    });
    w.no(w.open(&one, NOON), Reason::LinkRevoked);
    yes(w.open(&two, NOON));
}

fn links_of_a_user_client_label_or_credential_are_ended_and_no_others(w: &World<'_>) {
    ann_and_bob(w);
    let mailer = w.limited("mailer", Limits { links: true, ..Limits::default() });
    let kinds = [
        (LinksOf::User(user_id(2)), LinkEnd::PasswordChanged, Reason::LinkOutdated),
        (LinksOf::Client(client_id(2)), LinkEnd::EmailChanged, Reason::LinkOutdated),
        (LinksOf::Label("offer"), LinkEnd::Revoked, Reason::LinkRevoked),
        (LinksOf::Credential(mailer.credential_id().unwrap()), LinkEnd::Revoked, Reason::LinkRevoked),
    ];
    for (number, (which, why, reason)) in kinds.into_iter().enumerate() {
        let now = NOON.plus(secs(number as u64));
        let kept = w.link_of(&to(1).label("Offer"), now);
        let make = |()| yes(w.create(&mailer, &to(2).label("offer"), now)).0;
        let [gone, also, spent, used_once] = [(); 4].map(make);
        let (over, _) = yes(w.create(&mailer, &to(2).label("offer").life(secs(60)), now.minus(secs(60))));
        yes(w.open(&spent, now));
        assert_eq!(end(w, &which, why, now), 3);
        assert_eq!(end(w, &which, why, now), 0);
        let wanted = [Some(why), Some(why), Some(why), Some(why), None, None];
        assert_eq!(ends(w, [&gone, &also, &used_once, &over, &spent, &kept]), wanted);
        w.no(w.open(&gone, now), reason);
        w.no(w.open(&spent, now), Reason::LinkUsed);
        yes(w.open(&kept, now));
    }
    let told = w.events("link.ended");
    assert_eq!(told.iter().map(|event| event.count).collect::<Vec<_>>(), [3, 3, 3, 3]);
    assert_eq!((told[0].user_id, told[1].client_id), (Some(user_id(2)), Some(client_id(2))));
    assert_eq!(told[2].object.as_deref(), Some("label offer"));
    assert_eq!(told[3].credential_id, mailer.credential_id());
    let words: Vec<_> = told.iter().map(|event| event.detail.as_deref().unwrap()).collect();
    assert_eq!(words, ["password_changed", "email_changed", "revoked", "revoked"]);
    assert_eq!(end(w, &LinksOf::User(user_id(77)), LinkEnd::Revoked, NOON), 0);
}

fn a_link_with_uses_left_is_ended_all_the_same(w: &World<'_>) {
    w.ann();
    let link = w.link_of(&to(1).uses(3), NOON);
    yes(w.open(&link, NOON));
    assert_eq!(end(w, &LinksOf::One(digest_of(&link)), LinkEnd::Revoked, NOON), 1);
    w.no(w.open(&link, NOON), Reason::LinkRevoked);
    w.everywhere(|store| assert_eq!((stored(store, &link).used, stored(store, &link).uses), (1, 3)));
}

fn what_ended_does_not_live_again_when_the_clock_is_set_back(w: &World<'_>) {
    w.ann();
    let over = NOON.plus(days(1));
    for which in [LinksOf::User(user_id(1)), LinksOf::Client(client_id(1)), LinksOf::Label("offer")] {
        let link = w.link_of(&to(1).label("offer"), NOON);
        assert_eq!(end(w, &which, LinkEnd::EmailChanged, over), 0, "it is over, so it is not counted");
        w.no(w.open(&link, over), Reason::LinkExpired);
        w.no(w.open(&link, NOON), Reason::LinkOutdated);
    }
    let link = w.link(NOON);
    end(w, &LinksOf::One(digest_of(&link)), LinkEnd::Revoked, over);
    w.no(w.open(&link, NOON), Reason::LinkRevoked);
    // One that is not ended waits until its time comes.
    let ahead = w.link(over);
    w.no(w.open(&ahead, NOON), Reason::LinkNotYetValid);
    yes(w.open(&ahead, over));
}

fn what_was_over_already_when_it_was_ended_is_told_to_be_over(w: &World<'_>) {
    w.ann();
    let [before, after] = [(); 2].map(|()| w.link(NOON));
    let over = NOON.plus(days(1));
    end(w, &LinksOf::One(digest_of(&before)), LinkEnd::Revoked, over.minus(ms(1)));
    end(w, &LinksOf::One(digest_of(&after)), LinkEnd::Revoked, over);
    w.no(w.open(&before, over.plus(days(1))), Reason::LinkRevoked);
    w.no(w.open(&after, over.plus(days(1))), Reason::LinkExpired);
    let counted = w.store().link_tallies(None, hour_of(over), over).unwrap();
    let expired: Vec<_> = counted.iter().filter(|tally| tally.what == LinkTally::Expired).collect();
    assert_eq!(expired.iter().map(|tally| tally.count).collect::<Vec<_>>(), [1], "the other one was ended");
}

fn a_use_ends_the_siblings_and_nobody_elses(w: &World<'_>) {
    ann_and_bob(w);
    yes(w.store().add_member(user_id(2), client_id(1), false, at(NOON)));
    let in_client = crate::directory::Subject::UserInClient(user_id(2), client_id(1));
    let reminder = |request: LinkRequest| w.link_of(&request.label("reminder"), NOON);
    let used = reminder(to(1).end_siblings());
    // A sibling needs not end others itself; what is spent or ended is left as it was.
    let [plain, ending] = [reminder(to(1)), reminder(to(1).end_siblings().uses(9))];
    let [spent, revoked] = [reminder(to(1)), reminder(to(1))];
    yes(w.open(&spent, NOON));
    end(w, &LinksOf::One(digest_of(&revoked)), LinkEnd::Revoked, NOON);
    let others = [
        w.link_of(&to(1).label("Reminder"), NOON),
        w.link_of(&to(1).label("reminder "), NOON),
        w.link(NOON),
        reminder(to(2)),
        reminder(LinkRequest::new(IssueRequest::new(in_client))),
        reminder(LinkRequest::new(IssueRequest::for_user(user_id(2)))),
    ];
    let now = NOON.plus(secs(9));
    yes(w.open(&used, now));
    let superseded = Some(LinkEnd::Superseded);
    let wanted = [superseded, superseded, None, Some(LinkEnd::Revoked), None];
    assert_eq!(ends(w, [&plain, &ending, &spent, &revoked, &used]), wanted);
    w.no(w.open(&plain, now), Reason::LinkSuperseded);
    w.everywhere(|store| {
        let told = events(store, "link.ended");
        let event = told.last().unwrap();
        assert_eq!((event.object.as_deref(), event.count), (Some("label reminder"), 2));
        let by = format!("superseded by {}", stored(store, &used).key.reference());
        assert_eq!((event.detail.as_deref(), event.user_id), (Some(by.as_str()), Some(user_id(1))));
    });
    for other in &others {
        yes(w.open(other, now));
    }
    // Those of a user in no client in particular end those of the same kind alone.
    let any = || LinkRequest::new(IssueRequest::for_user(user_id(2)));
    let [used, sibling] = [reminder(any().end_siblings()), reminder(any())];
    let in_one = reminder(LinkRequest::new(IssueRequest::new(in_client)));
    yes(w.open(&used, now));
    assert_eq!(ends(w, [&sibling, &in_one]), [superseded, None]);
}

fn the_used_one_of_siblings_lives_on(w: &World<'_>) {
    w.ann();
    let request = to(1).label("reminder").end_siblings().uses(2);
    let [used, sibling] = [(); 2].map(|()| w.link_of(&request, NOON));
    yes(w.open(&used, NOON));
    w.no(w.open(&sibling, NOON), Reason::LinkSuperseded);
    yes(w.open(&used, NOON));
    w.no(w.open(&used, NOON), Reason::LinkUsed);
    // One that is made later is another mail.
    yes(w.open(&w.link_of(&request, NOON), NOON));
}

fn of_two_siblings_raced_one_wins(w: &World<'_>) {
    w.ann();
    let request = to(1).label("reminder").end_siblings();
    for _ in 0..10 {
        let links = [(); 2].map(|()| w.link_of(&request, NOON));
        let tries = [0, 1, 0, 1].map(|number: usize| (w.store(), w.opening(&links[number], NOON).0));
        let start = Barrier::new(tries.len());
        let mut told: Vec<_> = std::thread::scope(|scope| {
            let running = tries.each_ref().map(|(store, act)| {
                scope.spawn(|| {
                    start.wait();
                    store.open_link(act, NOON).unwrap().err().map(|refusal| refusal.reason)
                })
            });
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        told.sort_by_key(|reason| reason.map(Reason::code));
        let superseded = Some(Reason::LinkSuperseded);
        assert_eq!(told, [None, superseded, superseded, Some(Reason::LinkUsed)]);
    }
}

fn a_new_address_ends_the_links_mailed_to_the_old_one(w: &World<'_>) {
    ann_and_bob(w);
    let (first, bobs) = (w.link(NOON), w.link_of(&to(2), NOON));
    let set = |user, email| {
        w.store().set_user_email(user_id(user), &Email::parse(email).unwrap(), at(NOON.plus(secs(1))))
    };
    w.no(set(9, "x@example.com"), Reason::UserUnknown);
    w.no(set(1, "BOB@example.com"), Reason::AlreadyExists);
    assert_eq!(yes(set(1, " Ann@Example.com ")).email.as_deref(), Some("ann@example.com"));
    assert_eq!(ends(w, [&first, &bobs]), [None, None], "nothing was changed so far");
    assert_eq!(yes(set(1, "ann@example.org")).email.as_deref(), Some("ann@example.org"));
    assert_eq!(ends(w, [&first, &bobs]), [Some(LinkEnd::EmailChanged), None]);
    w.no(w.open(&first, NOON.plus(secs(1))), Reason::LinkOutdated);
    yes(w.open(&w.link(NOON), NOON));
    w.everywhere(|store| {
        assert_eq!(store.find_user(user_id(1)).unwrap().unwrap().email.as_deref(), Some("ann@example.org"));
        let told = events(store, "user.email_set");
        assert_eq!((told.len(), told[0].user_id), (1, Some(user_id(1))));
        let ended = events(store, "link.ended");
        assert_eq!((ended.len(), ended[0].count), (1, 1));
        assert!(!format!("{:?}{:?}", told, ended).contains("example."), "no address in the audit");
    });
    // The address of before is free again; one who is erased gets none.
    yes(set(2, "ann@example.com"));
    yes(w.store().erase_user(user_id(2), at(NOON)));
    w.no(set(2, "bob@example.com"), Reason::UserUnknown);
}

fn an_erased_user_has_no_links(w: &World<'_>) {
    ann_and_bob(w);
    let (first, bobs) = (w.link_of(&to(1).title("Ann's invoice"), NOON), w.link_of(&to(2), NOON));
    assert_eq!(yes(w.store().erase_user(user_id(1), at(NOON))).links_ended, 1);
    w.everywhere(|store| {
        let erased = store.inspect_link(&digest_of(&first)).unwrap().unwrap();
        assert_eq!(erased.link.title, None, "it may name him");
    });
    assert_eq!(yes(w.store().erase_user(user_id(1), at(NOON))).links_ended, 0);
    w.no(w.open(&first, NOON), Reason::LinkRevoked);
    w.no(w.create(&w.host(), &to(1), NOON), Reason::UserDisabled);
    yes(w.open(&bobs, NOON));
}

fn a_restore_ends_all_links(w: &World<'_>) {
    w.ann();
    let [live, spent] = [(); 2].map(|()| w.link_of(&to(1).label("reminder"), NOON));
    yes(w.open(&spent, NOON));
    let file = w.backup_file("backup");
    w.store().backup(&file, &mut no_progress()).unwrap();
    let later = w.link(NOON);
    let now = NOON.plus(secs(1));
    let restored = w.store().restore(&file, w.nonce(), at(now), &mut no_progress()).unwrap();
    assert_eq!(restored.links_ended, 1);
    w.no(w.open(&live, now), Reason::LinkRevoked);
    w.no(w.open(&spent, now), Reason::LinkUsed);
    w.no(w.open(&later, now), Reason::LinkUnknown);
    w.everywhere(|store| {
        let detail = events(store, "store.restored")[0].detail.clone().unwrap();
        assert_eq!(detail, "1 tokens, 1 links and 0 sessions ended");
        let counted = store.link_tallies(Some("reminder"), hour_of(NOON), now).unwrap();
        let revoked = counted.iter().find(|tally| tally.what == LinkTally::Ended(LinkEnd::Revoked));
        assert_eq!(revoked.unwrap().count, 1);
    });
    yes(w.open(&w.link(now), now));
}

fn what_happens_is_counted_by_label_and_hour(w: &World<'_>) {
    w.ann();
    let mailer = w.limited("mailer", Limits { links: true, ..Limits::default() });
    let plain = w.limited("plain", Limits::default());
    let hour = |number: u64| hour_of(NOON).plus(secs(3_600 * number));
    let (one, two) = (hour(1), hour(2));
    let mail = || to(1).label("reminder").life(secs(3_600));
    let [first, _unused] = [(); 2].map(|()| w.link_of(&mail().uses(2), one));
    // Who may make none makes no counts under a label of his choice.
    w.no(w.create(&plain, &mail(), one), Reason::LinksNotAllowed);
    w.no(w.create(&mailer, &to(9).label("reminder"), one), Reason::ClientUnknown);
    yes(w.open(&first, one));
    let in_two = two.minus(ms(1));
    yes(w.open(&first, in_two));
    w.no(w.open(&first, in_two), Reason::LinkUsed);
    w.no(w.open(&first, two), Reason::LinkUsed);
    w.no(w.open(&first, two), Reason::LinkUsed);
    let live = w.link_of(&mail(), two);
    let (ended, _) = yes(w.create(&mailer, &mail(), two));
    end(w, &LinksOf::One(digest_of(&ended)), LinkEnd::Revoked, two);
    // Those of another label, and of none, and of a credential that is gone.
    let other = w.link_of(&to(1).label("Reminder"), two);
    yes(w.open(&w.link(two), two));
    yes(w.create(&mailer, &mail(), two));
    yes(w.store().revoke_credential("mailer", false, at(two)));

    let used = LinkTally::Refused(Reason::LinkUsed);
    let tally = |at, what, count| Tallied { label: Some("reminder".to_owned()), at, what, count };
    let wanted = [
        tally(one, LinkTally::Created, 2),
        tally(one, LinkTally::NotCreated(Reason::ClientUnknown), 1),
        tally(one, LinkTally::Opened, 1),
        tally(one, used, 1),
        tally(one, LinkTally::Reopened, 1),
        tally(two, LinkTally::Created, 3),
        tally(two, LinkTally::Ended(LinkEnd::Revoked), 1),
        tally(two, used, 2),
        tally(two, LinkTally::Expired, 1),
        tally(two, LinkTally::Live, 1),
    ];
    w.everywhere(|store| {
        assert_eq!(store.link_tallies(Some("reminder"), one, two).unwrap(), wanted);
        assert_eq!(store.link_tallies(Some("reminder"), two, two).unwrap(), wanted[5..]);
        let all = store.link_tallies(None, one, two).unwrap();
        assert_eq!(
            all.iter().filter(|tally| tally.label.as_deref() == Some("reminder")).count(),
            wanted.len()
        );
        let unnamed: Vec<_> = all.iter().filter(|tally| tally.label.is_none()).collect();
        assert_eq!(
            unnamed.iter().map(|tally| tally.what).collect::<Vec<_>>(),
            [LinkTally::NotCreated(Reason::LinksNotAllowed), LinkTally::Created, LinkTally::Opened]
        );
        let spelt = store.link_tallies(Some("Reminder"), one, two).unwrap();
        assert_eq!(
            spelt.iter().map(|tally| tally.what).collect::<Vec<_>>(),
            [LinkTally::Created, LinkTally::Live]
        );
    });
    // An hour later what was neither used nor ended is expired, that of the void credential too.
    let three = hour(3);
    w.everywhere(|store| {
        let counted = store.link_tallies(Some("reminder"), three, three).unwrap();
        assert_eq!(counted, [tally(three, LinkTally::Expired, 2)]);
    });
    yes(w.open(&live, two));
    yes(w.open(&other, two));
}

fn only_links_of_a_credential_in_good_standing_count_as_live(w: &World<'_>) {
    w.ann();
    let limits = Limits { links: true, ..Limits::default() };
    let ends = w.credential_with("ends", limits, Some(NOON.plus(secs(100)))).credential_id;
    yes(w.create(&api(ends, 1), &to(1), NOON));
    w.link(NOON);
    let live = |now| {
        let counted = w.store().link_tallies(None, NOON, now).unwrap();
        counted.iter().filter(|tally| tally.what == LinkTally::Live).map(|tally| tally.count).sum::<u64>()
    };
    assert_eq!((live(NOON.plus(ms(99_999))), live(NOON.plus(secs(100)))), (2, 1));
    yes(w.store().enable_admin("root", false, at(NOON)));
    assert_eq!(live(NOON), 1);
    yes(w.store().enable_credential("cli", false, at(NOON)));
    assert_eq!(live(NOON), 0);
    yes(w.store().enable_admin("root", true, at(NOON)));
    yes(w.store().enable_credential("cli", true, at(NOON)));
    assert_eq!(live(NOON), 2);
    yes(w.store().rotate_credential("ends", &[1; 32], &Rotation::leaked(NOON), at(NOON)));
    assert_eq!(live(NOON), 1);
}

fn what_was_recorded_of_a_visit_counts_as_a_refusal(w: &World<'_>) {
    use crate::audit::{EventKind, NewEvent};
    w.make(Mode::Managed);
    w.ann();
    let link = w.link_of(&to(1).label("reminder"), NOON);
    let name = stored(&*w.store(), &link).key.reference();
    let mut event = NewEvent::new(EventKind::LinkOpened).object(name);
    event.refused = Some(Reason::LinkExpired);
    let store = w.store();
    let visit = || store.record_refused_visit(&event, Some("reminder"), NOON).unwrap();
    assert_eq!(visit(), visit(), "the first of a minute writes an event, others raise its count");
    drop(store);
    w.everywhere(|store| {
        let told = events(store, "link.opened");
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.outcome.as_str(), event.count), ("link_expired", 2));
        let counted = store.link_tallies(Some("reminder"), hour_of(NOON), NOON).unwrap();
        let refused = counted.iter().find(|one| one.what == LinkTally::Refused(Reason::LinkExpired));
        assert_eq!(refused.unwrap().count, 2);
    });
}

fn links_and_their_counts_go_when_their_retention_is_over(w: &World<'_>) {
    w.ann();
    for _ in 0..139 {
        w.link(NOON);
    }
    let spent = w.link_of(&to(1).label("reminder"), NOON);
    yes(w.open(&spent, NOON));
    let later = w.link(NOON.plus(ms(1)));
    // Events are kept for 90 days, and links for the longest life of one more.
    let over = NOON.plus(days(97));
    let counts = |from, now| w.store().link_tallies(None, from, now).unwrap().len();
    assert_eq!(w.store().purge(over, &mut no_progress()).unwrap().links, 0);
    assert_eq!(counts(hour_of(NOON), over), 1, "only what the links themselves tell: they expired");
    w.no(w.open(&spent, over), Reason::LinkUsed);
    let mut told = Vec::new();
    let purged = w.store().purge(over.plus(ms(1)), &mut |done, of| told.push((done, of))).unwrap();
    assert_eq!((purged.links, told.len() >= 2), (140, true), "in small steps: {told:?}");
    w.everywhere(|store| {
        assert!(store.inspect_link(&digest_of(&spent)).unwrap().is_none());
        assert!(store.inspect_link(&digest_of(&later)).unwrap().is_some());
    });
    w.no(w.open(&spent, over), Reason::LinkUnknown);
    // Counts go by whole hours, after the retention of events.
    w.link(over);
    let hour = hour_of(over);
    w.set("audit_retention_days", 1);
    let kept = |now: Timestamp| {
        w.store().purge(now, &mut no_progress()).unwrap();
        let counted = w.store().link_tallies(None, hour, hour).unwrap();
        counted.iter().filter(|tally| tally.what == LinkTally::Created).count()
    };
    assert_eq!(kept(hour.plus(days(1))), 1);
    assert_eq!(kept(hour.plus(days(1)).plus(ms(1))), 0);
}
