//! Users, clients and memberships.

use super::world::{LOOK_ALIKES, NOON, World, at, client_id, events, named, secs, user_id, yes};
use super::{Noun, cases};
use crate::directory::{ClientStatus, DirectoryOrder, DirectoryQuery, Email, NewClient, NewUser, Page};
use crate::error::Reason;
use crate::store::{Outcome, StoreResult};

pub(super) const NOUN: Noun = Noun {
    name: "directory",
    cases: cases![
        a_user_is_stored_whole,
        numbers_and_addresses_of_users_are_unique,
        look_alike_addresses_are_other_addresses,
        a_disabled_user_loses_his_sessions,
        an_erased_user_leaves_a_number_alone,
        a_client_is_stored_whole,
        clients_may_share_an_address_and_not_a_number,
        a_clients_standing_is_set,
        a_client_has_one_owner_who_stays,
        users_are_searched_by_the_start_of_a_name,
        clients_are_searched_by_name_status_and_address,
        lists_come_page_by_page,
        lists_stand_in_the_order_asked_for,
        only_the_clients_that_may_be_seen_are_listed,
        look_alike_names_are_not_found_for_one_another,
    ],
    reasons: &[
        Reason::AlreadyExists,
        Reason::UserUnknown,
        Reason::ClientUnknown,
        Reason::NotAMember,
        Reason::OwnerExists,
        Reason::OwnerStays,
        Reason::SessionEnded,
        Reason::TokenRevoked,
    ],
    fields: &[],
};

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn add_user<'a>(
    w: &World<'a>,
    id: Option<i64>,
    address: &str,
) -> StoreResult<Outcome<crate::directory::User>> {
    let new = NewUser { user_id: id.map(user_id), email: address.to_owned(), ..NewUser::default() };
    w.store().add_user(&new, &email(address), at(NOON))
}

fn a_user_is_stored_whole(w: &World<'_>) {
    let new = NewUser {
        user_id: Some(user_id(7)),
        email: " José@Example.COM ".to_owned(),
        first_name: "José \u{1F600}".to_owned(),
        last_name: "O'Brien \"%_\\".to_owned(),
    };
    let made = yes(w.store().add_user(&new, &email(&new.email), at(NOON)));
    assert_eq!(made.email.as_deref(), Some("josé@example.com"), "ASCII letters only are folded");
    assert_eq!((&made.first_name, &made.last_name), (&new.first_name, &new.last_name));
    assert_eq!((made.enabled, made.created_at, made.erased_at), (true, NOON, None));
    assert!(made.clients.is_empty());
    let next = yes(add_user(w, None, "next@example.com"));
    assert_eq!(next.user_id, user_id(8), "the next free number");
    w.everywhere(|store| {
        assert_eq!(store.find_user(user_id(7)).unwrap().as_ref(), Some(&made));
        assert_eq!(store.find_user(user_id(9)).unwrap(), None);
        let told = events(store, "user.added");
        assert_eq!((told.len(), told[0].user_id), (2, Some(user_id(7))));
        assert!(!format!("{told:?}").contains("example.com"), "no address in the audit");
    });
}

fn numbers_and_addresses_of_users_are_unique(w: &World<'_>) {
    yes(add_user(w, Some(1), "ann@example.com"));
    w.no(add_user(w, Some(1), "other@example.com"), Reason::AlreadyExists);
    for same in ["ann@example.com", "ANN@example.com", " ann@EXAMPLE.com\t"] {
        w.no(add_user(w, None, same), Reason::AlreadyExists);
    }
    w.everywhere(|store| {
        assert_eq!(store.list_users(&DirectoryQuery::default(), None, 9).unwrap().total, 1);
        assert_eq!(events(store, "user.added").len(), 1);
    });
}

fn look_alike_addresses_are_other_addresses(w: &World<'_>) {
    let all = [
        "jose@example.com",
        "josé@example.com",
        "jose\u{301}@example.com",
        "JOSÉ@example.com",
        "jose @example.com",
        "jose@example.com.",
        "jose@exаmple.com",
        "i@example.com",
        "ı@example.com",
        "İ@example.com",
        "ß@example.com",
        "ss@example.com",
    ];
    let ids: Vec<_> = all.iter().map(|address| yes(add_user(w, None, address)).user_id).collect();
    w.everywhere(|store| {
        for (address, id) in all.iter().zip(&ids) {
            let query = DirectoryQuery { email: Some((*address).to_owned()), ..DirectoryQuery::default() };
            let found = store.list_users(&query, None, 9).unwrap();
            assert_eq!((found.total, found.items[0].user_id), (1, *id), "{address}");
        }
    });
}

