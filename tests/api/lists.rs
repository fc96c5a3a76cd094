//! `GetClients`, `GetUsers` and `GetClientsDetails`: contract §5.1 to §5.3.

use gatepass::directory::{NewClient, NewUser};
use serde_json::{Value, json};

use crate::{Bench, client_id, user_id};

fn ids(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn clients(bench: &Bench, pairs: &[(&str, &str)]) -> Vec<i64> {
    ids(&bench.ok(&[&[("action", "GetClients")], pairs].concat())["clients"]["client"])
}

fn users(bench: &Bench, pairs: &[(&str, &str)]) -> Vec<i64> {
    ids(&bench.ok(&[&[("action", "GetUsers")], pairs].concat())["users"])
}

#[test]
fn a_list_is_paged_and_sorted() {
    let bench = Bench::new();
    for (pairs, wanted) in [
        (&[][..], vec![1, 2, 3, 4, 5, 6]),
        (&[("limitstart", "4")], vec![5, 6]),
        (&[("limitnum", "2")], vec![1, 2]),
        (&[("limitstart", "2"), ("limitnum", "2")], vec![3, 4]),
        (&[("limitnum", "0")], vec![]),
        (&[("limitstart", "6")], vec![]),
        (&[("limitstart", "9223372036854775807"), ("limitnum", "10000")], vec![]),
        (&[("sorting", "ASC")], vec![1, 2, 3, 4, 5, 6]),
        (&[("sorting", "desc"), ("limitnum", "2")], vec![6, 5]),
        (&[("sorting", ""), ("limitnum", ""), ("limitstart", ""), ("search", "")], vec![1, 2, 3, 4, 5, 6]),
    ] {
        assert_eq!(clients(&bench, pairs), wanted, "{pairs:?}");
        assert_eq!(users(&bench, pairs), wanted, "{pairs:?}");
    }
    for action in ["GetClients", "GetUsers"] {
        let page = bench.ok(&[("action", action), ("limitstart", "4"), ("limitnum", "5")]);
        assert_eq!(page["totalresults"], 6);
        assert_eq!((&page["startnumber"], &page["numreturned"]), (&json!(4), &json!(2)));
    }
}

#[test]
fn at_most_25_rows_come_unasked_and_10000_at_all() {
    let bench = Bench::new();
    for id in 7..=30 {
        let email = format!("more{id}@example.com");
        bench.gate.add_client(&NewClient { email: email.clone(), ..NewClient::default() }).unwrap();
        bench.gate.add_user(&NewUser { email, user_id: Some(user_id(id)), ..NewUser::default() }).unwrap();
    }
    assert_eq!((clients(&bench, &[]).len(), users(&bench, &[]).len()), (25, 25));
    assert_eq!(clients(&bench, &[("limitnum", "10000")]).len(), 30);
    for action in ["GetClients", "GetUsers"] {
        for limit in ["10001", "-1", "+5", "5.0", "x", "99999999999999999999"] {
            assert_eq!(bench.no(&[("action", action), ("limitnum", limit)]), "Invalid limitnum", "{limit}");
        }
        for start in ["-1", "x", "1 ", "9223372036854775808"] {
            assert_eq!(bench.no(&[("action", action), ("limitstart", start)]), "Invalid limitstart");
        }
        assert_eq!(bench.no(&[("action", action), ("sorting", "up")]), "Invalid sorting");
        assert_eq!(bench.no(&[("action", action), ("search", "a\nb")]), "Invalid search");
    }
    assert_eq!(bench.no(&[("action", "GetClients"), ("status", "open")]), "Invalid status");
    assert_eq!(bench.no(&[("action", "GetClients"), ("orderby", "password")]), "Invalid orderby");
    // Only clients have these.
    assert_eq!(users(&bench, &[("status", "open"), ("orderby", "password"), ("limitnum", "2")]), [1, 2]);
}

/// Three clients and users whose every field has an order of its own.
fn ordered() -> Bench {
    let bench = Bench::of(gatepass::directory::Mode::Managed);
    for (id, email, first, last, company, group) in [
        (1, "c@example.com", "Ann", "Zed", "Beta", 2),
        (2, "a@example.com", "bea", "young", "alpha", 1),
        (3, "b@example.com", "Cat", "Young", "Gamma", 3),
    ] {
        let (email, [first_name, last_name]) = (email.to_owned(), [first, last].map(str::to_owned));
        bench.clock.advance(std::time::Duration::from_secs(86_400));
        let new = NewUser {
            user_id: Some(user_id(id)),
            email: email.clone(),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
        };
        bench.gate.add_user(&new).unwrap();
        let new = NewClient {
            client_id: Some(client_id(id)),
            email,
            first_name,
            last_name,
            company_name: company.into(),
            group_id: group,
            ..NewClient::default()
        };
        bench.gate.add_client(&new).unwrap();
    }
    bench.gate.set_client_status(client_id(1), gatepass::directory::ClientStatus::Closed).unwrap();
    bench
}

#[test]
fn clients_come_in_the_order_asked_for() {
    let bench = ordered();
    for (field, wanted) in [
        ("id", [1, 2, 3]),
        ("firstname", [1, 2, 3]),
        ("lastname", [2, 3, 1]),
        ("companyname", [2, 1, 3]),
        ("email", [2, 3, 1]),
        ("groupid", [2, 1, 3]),
        ("datecreated", [1, 2, 3]),
        ("status", [2, 3, 1]),
        ("LastName", [2, 3, 1]),
    ] {
        assert_eq!(clients(&bench, &[("orderby", field)]), wanted, "{field}");
        let mut back = wanted;
        back.reverse();
        assert_eq!(clients(&bench, &[("orderby", field), ("sorting", "DESC")]), back, "{field}");
    }
    assert_eq!(clients(&bench, &[("status", "Active")]), [2, 3]);
    assert_eq!(clients(&bench, &[("status", "closed")]), [1]);
    assert!(clients(&bench, &[("status", "Inactive")]).is_empty());
}

#[test]
fn a_search_is_for_the_start_of_a_name_or_address() {
    let bench = ordered();
    for (text, of_clients, of_users) in [
        ("a@", vec![2], vec![2]),
        ("ann", vec![1], vec![1]),
        ("you", vec![2, 3], vec![2, 3]),
        ("ann zed", vec![1], vec![1]),
        ("alpha", vec![2], vec![]),
        ("example.com", vec![], vec![]),
        ("%", vec![], vec![]),
        ("_", vec![], vec![]),
    ] {
        assert_eq!(clients(&bench, &[("search", text)]), of_clients, "{text}");
        assert_eq!(users(&bench, &[("search", text)]), of_users, "{text}");
    }
}

#[test]
fn a_client_is_told_whole_by_number_or_address() {
    let bench = Bench::new();
    let details = |which: (&str, &str)| bench.ok(&[("action", "GetClientsDetails"), which]);
    let by_id = details(("clientid", "1"));
    assert_eq!(details(("email", " Client1@EXAMPLE.com ")), by_id);
    let uuid = by_id["uuid"].as_str().unwrap();
    let client = json!({
        "client_id": 1, "owner_user_id": 1, "userid": 1, "id": 1, "uuid": uuid,
        "firstname": "", "lastname": "", "companyname": "", "email": "client1@example.com",
        "status": "Active", "allowSingleSignOn": 1, "email_verified": false,
        "users": { "user": [
            { "id": 1, "name": "", "email": "user1@example.com", "is_owner": true },
            { "id": 2, "name": "", "email": "user2@example.com", "is_owner": false },
        ] },
    });
    assert_eq!(by_id["client"], client);
    // The deprecated copies at the top, after the result and before `client`.
    let mut whole = json!({ "result": "success" });
    let all = whole.as_object_mut().unwrap();
    all.extend(client.as_object().unwrap().clone());
    all.insert("client".into(), client);
    assert_eq!(serde_json::to_string(&by_id).unwrap(), serde_json::to_string(&whole).unwrap());

    let off = details(("clientid", "5"));
    assert_eq!((&off["allowSingleSignOn"], &off["status"]), (&json!(0), &json!("Active")));
    assert_eq!(details(("clientid", "4"))["client"]["status"], "Closed");
    let nobody_s = details(("clientid", "3"));
    assert_eq!((&nobody_s["owner_user_id"], &nobody_s["users"]["user"]), (&json!(0), &json!([])));

    // The UUID is of version 5, stays, and is another for each client and store.
    assert_eq!(details(("clientid", "1"))["uuid"], uuid);
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "5"));
    let others =
        [details(("clientid", "2")), Bench::new().ok(&[("action", "getclientsdetails"), ("clientid", "1")])];
    assert!(others.iter().all(|other| other["uuid"] != uuid));
}

