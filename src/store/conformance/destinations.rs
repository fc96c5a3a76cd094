//! Destinations that differ from the built-in ones.

use super::world::{NOON, World, at, client_id, events, yes};
use super::{Noun, cases};
use crate::destination::{Destination, Input};
use crate::error::Reason;
use crate::id::ItemId;
use crate::token::IssueRequest;

pub(super) const NOUN: Noun = Noun {
    name: "destinations",
    cases: cases![
        a_destination_of_the_hosts_own_is_stored_and_used,
        a_built_in_one_is_changed_removed_and_brought_back,
        a_path_that_is_not_safe_is_refused_by_the_settings_in_force,
        look_alike_names_are_not_the_name,
    ],
    reasons: &[Reason::DestinationUnknown],
    fields: &["name", "path", "input", "destination"],
};

fn page(name: &str, path: &str, input: Input) -> Destination {
    Destination { name: name.to_owned(), path: path.to_owned(), input }
}

fn landing(w: &World<'_>, request: &IssueRequest) -> String {
    yes(w.issue(&w.host(), request, NOON)).1.landing.as_str().to_owned()
}

fn to(name: &str) -> IssueRequest {
    IssueRequest::for_client(client_id(1)).destination(name)
}

fn a_destination_of_the_hosts_own_is_stored_and_used(w: &World<'_>) {
    w.ann();
    let shop = page("shop:home", "shop.php?x=1", Input::None);
    let item = page("shop:item", "shop.php?item={id}", Input::Service);
    let domain = page("shop:domain", "shop.php?domain={id}", Input::Domain);
    for made in [&shop, &item, &domain] {
        yes(w.store().set_destination(made, at(NOON)));
    }
    w.everywhere(|store| {
        let [a, b, c] = [&domain, &shop, &item].map(|page| (page.name.clone(), Some(page.clone())));
        assert_eq!(store.changed_destinations().unwrap(), [a, b, c]);
        let told = events(store, "destination.set");
        assert_eq!(told[0].object.as_deref(), Some("shop:home"));
        assert_eq!(told[0].detail.as_deref(), Some("shop.php?x=1"));
    });
    assert_eq!(landing(w, &to("shop:home")), "shop.php?x=1");
    assert_eq!(landing(w, &to("shop:item").service(ItemId::new(5).unwrap())), "shop.php?item=5");
    assert_eq!(landing(w, &to("shop:domain").domain(ItemId::new(6).unwrap())), "shop.php?domain=6");
    let changed = page("shop:home", "shop.php?x=2", Input::None);
    yes(w.store().set_destination(&changed, at(NOON)));
    assert_eq!(landing(w, &to("shop:home")), "shop.php?x=2");
    yes(w.store().remove_destination("shop:home", at(NOON)));
    w.no(w.store().remove_destination("shop:home", at(NOON)), Reason::DestinationUnknown);
    w.invalid(w.issue(&w.host(), &to("shop:home"), NOON), "destination");
    w.everywhere(|store| {
        assert_eq!(store.changed_destinations().unwrap().len(), 2, "of the host's own nothing stays");
        assert_eq!(events(store, "destination.removed").len(), 1);
    });
}

fn a_built_in_one_is_changed_removed_and_brought_back(w: &World<'_>) {
    w.ann();
    let name = "clientarea:invoices";
    let built_in = landing(w, &to(name));
    let ours = page(name, "mine.php", Input::None);
    yes(w.store().set_destination(&ours, at(NOON)));
    assert_eq!(landing(w, &to(name)), "mine.php");
    yes(w.store().remove_destination(name, at(NOON)));
    w.everywhere(|store| assert_eq!(store.changed_destinations().unwrap(), [(name.to_owned(), None)]));
    w.no(w.store().remove_destination(name, at(NOON)), Reason::DestinationUnknown);
    w.invalid(w.issue(&w.host(), &to(name), NOON), "destination");
    yes(w.store().set_destination(&page(name, &built_in, Input::None), at(NOON)));
    assert_eq!(landing(w, &to(name)), built_in);
    yes(w.store().remove_destination("sso:custom_redirect", at(NOON)));
    let custom = IssueRequest::for_client(client_id(1)).redirect_path("viewinvoice.php?id=5");
    w.invalid(w.issue(&w.host(), &custom, NOON), "destination");
    yes(w.store().set_destination(&page("sso:custom_redirect", "", Input::Path), at(NOON)));
    assert_eq!(landing(w, &custom), "viewinvoice.php?id=5");
}

fn a_path_that_is_not_safe_is_refused_by_the_settings_in_force(w: &World<'_>) {
    w.ann();
    let set = |page: &Destination| w.store().set_destination(page, at(NOON));
    w.invalid(set(&page("Shop:home", "shop.php", Input::None)), "name");
    w.invalid(set(&page("clientarea:sso", "shop.php", Input::None)), "name");
    w.invalid(set(&page("shop:home", "", Input::Path)), "input");
    w.invalid(set(&page("shop:home", "//evil.example", Input::None)), "path");
    w.invalid(set(&page("shop:home", "shop.php?id={id}", Input::None)), "path");
    w.invalid(set(&page("shop:home", "shop.php", Input::Service)), "path");
    w.everywhere(|store| {
        assert!(store.changed_destinations().unwrap().is_empty());
        assert!(events(store, "destination.set").is_empty());
    });
    // One that was good when it was set is judged again, by today's deny table.
    let secret = page("shop:home", "secret.php", Input::None);
    yes(set(&secret));
    w.set("deny", serde_json::json!(["secret.php"]));
    w.invalid(set(&secret), "path");
    w.invalid(w.issue(&w.host(), &to("shop:home"), NOON), "destination");
}

fn look_alike_names_are_not_the_name(w: &World<'_>) {
    w.ann();
    yes(w.store().set_destination(&page("shop:home", "shop.php", Input::None), at(NOON)));
    for other in ["Shop:home", "shop:home ", " shop:home", "shop:homé", "shop:home\0", "", "%", "shop:%"] {
        w.no(w.store().remove_destination(other, at(NOON)), Reason::DestinationUnknown);
        w.invalid(w.issue(&w.host(), &to(other), NOON), "destination");
    }
    assert_eq!(landing(w, &to("shop:home")), "shop.php");
}