fn a_disabled_user_loses_his_sessions(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "two@example.com", Some(2));
    let session = w.session(NOON);
    let bobs = w.session_of(&w.host(), &crate::token::IssueRequest::for_user(user_id(2)), NOON);
    assert!(!yes(w.store().enable_user(user_id(1), false, at(NOON))).enabled);
    w.no(w.check(&session, NOON), Reason::SessionEnded);
    yes(w.check(&bobs, NOON));
    assert!(yes(w.store().enable_user(user_id(1), true, at(NOON))).enabled);
    w.no(w.check(&session, NOON), Reason::SessionEnded);
    w.no(w.store().enable_user(user_id(9), true, at(NOON)), Reason::UserUnknown);
    assert_eq!(w.events("user.disabled").len(), 1);
    assert_eq!(w.events("user.enabled")[0].user_id, Some(user_id(1)));
}

fn an_erased_user_leaves_a_number_alone(w: &World<'_>) {
    w.ann();
    let session = w.session(NOON);
    let [token, spent] = [w.token(NOON), w.token(NOON)];
    yes(w.redeem(&spent, NOON));
    w.no(w.store().erase_user(user_id(9), at(NOON)), Reason::UserUnknown);
    let erased = yes(w.store().erase_user(user_id(1), at(NOON)));
    assert_eq!((erased.user_id, erased.tokens_ended, erased.sessions_ended), (user_id(1), 1, 2));
    let again = yes(w.store().erase_user(user_id(1), at(NOON.plus(secs(9)))));
    assert_eq!((again.tokens_ended, again.sessions_ended), (0, 0));
    w.no(w.check(&session, NOON), Reason::SessionEnded);
    w.no(w.redeem(&token, NOON), Reason::TokenRevoked);
    w.no(w.store().enable_user(user_id(1), true, at(NOON)), Reason::UserUnknown);
    assert!(!yes(w.store().enable_user(user_id(1), false, at(NOON))).enabled);
    w.everywhere(|store| {
        let user = store.find_user(user_id(1)).unwrap().unwrap();
        assert_eq!((user.email, user.enabled, user.erased_at), (None, false, Some(NOON)));
        assert_eq!((user.first_name.as_str(), user.last_name.as_str()), ("", ""));
        assert_eq!(user.clients.len(), 1, "the place stays, under the number");
        assert!(store.inspect(&named(&token)).unwrap().unwrap().token.revoked_at.is_some());
    });
    // The address is free again.
    let new = yes(add_user(w, None, "ann@example.com"));
    assert_ne!(new.user_id, user_id(1));
}

fn a_client_is_stored_whole(w: &World<'_>) {
    w.user(1, "ann@example.com");
    let new = NewClient {
        client_id: Some(client_id(7)),
        email: "José@Example.COM".to_owned(),
        first_name: "José".to_owned(),
        last_name: "%_\\".to_owned(),
        company_name: "A & B".to_owned(),
        status: ClientStatus::Inactive,
        group_id: 3,
        owner: Some(user_id(1)),
    };
    let made = yes(w.store().add_client(&new, &email(&new.email), at(NOON)));
    assert_eq!((made.client_id, made.email.as_str()), (client_id(7), "josé@example.com"));
    assert_eq!((&made.first_name, &made.last_name), (&new.first_name, &new.last_name));
    assert_eq!((&made.company_name, made.status), (&new.company_name, ClientStatus::Inactive));
    assert_eq!((made.allow_sso, made.group_id, made.created_at), (true, 3, NOON));
    assert_eq!((made.members[0].user_id, made.members[0].owner), (user_id(1), true));
    let next = NewClient { email: "x@example.com".to_owned(), ..NewClient::default() };
    let next = yes(w.store().add_client(&next, &email("x@example.com"), at(NOON)));
    assert_eq!((next.client_id, next.status, next.members.len()), (client_id(8), ClientStatus::Active, 0));
    w.everywhere(|store| {
        assert_eq!(store.find_client(client_id(7)).unwrap().as_ref(), Some(&made));
        assert_eq!(store.find_client(client_id(9)).unwrap(), None);
        assert_eq!(store.find_user(user_id(1)).unwrap().unwrap().clients[0].client_id, client_id(7));
        let told = events(store, "client.added");
        assert_eq!((told[0].client_id, told[0].user_id), (Some(client_id(7)), Some(user_id(1))));
    });
}