#[test]
fn a_client_that_is_not_meant_beyond_doubt_is_not_told() {
    let bench = Bench::new();
    let no = |pairs: &[(&str, &str)]| bench.no(&[&[("action", "GetClientsDetails")], pairs].concat());
    for pairs in [&[][..], &[("clientid", ""), ("email", "")], &[("stats", "1")]] {
        assert_eq!(no(pairs), "Either clientid Or email Is Required");
    }
    for pairs in [
        &[("clientid", "9")][..],
        &[("clientid", "0")],
        &[("clientid", "x")],
        &[("clientid", "-1")],
        &[("email", "client")],
        &[("email", "nobody@example.com")],
        &[("email", "user1@example.com")],
        // One of the two is left over from another call.
        &[("clientid", "1"), ("email", "client2@example.com")],
        &[("clientid", "1"), ("email", "x")],
    ] {
        assert_eq!(no(pairs), "Client Not Found", "{pairs:?}");
    }
    let both = [("action", "GetClientsDetails"), ("clientid", "1"), ("email", "CLIENT1@example.com")];
    assert_eq!(bench.ok(&[&both[..], &[("stats", "true")]].concat())["id"], 1);
    bench
        .gate
        .add_client(&NewClient { email: "client1@example.com".into(), ..NewClient::default() })
        .unwrap();
    assert_eq!(
        no(&[("email", "client1@example.com")]),
        "Several Clients Have That email, clientid Is Required"
    );
}

#[test]
fn an_erased_user_is_a_number() {
    let bench = Bench::new();
    bench.gate.erase_user(user_id(2)).unwrap();
    let users = bench.ok(&[("action", "GetUsers")]);
    assert_eq!(users["users"][1]["email"], "");
    assert_eq!(users["users"][1]["id"], 2);
}
