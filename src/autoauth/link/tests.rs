//! The promises of an AutoAuth link.

use proptest::prelude::*;

use super::*;

const KEY: &str = "abcXYZ123";
const HASH: &str = "6624fa4b6fb3c5fcd24e587154a949911046d92b";

fn key() -> Secret {
    Secret::new(KEY)
}

fn field_of(refused: Result<Link>) -> String {
    match refused {
        Err(Error::Invalid { field, .. }) => field.into_owned(),
        other => panic!("{other:?}"),
    }
}

fn query_of(link: &str) -> &str {
    link.split_once('?').unwrap().1
}

#[test]
fn the_known_answer_is_computed_and_accepted() {
    assert_eq!(hex(&digest(b"demo@whmcs.com", 1_290_100_706, KEY.as_bytes())), HASH);
    let link =
        Link::parse(format!("?email=demo@whmcs.com&timestamp=1290100706&hash={HASH}").as_bytes()).unwrap();
    let matched = link.matched_by(&key()).unwrap();
    assert_eq!(matched.email, "demo@whmcs.com");
    assert_eq!(hex(&matched.digest), HASH);
    assert_eq!((link.at(), link.goto()), (Timestamp::from_seconds(1_290_100_706), None));
    for wrong in ["abcXYZ124", "abcXYZ12", "abcXYZ1234", "", "strong_auto_auth_key_goes_here"] {
        assert_eq!(link.matched_by(&Secret::new(wrong)), None);
    }
}

#[test]
fn a_link_is_written_as_the_contract_shows_it() {
    let at = Timestamp::from_millis(1_290_100_706_999);
    let goto = Some("clientarea.php?action=products");
    assert_eq!(
        sign("https://example.com/billing/", "demo@whmcs.com", at, &key(), goto).unwrap(),
        format!(
            "https://example.com/billing/dologin.php?email=demo%40whmcs.com&timestamp=1290100706&hash={HASH}\
             &goto=clientarea.php%3Faction%3Dproducts"
        )
    );
    let plain = sign("http://localhost:8080", "demo@whmcs.com", at, &key(), Some("")).unwrap();
    assert!(plain.ends_with(HASH), "an empty goto was written: {plain}");
}

#[test]
fn nothing_is_signed_that_would_not_be_accepted() {
    let at = Timestamp::from_seconds(1_290_100_706);
    let wrong = |url, email, at, key: &str, goto| match sign(url, email, at, &Secret::new(key), goto) {
        Err(Error::Invalid { field, .. }) => field.into_owned(),
        other => panic!("{other:?}"),
    };
    let url = "https://example.com";
    for bad in ["", "example.com", "javascript:x", "https://e.com/?a", "https://e.com/#a", "https://e .com"] {
        assert_eq!(wrong(bad, "a@b", at, KEY, None), "system_url");
    }
    assert_eq!(wrong(url, "a", at, KEY, None), "email");
    assert_eq!(wrong(url, "a@b", at, "", None), "key");
    assert_eq!(wrong(url, "a@b", Timestamp::from_seconds(999_999_999), KEY, None), "timestamp");
    assert_eq!(wrong(url, "a@b", Timestamp::from_seconds(10_000_000_000), KEY, None), "timestamp");
    assert_eq!(wrong(url, "a@b", at, KEY, Some(&"%".repeat(3000))), "goto");
    // The longest query that is taken, and one byte more.
    let filled = |length| sign(url, "a@b", at, &key(), Some(&"x".repeat(length)));
    let most = QUERY_LIMIT + 1 - query_of(&filled(1).unwrap()).len();
    assert_eq!(query_of(&filled(most).unwrap()).len(), QUERY_LIMIT);
    assert!(filled(most + 1).is_err());
}

#[test]
fn a_link_never_outgrows_its_room_and_so_leaves_no_copy_behind() {
    // Every byte is encoded, which takes the most room. A text that grew has room for far more than it holds.
    let (email, goto) = (format!("@{}", "é".repeat(120)), "%".repeat(1000));
    for goto in [None, Some(goto.as_str())] {
        let at = Timestamp::from_seconds(1_290_100_706);
        let link = sign("https://example.com/billing", &email, at, &key(), goto).unwrap();
        let spare = link.capacity() - link.len();
        assert!(spare <= 50, "{spare} bytes to spare in {}", link.len());
    }
}