fn clients_may_share_an_address_and_not_a_number(w: &World<'_>) {
    w.client(1, "same@example.com", None);
    w.client(2, "same@example.com", None);
    let add = |id, owner: Option<i64>| {
        let new = NewClient {
            client_id: Some(client_id(id)),
            email: "same@example.com".to_owned(),
            owner: owner.map(user_id),
            ..NewClient::default()
        };
        w.store().add_client(&new, &email("same@example.com"), at(NOON))
    };
    w.no(add(1, None), Reason::AlreadyExists);
    w.no(add(3, Some(9)), Reason::UserUnknown);
    w.everywhere(|store| assert!(store.find_client(client_id(3)).unwrap().is_none()));
}

fn a_clients_standing_is_set(w: &World<'_>) {
    w.client(1, "c@example.com", None);
    for status in [ClientStatus::Closed, ClientStatus::Inactive, ClientStatus::Active] {
        assert_eq!(yes(w.store().set_client_status(client_id(1), status, at(NOON))).status, status);
        w.everywhere(|store| assert_eq!(store.find_client(client_id(1)).unwrap().unwrap().status, status));
    }
    for allow in [false, true] {
        assert_eq!(yes(w.store().set_client_sso(client_id(1), allow, at(NOON))).allow_sso, allow);
        w.everywhere(|store| assert_eq!(store.find_client(client_id(1)).unwrap().unwrap().allow_sso, allow));
    }
    w.no(w.store().set_client_status(client_id(9), ClientStatus::Closed, at(NOON)), Reason::ClientUnknown);
    w.no(w.store().set_client_sso(client_id(9), false, at(NOON)), Reason::ClientUnknown);
    let told = w.events("client.status_set");
    assert_eq!(
        told.iter().map(|event| event.detail.as_deref().unwrap()).collect::<Vec<_>>(),
        ["Closed", "Inactive", "Active"]
    );
    assert_eq!(w.events("client.sso_set").len(), 2);
}

fn a_client_has_one_owner_who_stays(w: &World<'_>) {
    w.ann();
    w.user(2, "bob@example.com");
    w.client(2, "two@example.com", None);
    let add = |user, client, owner| w.store().add_member(user_id(user), client_id(client), owner, at(NOON));
    let remove = |user, client| w.store().remove_member(user_id(user), client_id(client), at(NOON));
    w.no(add(9, 1, false), Reason::UserUnknown);
    w.no(add(2, 9, false), Reason::ClientUnknown);
    w.no(add(2, 1, true), Reason::OwnerExists);
    w.no(add(1, 1, false), Reason::AlreadyExists);
    w.no(remove(1, 1), Reason::OwnerStays);
    w.no(remove(2, 1), Reason::NotAMember);
    w.no(remove(9, 1), Reason::NotAMember);
    w.no(remove(1, 9), Reason::ClientUnknown);
    assert_eq!(yes(add(2, 1, false)).members.len(), 2);
    assert_eq!(yes(add(2, 2, true)).members.len(), 1);
    w.everywhere(|store| {
        let places: Vec<_> = store.find_user(user_id(2)).unwrap().unwrap().clients;
        let places: Vec<_> = places.iter().map(|place| (place.client_id.get(), place.owner)).collect();
        assert_eq!(places, [(1, false), (2, true)]);
        let told = events(store, "member.added");
        assert_eq!(told[1].detail.as_deref(), Some("owner"));
    });
    assert_eq!(yes(remove(2, 1)).members.len(), 1);
    w.no(remove(2, 1), Reason::NotAMember);
    w.everywhere(|store| {
        assert_eq!(store.find_client(client_id(1)).unwrap().unwrap().members.len(), 1);
        assert_eq!(events(store, "member.removed")[0].user_id, Some(user_id(2)));
    });
}

fn search(text: &str) -> DirectoryQuery {
    DirectoryQuery { search: Some(text.to_owned()), ..DirectoryQuery::default() }
}

fn user_numbers(page: Page<crate::directory::User>) -> Vec<i64> {
    assert_eq!(page.total as usize, page.items.len());
    page.items.iter().map(|user| user.user_id.get()).collect()
}

fn client_numbers(page: Page<crate::directory::Client>) -> Vec<i64> {
    assert_eq!(page.total as usize, page.items.len());
    page.items.iter().map(|client| client.client_id.get()).collect()
}

