//! Every page there is, put together as HTML should be. Each is kept in the target folder, for a look at it.

use gatepass::directory::{ClientStatus, Mode};
use gatepass::link::OpenRequest;
use gatepass::token::{RevokeTokens, Token};
use gatepass::web::Response;
use serde_json::json;

use crate::browser::{Browser, text};
use crate::common::Place;
use crate::site::{Site, invoice, somebody};

/// Whether every element ends where it should; `br` and its like have no end.
fn closes(page: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let page = page.strip_prefix("<!doctype html>").ok_or("no doctype")?;
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').ok_or("a tag without an end")?;
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            Some(name) => return Err(format!("</{name}> ends nothing")),
            None if ["meta", "input"].contains(&name) => {}
            None => open.push(name),
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} stay open")) }
}

#[test]
fn every_page_is_well_formed() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    let keep = |name: &str, page: &Response| {
        let text = text(page);
        closes(&text).unwrap_or_else(|wrong| panic!("{name}: {wrong}\n{text}"));
        std::fs::write(folder.join(format!("{name}.html")), text).unwrap();
    };
    let site = Site::new();
    let mut ann = Browser::new();
    let used = site.token(site.ann);
    ann.open(&site.gate, &used);
    keep("duplicate", &Browser::new().open(&site.gate, &used));
    keep("confirm", &ann.open(&site.gate, &site.token(site.ben)));
    let long = "Wolfeschlegelsteinhausenbergerdorff".repeat(3);
    let long = somebody(&site.gate, &format!("{long}@example.com"), &long, "عبد الرحمن");
    keep("confirm-long", &ann.open(&site.gate, &site.token(long)));
    keep("sign-out", &ann.get(&site.gate, "logout.php", ""));
    keep("nobody", &Browser::new().get(&site.gate, "logout.php", ""));
    let mail = site.mail(&invoice(site.ann)).link;
    keep("link", &Browser::new().open_mail(&site.gate, &mail));
    site.gate.open_link(&OpenRequest::new(mail.clone())).unwrap();
    keep("link-duplicate", &Browser::new().open_mail(&site.gate, &mail));
    site.advance(5);
    site.set("link_renewal_path", json!("fresh.php?from=mail"));
    keep("link-used", &Browser::new().open_mail(&site.gate, &mail));
    keep("about", &Browser::new().get(&site.gate, "dologin.php", ""));
    keep("unknown", &Browser::new().open(&site.gate, "x"));
    keep("not-found", &Browser::new().get(&site.gate, "x", ""));
    let revoked = site.token(site.ann);
    site.gate.revoke_tokens(&RevokeTokens::One(Token::parse(&revoked).unwrap())).unwrap();
    keep("revoked", &Browser::new().open(&site.gate, &revoked));
    let closed = site.token(site.ann);
    site.gate.set_client_status(site.ann.1, ClientStatus::Closed).unwrap();
    keep("closed", &Browser::new().open(&site.gate, &closed));
    site.gate.set_client_status(site.ann.1, ClientStatus::Active).unwrap();
    site.set("confirm", json!("always"));
    keep("confirm-nobody", &Browser::new().open(&site.gate, &site.token(site.ann)));
    site.advance(60);
    keep("used", &Browser::new().open(&site.gate, &used));
    keep("expired", &Browser::new().open(&site.gate, &closed));
    let host = Place::new();
    keep("host-mode", &Browser::new().get(&host.init(Mode::Host), "dologin.php", ""));
    assert!(closes("<!doctype html><p><b></p></b>").is_err() && closes("<!doctype html><p>").is_err());
}