#[test]
fn links_and_matches_are_the_same_only_in_all_that_they_hold() {
    let link = |email: &str, timestamp: &str, hash: &str, goto: Option<&str>| {
        let goto = goto.map(str::as_bytes);
        Link::from_fields(email.as_bytes(), timestamp.as_bytes(), hash.as_bytes(), goto).unwrap()
    };
    let one = link("a@b", "1290100706", HASH, Some("x.php"));
    assert_eq!(one, link("a@b", "1290100706", &HASH.to_uppercase(), Some("x.php")));
    for other in [
        link("a@c", "1290100706", HASH, Some("x.php")),
        link("a@b", "1290100707", HASH, Some("x.php")),
        link("a@b", "1290100706", &HASH.replace('b', "c"), Some("x.php")),
        link("a@b", "1290100706", HASH, Some("y.php")),
        link("a@b", "1290100706", HASH, None),
        link("a@c", "1290100707", HASH, None),
    ] {
        assert_ne!(one, other);
    }

    let matched = |email: &str, digest| Matched { email: email.to_owned(), digest };
    assert_eq!(matched("a@b", [1; 20]), matched("a@b", [1; 20]));
    for other in [matched("a@c", [1; 20]), matched("a@b", [2; 20]), matched("a@c", [2; 20])] {
        assert_ne!(matched("a@b", [1; 20]), other);
    }
}

#[test]
fn every_wrong_field_is_named() {
    let fields = |email: &[u8], timestamp: &str, hash: &str, goto: Option<&[u8]>| {
        field_of(Link::from_fields(email, timestamp.as_bytes(), hash.as_bytes(), goto))
    };
    let long = format!("{}@b", "a".repeat(253));
    for bad in [&b""[..], b"nobody", b"a@\xff", b"a@b\n", b"a@b\0", b"a@b\xc2\x85", long.as_bytes()] {
        assert_eq!(fields(bad, "1290100706", HASH, None), "email");
    }
    assert!(Link::from_fields(&long.as_bytes()[1..], b"1290100706", HASH.as_bytes(), None).is_ok());
    for bad in [
        "",
        "0290100706",
        "01290100706",
        "129010070",
        "12901007060",
        "+129010070",
        "-129010070",
        " 129010070",
        "1290100706 ",
        "1290100706\n",
        "129010070x",
        "1.29010070",
        "12901007e1",
        "١٢٩٠١",
        "0x12901007",
    ] {
        assert_eq!(fields(b"a@b", bad, HASH, None), "timestamp", "{bad:?}");
    }
    for bad in ["", &HASH[1..], &format!("{HASH}0"), &HASH.replace('b', "g"), &HASH.replace('b', " "), "é"] {
        assert_eq!(fields(b"a@b", "1290100706", bad, None), "hash", "{bad:?}");
    }
    assert_eq!(fields(b"a@b", "1290100706", HASH, Some(b"\xff")), "goto");
    assert_eq!(fields(b"a@b", "1290100706", HASH, Some(&[b'a'; 8193])), "goto");
    let longest = Link::from_fields(b"a@b", b"1290100706", HASH.as_bytes(), Some(&[b'a'; 8192]));
    assert_eq!(longest.unwrap().goto().unwrap().len(), 8192);
}

#[test]
fn each_field_counts_once_and_only_under_its_own_name() {
    let full = format!("x=1&email=a@b&timestamp=1290100706&hash={HASH}&goto=index.php");
    assert_eq!(Link::parse(full.as_bytes()).unwrap().goto(), Some("index.php"));
    for field in ["email", "timestamp", "hash", "goto"] {
        for again in ["", "=", "=x"] {
            assert_eq!(field_of(Link::parse(format!("{full}&{field}{again}").as_bytes())), field);
        }
    }
    for field in ["email", "timestamp", "hash"] {
        for other in ["email[]", "%20email", "+email", "Email", "email%00", "email.", "e-mail", "?email"] {
            let other = other.replace("email", field);
            let bent = full.replace(&format!("{field}="), &format!("{other}="));
            assert_eq!(field_of(Link::parse(bent.as_bytes())), field, "{other} was taken for {field}");
        }
    }
    // An encoded name is the same name, and what nobody asked for is nobody's business.
    let spelled = full.replace("email=", "%65m%61il=");
    assert!(Link::parse(format!("utm_source=mail&&=&a&email[]=x@y&{spelled}&utm=").as_bytes()).is_ok());
    assert_eq!(field_of(Link::parse(b"")), "email");
}