fn users_are_searched_by_the_start_of_a_name(w: &World<'_>) {
    for (id, address, first, last) in [
        (1, "ann@example.com", "Ann", "Lee"),
        (2, "annabel@example.com", "Bel", "Ann%a"),
        (3, "zoe@example.com", "Zoë", "O_k\\"),
        (4, "%@example.com", "", ""),
    ] {
        let new = NewUser {
            user_id: Some(user_id(id)),
            email: address.to_owned(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
        };
        yes(w.store().add_user(&new, &email(address), at(NOON)));
    }
    w.everywhere(|store| {
        for (text, wanted) in [
            ("", vec![1, 2, 3, 4]),
            ("ann", vec![1, 2]),
            ("ANN", vec![1, 2]),
            ("nn", vec![]),
            ("Ann L", vec![1]),
            ("ann%", vec![2]),
            ("%", vec![4]),
            ("_", vec![]),
            ("o_k\\", vec![3]),
            ("oxk", vec![]),
            ("zoë", vec![3]),
            ("zoe", vec![3]),
            ("ZOË", vec![]),
            ("' OR 1 --", vec![]),
        ] {
            assert_eq!(user_numbers(store.list_users(&search(text), None, 99).unwrap()), wanted, "{text:?}");
        }
        for (address, wanted) in [
            ("ANN@example.com", vec![1]),
            ("ann@example.co", vec![]),
            ("%@example.com", vec![4]),
            ("no address", vec![]),
        ] {
            let query = DirectoryQuery { email: Some(address.to_owned()), ..DirectoryQuery::default() };
            assert_eq!(user_numbers(store.list_users(&query, None, 99).unwrap()), wanted, "{address:?}");
        }
    });
}

fn clients_are_searched_by_name_status_and_address(w: &World<'_>) {
    for (id, address, company, status) in [
        (1, "same@example.com", "Acme", ClientStatus::Active),
        (2, "same@example.com", "Acme", ClientStatus::Closed),
        (3, "other@example.com", "Bcme", ClientStatus::Inactive),
    ] {
        let new = NewClient {
            client_id: Some(client_id(id)),
            email: address.to_owned(),
            company_name: company.to_owned(),
            status,
            ..NewClient::default()
        };
        yes(w.store().add_client(&new, &email(address), at(NOON)));
    }
    w.everywhere(|store| {
        let list = |query: DirectoryQuery| client_numbers(store.list_clients(&query, None, 99).unwrap());
        let same = || Some("Same@example.com".to_owned());
        let closed = Some(ClientStatus::Closed);
        assert_eq!(list(search("ac")), [1, 2]);
        assert!(list(search("cme")).is_empty());
        assert_eq!(list(DirectoryQuery { email: same(), ..Default::default() }), [1, 2]);
        assert_eq!(list(DirectoryQuery { status: closed, ..Default::default() }), [2]);
        assert_eq!(list(DirectoryQuery { email: same(), status: closed, ..search("acme") }), [2]);
        assert!(list(DirectoryQuery { status: closed, ..search("b") }).is_empty());
        assert!(list(DirectoryQuery { email: Some(String::new()), ..Default::default() }).is_empty());
    });
}

fn lists_come_page_by_page(w: &World<'_>) {
    for id in 1..=5 {
        w.user(id, &format!("u{id}@example.com"));
        w.client(id, &format!("c{id}@example.com"), Some(id));
    }
    w.everywhere(|store| {
        for (offset, limit, descending, wanted) in [
            (0, 2, false, vec![1, 2]),
            (2, 2, false, vec![3, 4]),
            (4, 2, false, vec![5]),
            (5, 2, false, vec![]),
            (u64::MAX, 2, false, vec![]),
            (0, 2, true, vec![5, 4]),
            (3, 9, true, vec![2, 1]),
        ] {
            let query = DirectoryQuery { offset, descending, ..DirectoryQuery::default() };
            let users = store.list_users(&query, None, limit).unwrap();
            assert_eq!(users.total, 5);
            assert_eq!(users.items.iter().map(|user| user.user_id.get()).collect::<Vec<_>>(), wanted);
            assert!(users.items.iter().all(|user| user.clients.len() == 1));
            let clients = store.list_clients(&query, None, limit).unwrap();
            assert_eq!(clients.total, 5);
            assert_eq!(clients.items.iter().map(|one| one.client_id.get()).collect::<Vec<_>>(), wanted);
            assert!(clients.items.iter().all(|client| client.members.len() == 1));
        }
    });
}

fn lists_stand_in_the_order_asked_for(w: &World<'_>) {
    let rows = [
        (1, "c@example.com", "bea", "Zed", "", ClientStatus::Inactive, 2, 2),
        (2, "a@example.com", "Ann", "zed", "Acme", ClientStatus::Closed, 1, 3),
        (3, "b@example.com", "ann", "Abel", "acme", ClientStatus::Active, 2, 1),
        (4, "d@example.com", "\u{c4}nn", "Abel", "Bcme", ClientStatus::Active, -1, 3),
    ];
    for (id, address, first, last, company, status, group, after) in rows {
        let then = at(NOON.plus(secs(after)));
        let [first_name, last_name] = [first, last].map(str::to_owned);
        let new = NewUser {
            user_id: Some(user_id(id)),
            email: address.to_owned(),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
        };
        yes(w.store().add_user(&new, &email(address), then));
        let new = NewClient {
            client_id: Some(client_id(id)),
            email: address.to_owned(),
            first_name,
            last_name,
            company_name: company.to_owned(),
            status,
            group_id: group,
            owner: None,
        };
        yes(w.store().add_client(&new, &email(address), then));
    }
    let wanted = |order| match order {
        DirectoryOrder::Id => [1, 2, 3, 4],
        DirectoryOrder::FirstName => [2, 3, 1, 4],
        DirectoryOrder::LastName => [3, 4, 1, 2],
        DirectoryOrder::CompanyName => [1, 2, 3, 4],
        DirectoryOrder::Email => [2, 3, 1, 4],
        DirectoryOrder::GroupId => [4, 2, 1, 3],
        DirectoryOrder::CreatedAt => [3, 1, 2, 4],
        DirectoryOrder::Status => [3, 4, 2, 1],
    };
    w.everywhere(|store| {
        for &order_by in DirectoryOrder::ALL {
            for descending in [false, true] {
                let query = DirectoryQuery { order_by, descending, ..DirectoryQuery::default() };
                let mut wanted = wanted(order_by);
                if descending {
                    wanted.reverse();
                }
                let listed = client_numbers(store.list_clients(&query, None, 9).unwrap());
                assert_eq!(listed, wanted, "{order_by:?} {descending}");
                if order_by.is_of_users() {
                    let listed = user_numbers(store.list_users(&query, None, 9).unwrap());
                    assert_eq!(listed, wanted, "{order_by:?} {descending}");
                }
            }
        }
    });
}

fn only_the_clients_that_may_be_seen_are_listed(w: &World<'_>) {
    for id in 1..=4 {
        w.user(id, &format!("u{id}@example.com"));
        w.client(id, &format!("c{id}@example.com"), Some(id));
    }
    yes(w.store().add_member(user_id(1), client_id(3), false, at(NOON)));
    w.everywhere(|store| {
        for (within, clients, users) in [
            (vec![], vec![], vec![]),
            (vec![2], vec![2], vec![2]),
            (vec![3, 2], vec![2, 3], vec![1, 2, 3]),
            (vec![3, 3, 9], vec![3], vec![1, 3]),
        ] {
            let within: Vec<_> = within.into_iter().map(client_id).collect();
            let all = DirectoryQuery::default();
            let listed = client_numbers(store.list_clients(&all, Some(&within), 9).unwrap());
            assert_eq!(listed, clients, "{within:?}");
            let listed = user_numbers(store.list_users(&all, Some(&within), 9).unwrap());
            assert_eq!(listed, users, "{within:?}");
            let one = DirectoryQuery { email: Some("c4@example.com".to_owned()), ..search("c4") };
            assert_eq!(store.list_clients(&one, Some(&within), 9).unwrap().total, 0, "{within:?}");
        }
    });
}

fn look_alike_names_are_not_found_for_one_another(w: &World<'_>) {
    for (number, (one, other)) in LOOK_ALIKES.iter().enumerate() {
        // ASCII letter case does not count in a search; everything else does.
        if one.eq_ignore_ascii_case(other) || one.starts_with(other) || other.starts_with(one) {
            continue;
        }
        let new = NewClient {
            email: format!("c{number}@example.com"),
            company_name: (*one).to_owned(),
            ..NewClient::default()
        };
        yes(w.store().add_client(&new, &email(&new.email), at(NOON)));
        w.everywhere(|store| {
            assert_eq!(store.list_clients(&search(one), None, 9).unwrap().total, 1, "{one:?}");
            assert_eq!(store.list_clients(&search(other), None, 9).unwrap().total, 0, "{other:?}");
        });
    }
}
