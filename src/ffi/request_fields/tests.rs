//! What each act reads of a request.

use super::*;
use crate::directory::Mode;
use crate::error::Reason;
use crate::gatepass::InitOptions;

fn gate() -> (tempfile::TempDir, Gatepass) {
    let folder = tempfile::tempdir().unwrap();
    let init = InitOptions::new(Mode::Host, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(folder.path().join("gatepass.db"), &init).unwrap();
    (folder, gate)
}

fn address() -> Option<IpAddr> {
    Some("203.0.113.9".parse().unwrap())
}

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(text))
}

const LINK: &str = "abcdefghijklmnopqrstuvwxyz234567";
const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";
const SESSION: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn field<T>(result: Result<T>) -> String {
    match result.err() {
        Some(Error::Invalid { field, .. }) => field.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_issue_is_asked_for_everything_that_was_set() {
    let fields = Fields {
        user_id: Some(UserId::new(1).unwrap()),
        client_id: Some(ClientId::new(2).unwrap()),
        destination: Some("clientarea:invoices".into()),
        service_id: Some(ItemId::new(3).unwrap()),
        domain_id: Some(ItemId::new(4).unwrap()),
        redirect_path: Some("cart.php".into()),
        life_ms: Some(5000),
        binding: Some(b"nonce".to_vec().into()),
        actor: Some("portal".into()),
        address: address(),
        ..Fields::default()
    };
    let asked = fields.issue().unwrap();
    assert_eq!(asked.subject, Subject::from_ids(UserId::new(1).ok(), ClientId::new(2).ok()).unwrap());
    assert_eq!(asked.destination.as_deref(), Some("clientarea:invoices"));
    assert_eq!((asked.service_id, asked.domain_id), (ItemId::new(3).ok(), ItemId::new(4).ok()));
    assert_eq!(asked.redirect_path.as_deref(), Some("cart.php"));
    assert_eq!(asked.life, Some(std::time::Duration::from_secs(5)));
    assert_eq!(asked.binding, Some(Binding::of_nonce(b"nonce")));
    assert_eq!(asked.actor.as_deref(), Some("portal"));
    assert_eq!(asked.address, address());
}

#[test]
fn a_sign_in_link_is_asked_for_everything_that_was_set() {
    let usual = Fields { user_id: UserId::new(1).ok(), ..Fields::default() };
    let asked = usual.clone().create_link().unwrap();
    assert_eq!((asked.life, asked.uses, asked.end_siblings), (None, 1, false));
    assert!(asked.label.is_none() && asked.title.is_none());
    let other = Fields {
        client_id: ClientId::new(2).ok(),
        destination: Some("clientarea:product_details".into()),
        service_id: ItemId::new(3).ok(),
        domain_id: ItemId::new(4).ok(),
        redirect_path: Some("cart.php".into()),
        life_ms: Some(90_000),
        actor: Some("portal".into()),
        address: address(),
        uses: Some(3),
        label: Some("reminder".into()),
        title: Some("invoice 5".into()),
        end_siblings: Some(true),
        ..usual
    };
    let asked = other.create_link().unwrap();
    let issue = &asked.issue;
    assert_eq!(issue.subject, Subject::from_ids(UserId::new(1).ok(), ClientId::new(2).ok()).unwrap());
    assert_eq!(issue.destination.as_deref(), Some("clientarea:product_details"));
    assert_eq!((issue.service_id, issue.domain_id), (ItemId::new(3).ok(), ItemId::new(4).ok()));
    assert_eq!(issue.redirect_path.as_deref(), Some("cart.php"));
    assert_eq!((issue.actor.as_deref(), issue.address), (Some("portal"), address()));
    assert!(issue.life.is_none(), "that is the life of the tokens");
    assert_eq!((asked.life, asked.uses), (Some(Duration::from_secs(90)), 3));
    assert_eq!((asked.label.as_deref(), asked.title.as_deref()), (Some("reminder"), Some("invoice 5")));
    assert!(asked.end_siblings);
}

#[test]
fn a_sign_in_link_is_opened_by_its_text_and_by_its_url() {
    let (_folder, gate) = gate();
    let url = format!("https://billing.example.com/signin.php?{LINK}&utm_source=mail");
    for text in [LINK, &url] {
        let fields = Fields { link: secret(text), address: address(), ..Fields::default() };
        let asked = fields.open_link(&gate).unwrap();
        assert_eq!(asked.link.reveal(), LINK);
        assert_eq!(asked.address, address());
        assert!(!asked.sign_in);
    }
    let none = Fields { link: secret("no link"), ..Fields::default() };
    assert_eq!(none.open_link(&gate).unwrap_err().reason(), Some(Reason::LinkUnknown));
    assert_eq!(field(Fields::default().open_link(&gate)), "link");
}

#[test]
fn a_redemption_is_confirmed_and_starts_a_session_unless_told_otherwise() {
    let (_folder, gate) = gate();
    let usual = Fields { token: secret(TOKEN), ..Fields::default() };
    let asked = usual.clone().redeem(&gate).unwrap();
    assert!(asked.confirmed && asked.start_session);
    assert!(asked.presented_session.is_none() && asked.binding.is_none() && asked.address.is_none());
    let other = Fields {
        session: secret(SESSION),
        confirmed: Some(false),
        start_session: Some(false),
        binding: Some(b"nonce".to_vec().into()),
        address: address(),
        ..usual
    };
    let asked = other.redeem(&gate).unwrap();
    assert!(!asked.confirmed && !asked.start_session);
    assert_eq!(asked.presented_session.unwrap().reveal(), SESSION);
    assert_eq!((asked.binding, asked.address), (Some(Binding::of_nonce(b"nonce")), address()));
}

#[test]
fn a_link_is_accepted_with_everything_that_was_set() {
    let query = Some(format!("email=a@b.example&timestamp=1700000000&hash={TOKEN}").into_bytes().into());
    let usual = Fields { query, ..Fields::default() };
    assert!(usual.clone().accept().unwrap().1.start_session);
    let other = Fields {
        key: secret("the key itself, of a good length"),
        session: secret(SESSION),
        start_session: Some(false),
        address: address(),
        ..usual
    };
    let (_, asked) = other.accept().unwrap();
    assert_eq!(asked.key.unwrap().reveal(), "the key itself, of a good length");
    assert_eq!(asked.presented_session.unwrap().reveal(), SESSION);
    assert_eq!((asked.start_session, asked.address), (false, address()));
}

#[test]
fn an_act_names_a_field_that_it_does_not_take() {
    let (_folder, gate) = gate();
    let bytes = || Some(b"x".to_vec().into());
    let text = || Some("x".to_owned());
    let none = Fields::default;
    let foreign_to_a_session = [
        ("user_id", Fields { user_id: UserId::new(1).ok(), ..none() }),
        ("client_id", Fields { client_id: ClientId::new(1).ok(), ..none() }),
        ("destination", Fields { destination: text(), ..none() }),
        ("service_id", Fields { service_id: ItemId::new(1).ok(), ..none() }),
        ("domain_id", Fields { domain_id: ItemId::new(1).ok(), ..none() }),
        ("redirect_path", Fields { redirect_path: text(), ..none() }),
        ("life", Fields { life_ms: Some(1), ..none() }),
        ("binding", Fields { binding: bytes(), ..none() }),
        ("actor", Fields { actor: text(), ..none() }),
        ("token", Fields { token: secret("x"), ..none() }),
        ("confirmed", Fields { confirmed: Some(true), ..none() }),
        ("start_session", Fields { start_session: Some(true), ..none() }),
        ("query", Fields { query: bytes(), ..none() }),
        ("email", Fields { email: bytes(), ..none() }),
        ("timestamp", Fields { timestamp: bytes(), ..none() }),
        ("hash", Fields { hash: bytes(), ..none() }),
        ("goto", Fields { goto: bytes(), ..none() }),
        ("key", Fields { key: secret("x"), ..none() }),
        ("key_label", Fields { key_label: text(), ..none() }),
        ("link", Fields { link: secret("x"), ..none() }),
        ("uses", Fields { uses: Some(1), ..none() }),
        ("label", Fields { label: text(), ..none() }),
        ("title", Fields { title: text(), ..none() }),
        ("end_siblings", Fields { end_siblings: Some(false), ..none() }),
    ];
    for (name, fields) in foreign_to_a_session {
        assert_eq!(field(Fields { session: secret(SESSION), ..fields }.session(&gate)), name);
    }
    let session = || Fields { session: secret("x"), ..none() };
    assert_eq!(field(session().issue()), "session");
    assert_eq!(field(session().inspect(&gate)), "session");
    assert_eq!(field(session().create_link()), "session");
    assert_eq!(field(session().open_link(&gate)), "session");
    assert_eq!(field(Fields { binding: bytes(), ..none() }.create_link()), "binding");
    assert_eq!(field(Fields { uses: Some(1), ..none() }.issue()), "uses");
    let guess = Fields { token: secret(&"0".repeat(40)), address: address(), ..none() };
    assert_eq!(guess.inspect(&gate).unwrap().1, address());
    assert_eq!(field(session().sign().map(drop)), "session");
    assert_eq!(field(Fields { address: address(), ..none() }.sign().map(drop)), "address");
    assert_eq!(field(Fields { key_label: text(), ..none() }.accept()), "key_label");
    assert_eq!(field(Fields { key: secret("x"), ..none() }.redeem(&gate)), "key");
}