#[test]
fn a_query_longer_than_8_kib_is_not_looked_at() {
    let full = format!("email=a@b&timestamp=1290100706&hash={HASH}&x=");
    let filled = |length: usize| format!("?{full}{}", "x".repeat(length - full.len()));
    assert!(Link::parse(filled(8192).as_bytes()).is_ok());
    assert_eq!(field_of(Link::parse(filled(8193).as_bytes())), "query");
}

#[test]
fn a_plus_that_became_a_blank_is_found_again() {
    let hash = hex(&digest(b"jo+news+x@example.com", 1_290_100_706, KEY.as_bytes()));
    let query = format!("email=jo+news+x@example.com&timestamp=1290100706&hash={hash}");
    let matched = Link::parse(query.as_bytes()).unwrap().matched_by(&key()).unwrap();
    assert_eq!(matched.email, "jo+news+x@example.com");
    assert_eq!(hex(&matched.digest), hash);
    // One plus and one blank were never both signed: all blanks are taken for pluses, or none.
    let mixed = hex(&digest(b"jo+news x@example.com", 1_290_100_706, KEY.as_bytes()));
    let query = format!("email=jo+news+x@example.com&timestamp=1290100706&hash={mixed}");
    assert_eq!(Link::parse(query.as_bytes()).unwrap().matched_by(&key()), None);
}

#[test]
fn both_edges_of_the_window_belong_to_it() {
    let at = Timestamp::from_seconds(1_290_100_706);
    let now = |millis: i64| Timestamp::from_millis(at.as_millis() + millis);
    let windows = Windows::default();
    for inside in [0, 1, 900_000, 900_999, -1, -900_000] {
        assert_eq!(windows.admits(at, now(inside)), Ok(()), "{inside}");
    }
    for late in [901_000, 902_000, i64::MAX / 2] {
        assert_eq!(windows.admits(at, now(late)), Err(Reason::AutoAuthTooOld), "{late}");
    }
    for early in [-900_001, -901_000, i64::MIN / 2] {
        assert_eq!(windows.admits(at, now(early)), Err(Reason::AutoAuthTooNew), "{early}");
    }
    let strict = Windows { past: Duration::MAX, future: Duration::ZERO };
    assert_eq!(strict.admits(at, now(-1)), Err(Reason::AutoAuthTooNew));
    assert_eq!(strict.admits(Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX)), Ok(()));
}

#[test]
fn a_query_is_verified_by_itself_hash_before_time() {
    let at = Timestamp::from_seconds(1_290_100_706);
    let query = format!("email=demo@whmcs.com&timestamp=1290100706&hash={HASH}&goto=//evil.example");
    let told = |query: &str, key: &str, seconds: i64| {
        let now = Timestamp::from_seconds(at.as_seconds() + seconds);
        match verify(query.as_bytes(), &Secret::new(key), Windows::default(), now) {
            Ok(matched) => matched.email,
            Err(Error::Invalid { field, .. }) => field.into_owned(),
            Err(error) => error.reason().unwrap().code().to_owned(),
        }
    };
    for inside in [0, 900, -900] {
        assert_eq!(told(&query, KEY, inside), "demo@whmcs.com");
    }
    assert_eq!(told(&query, KEY, 901), "autoauth_too_old");
    assert_eq!(told(&query, KEY, -901), "autoauth_too_new");
    for seconds in [0, 901, -901] {
        assert_eq!(told(&query, "another key", seconds), "autoauth_hash");
        assert_eq!(told(&query.replace("demo@", "ann@"), KEY, seconds), "autoauth_hash");
    }
    assert_eq!(told(&query, "", 0), "key");
    assert_eq!(told(&format!("{query}&hash={HASH}"), KEY, 0), "hash");
    assert_eq!(told("", KEY, 0), "email");
}

#[test]
fn neither_address_nor_hash_is_printed() {
    let link =
        Link::from_fields(b"demo@whmcs.com", b"1290100706", HASH.as_bytes(), Some(b"x.php?t=1")).unwrap();
    let shown = format!("{link:?} {:?}", link.matched_by(&key()));
    assert_eq!(shown, "Link { at: Timestamp(1290100706000), .. } Some(Matched { .. })");
}

