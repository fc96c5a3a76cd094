//! What is asked for is what is carried, and nothing secret is printed.

use super::sample::{NOW, client, subject, user};
use super::*;
use crate::secret::sha256;

fn token() -> Token {
    Token::parse("afaed4482ad1e6b75492cdd421cc458b1991a97c").unwrap()
}

#[test]
fn a_request_to_issue_carries_what_was_asked_for_and_nothing_else() {
    let bare = IssueRequest::new(subject());
    assert_eq!(bare.subject, subject());
    assert!(bare.destination.is_none() && bare.service_id.is_none() && bare.domain_id.is_none());
    assert!(bare.redirect_path.is_none() && bare.life.is_none() && bare.binding.is_none());
    assert!(bare.actor.is_none() && bare.address.is_none() && !bare.drop_leftovers);

    let (service, domain) = (ItemId::new(7).unwrap(), ItemId::new(8).unwrap());
    let (address, nonce) = ("192.0.2.1".parse().unwrap(), Binding::of_nonce(b"nonce"));
    let full = IssueRequest::for_client(client(1))
        .destination("clientarea:tickets")
        .service(service)
        .domain(domain)
        .life(Duration::from_secs(9))
        .bound_to(nonce)
        .actor("Bo")
        .from_address(address);
    assert_eq!(full.subject, Subject::Client(client(1)));
    assert_eq!(full.destination.as_deref(), Some("clientarea:tickets"));
    assert_eq!((full.service_id, full.domain_id), (Some(service), Some(domain)));
    assert_eq!((full.life, full.binding), (Some(Duration::from_secs(9)), Some(nonce)));
    assert_eq!((full.actor.as_deref(), full.address), (Some("Bo"), Some(address)));

    let path = IssueRequest::for_user(user(2)).redirect_path("cart.php");
    assert_eq!(path.subject, Subject::User(user(2)));
    assert_eq!(path.destination.as_deref(), Some(crate::destination::CUSTOM_REDIRECT));
    assert_eq!(path.redirect_path.as_deref(), Some("cart.php"));
}

#[test]
fn a_request_to_redeem_carries_what_was_asked_for_and_nothing_else() {
    let bare = RedeemRequest::new(token());
    assert!(bare.confirmed && bare.start_session && !bare.replace_session);
    assert!(bare.presented_session.is_none() && bare.binding.is_none() && bare.address.is_none());

    let session = SessionId::parse("5".repeat(64)).unwrap();
    let (address, nonce) = ("192.0.2.1".parse().unwrap(), Binding::from_digest([4; 32]));
    let full = RedeemRequest::new(token())
        .presenting(Some(session.clone()))
        .bound_to(nonce)
        .confirmed(false)
        .without_session()
        .from_address(address);
    assert!(!full.confirmed && !full.start_session && !full.replace_session);
    assert_eq!(
        (full.presented_session, full.binding, full.address),
        (Some(session.clone()), Some(nonce), Some(address))
    );
    let replacing = RedeemRequest::new(token()).replacing(Some(session.clone()));
    assert!(replacing.replace_session && replacing.presented_session == Some(session));
}

#[test]
fn a_binding_is_the_sha_256_of_the_nonce() {
    assert_eq!(Binding::of_nonce(b"abc"), Binding::from_digest(sha256(&[b"abc"])));
    assert_ne!(Binding::of_nonce(b"abc"), Binding::of_nonce(b"abd"));
}

#[test]
fn neither_the_token_nor_its_url_is_printed() {
    let issued = Issued {
        token: token(),
        redirect_url: format!("https://example.com/oauth/singlesignon.php?access_token={}", token().reveal()),
        user_id: Some(user(1)),
        client_id: None,
        expires_at: NOW,
    };
    let shown = format!("{issued:?}");
    assert!(shown.contains("UserId(1)") && shown.contains(&token().reference().to_string()), "{shown}");
    assert!(!shown.contains(&token().reveal()[12..]) && !shown.contains("singlesignon"), "{shown}");
}