#[test]
fn what_is_remembered_is_not_the_hash() {
    let digest = digest(b"demo@whmcs.com", 1_290_100_706, KEY.as_bytes());
    let remembered = replay_key(&digest);
    assert!(!remembered.windows(20).any(|part| part == digest));
    assert_ne!(remembered, sha256(&[&digest]), "the label is missing");
    // Pinned: a store made today must recognise the link after an update.
    assert_eq!(hex(&remembered), "96768fd2c9f796b0f27d68dadc7dd575e51ac170264c8c1156e7282158ee3ad9");
}

/// `text` form-encoded in one of its many spellings, chosen by `choices`.
fn respelled(text: &str, choices: &[u8]) -> String {
    let mut spelled = String::new();
    for (at, byte) in text.bytes().enumerate() {
        match choices[at % choices.len()] % 3 {
            0 => spelled += &format!("%{byte:02x}"),
            1 => spelled += &format!("%{byte:02X}"),
            _ if byte == b' ' => spelled.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"@.-_~!*'(),;:/?".contains(&byte) => {
                spelled.push(byte as char)
            }
            _ => spelled += &format!("%{byte:02X}"),
        }
    }
    spelled
}

const EMAIL: &str = "[a-zA-Z0-9 +%&=#'?é_.-]{1,60}@[a-z0-9é .+-]{0,40}";

proptest! {
    #[test]
    fn no_query_makes_it_panic(query in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Link::parse(&query);
    }

    #[test]
    fn no_half_well_formed_query_makes_it_panic(
        query in "[?]?((email|hash|goto|timestamp|%65mail)=[%+a-f0-9@é&=]{0,50}&){0,6}",
    ) {
        if let Ok(link) = Link::parse(query.as_bytes()) {
            let _ = link.matched_by(&key());
        }
    }

    #[test]
    fn what_is_signed_is_accepted(
        email in EMAIL, at in SECONDS, secret in "\\PC{1,40}", goto in prop::option::of("\\PC{0,200}"),
    ) {
        let secret = Secret::new(secret);
        let at = Timestamp::from_seconds(at);
        let url = sign("https://example.com/x", &email, at, &secret, goto.as_deref()).unwrap();
        let link = Link::parse(query_of(&url).as_bytes()).unwrap();
        prop_assert_eq!(link.at(), at);
        prop_assert_eq!(link.goto(), goto.as_deref().filter(|goto| !goto.is_empty()));
        prop_assert_eq!(link.matched_by(&secret).map(|matched| matched.email), Some(email));
        prop_assert_eq!(link.matched_by(&Secret::new(secret.reveal().to_owned() + "x")), None);
    }

    #[test]
    fn no_digit_moves_between_address_and_timestamp(
        email in "[a-z]{1,9}@[a-z]{1,9}[0-9]{1,12}", at in SECONDS,
    ) {
        let hash = hex(&digest(email.as_bytes(), at, KEY.as_bytes()));
        let joined = format!("{email}{at}");
        for cut in 1..joined.len() {
            let (address, timestamp) = joined.split_at(cut);
            let read = Link::from_fields(address.as_bytes(), timestamp.as_bytes(), hash.as_bytes(), None);
            let accepted = read.is_ok_and(|link| link.matched_by(&key()).is_some());
            prop_assert_eq!(accepted, cut == email.len());
        }
    }

    #[test]
    fn a_link_keeps_its_digest_however_it_is_spelled(
        email in EMAIL,
        at in SECONDS,
        goto in prop::option::of("[a-z.?=&/ é]{0,60}"),
        choices in prop::collection::vec(any::<u8>(), 1..50),
        order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
    ) {
        let digest = digest(email.as_bytes(), at, KEY.as_bytes());
        let mut hash = hex(&digest);
        if choices[0] % 2 == 0 {
            hash.make_ascii_uppercase();
        }
        let fields = [
            ("email", Some(email)), ("timestamp", Some(at.to_string())), ("hash", Some(hash)), ("goto", goto),
        ];
        let spelled = |(name, value): &(&str, Option<String>)| {
            let name = respelled(name, &choices);
            value.as_deref().map(|value| format!("{name}={}", respelled(value, &choices)))
        };
        let pairs: Vec<_> = order.iter().filter_map(|&at| spelled(&fields[at])).collect();
        let link = Link::parse(pairs.join("&").as_bytes()).unwrap();
        prop_assert_eq!(link.matched_by(&key()).map(|matched| matched.digest), Some(digest));
    }
}
