//! Names, ids and paths together.

use super::*;

fn root() -> SystemUrl {
    SystemUrl::parse("https://example.com").unwrap()
}

fn folder() -> SystemUrl {
    SystemUrl::parse("https://example.com/billing").unwrap()
}

fn id(number: i64) -> Option<ItemId> {
    Some(ItemId::new(number).unwrap())
}

fn own(name: &str, path: &str, input: Input) -> Destination {
    Destination { name: name.into(), path: path.into(), input }
}

fn field_of(error: Error) -> String {
    match error {
        Error::Invalid { field, .. } => field.into_owned(),
        other => panic!("{other}"),
    }
}

/// Resolve by name in the default map.
fn land(wanted: Wanted<'_>) -> Result<Resolved> {
    resolve(wanted.destination.and_then(find_default), &wanted, &root(), &DenyTable::default())
}

#[test]
fn every_default_passes_the_rule_that_a_hosts_own_must_pass() {
    for base in [root(), folder()] {
        for destination in defaults() {
            destination.check(&base, &DenyTable::default()).unwrap();
        }
        assert!(SafePath::parse(HOME, &base, &DenyTable::default()).is_ok());
    }
    assert_eq!(defaults().len(), 19);
    assert!(find_default("clientarea:sso").is_none());
    assert!(find_default("ClientArea:profile").is_none());
}

#[test]
fn every_default_lands_on_its_page() {
    for destination in defaults() {
        let wanted = Wanted {
            destination: Some(&destination.name),
            service_id: (destination.input == Input::Service).then_some(ItemId::new(7).unwrap()),
            domain_id: (destination.input == Input::Domain).then_some(ItemId::new(7).unwrap()),
            path: (destination.input == Input::Path).then_some("viewinvoice.php?id=5"),
        };
        let resolved = land(wanted).unwrap();
        let expected = match destination.input {
            Input::Path => "viewinvoice.php?id=5".to_owned(),
            _ => destination.path.replace("{id}", "7"),
        };
        assert_eq!(resolved.landing.as_str(), expected);
        assert_eq!(resolved.name.as_deref(), Some(destination.name.as_str()));
        assert_eq!(resolved.item.is_some(), matches!(destination.input, Input::Service | Input::Domain));
    }
    let home = land(Wanted::default()).unwrap();
    assert_eq!((home.landing.as_str(), home.name, home.item), (HOME, None, None));
}

#[test]
fn an_input_that_is_missing_or_not_taken_is_named_by_its_parameter() {
    let product = Some("clientarea:product_details");
    let domain = Some("clientarea:domain_details");
    let invoices = Some("clientarea:invoices");
    let custom = Some(CUSTOM_REDIRECT);
    let page = Some("cart.php");
    for (destination, service_id, domain_id, path, field) in [
        (product, None, None, None, "service_id"),
        (product, None, id(1), None, "service_id"),
        (product, id(1), id(1), None, "domain_id"),
        (product, id(1), None, page, "redirect_path"),
        (domain, None, None, None, "domain_id"),
        (domain, id(1), id(1), None, "service_id"),
        (invoices, id(1), None, None, "service_id"),
        (invoices, None, id(1), None, "domain_id"),
        (invoices, None, None, page, "redirect_path"),
        (None, id(1), None, None, "service_id"),
        (None, None, id(1), None, "domain_id"),
        (None, None, None, page, "redirect_path"),
        (custom, None, None, None, "redirect_path"),
        (custom, None, None, Some(""), "redirect_path"),
        (custom, None, None, Some("//evil.example"), "redirect_path"),
        (custom, id(1), None, page, "service_id"),
        (Some("clientarea:nothing"), None, None, None, "destination"),
    ] {
        let error = land(Wanted { destination, service_id, domain_id, path }).unwrap_err();
        assert!(!error.to_string().contains("evil"), "{error}");
        assert_eq!(field_of(error), field);
    }
}

#[test]
fn the_destination_that_was_found_must_be_the_one_that_was_wanted() {
    let found = find_default("clientarea:invoices");
    let wanted = Wanted { destination: Some("clientarea:tickets"), ..Wanted::default() };
    for (found, wanted) in [(found, wanted), (found, Wanted::default())] {
        let error = resolve(found, &wanted, &root(), &DenyTable::default()).unwrap_err();
        assert_eq!(field_of(error), "destination");
    }
}

#[test]
fn a_hosts_own_destination_lands_below_the_system_url() {
    let shop = own("shop:order_2", "shop/order/{id}?tab=1#files", Input::Service);
    shop.check(&folder(), &DenyTable::default()).unwrap();
    let wanted = Wanted { destination: Some("shop:order_2"), service_id: id(42), ..Wanted::default() };
    let resolved = resolve(Some(&shop), &wanted, &folder(), &DenyTable::default()).unwrap();
    assert_eq!(folder().join(&resolved.landing), "https://example.com/billing/shop/order/42?tab=1#files");
}

#[test]
fn a_destination_that_became_unsafe_is_refused_when_it_is_used() {
    let page = own("shop:danger", "danger.php", Input::None);
    let wanted = Wanted { destination: Some("shop:danger"), ..Wanted::default() };
    assert!(resolve(Some(&page), &wanted, &root(), &DenyTable::default()).is_ok());
    let deny = DenyTable::new("admin", &["danger.php"]).unwrap();
    assert_eq!(field_of(resolve(Some(&page), &wanted, &root(), &deny).unwrap_err()), "destination");
}

#[test]
fn a_hosts_own_destination_is_checked_part_by_part() {
    let long = format!("shop:{}", "a".repeat(60));
    for name in [
        "",
        ":",
        "shop",
        "shop:",
        ":page",
        "Shop:page",
        "shop:Page",
        "shop:page:x",
        "1shop:page",
        "_shop:page",
        "shop:1page",
        "shop:_page",
        "shop-x:page",
        "shop: page",
        "shöp:page",
        "shop:page\n",
        "clientarea:sso",
        &long,
    ] {
        let error = own(name, "cart.php", Input::None).check(&root(), &DenyTable::default()).unwrap_err();
        assert_eq!(field_of(error), "name", "{name:?}");
    }
    for (path, input) in [
        ("", Input::None),
        ("x.php?id={id}", Input::None),
        ("x.php", Input::Service),
        ("x.php?a={id}&b={id}", Input::Domain),
        ("x.php?id={ID}", Input::Service),
        ("{name}.php", Input::None),
        ("{id}:80/x", Input::Service),
        ("https://evil.example/{id}", Input::Service),
        ("//evil.example", Input::None),
        ("../{id}", Input::Domain),
        ("logout.php", Input::None),
        ("admin/", Input::None),
        ("/x.php", Input::None),
    ] {
        let error = own("shop:page", path, input).check(&folder(), &DenyTable::default()).unwrap_err();
        assert_eq!(field_of(error), "path", "{path:?}");
    }
    for (name, path, input, field) in [
        ("shop:page", "", Input::Path, "input"),
        (CUSTOM_REDIRECT, "cart.php", Input::None, "input"),
        (CUSTOM_REDIRECT, "cart.php", Input::Path, "path"),
    ] {
        let error = own(name, path, input).check(&root(), &DenyTable::default()).unwrap_err();
        assert_eq!(field_of(error), field);
    }
}

#[test]
fn a_destination_is_a_small_json_document() {
    let json = r#"{"name":"shop:order","path":"o.php?id={id}","input":"service"}"#;
    let destination: Destination = serde_json::from_str(json).unwrap();
    assert_eq!(destination, own("shop:order", "o.php?id={id}", Input::Service));
    assert_eq!(serde_json::to_string(&destination).unwrap(), json);
    let short: Destination = serde_json::from_str(r#"{"name":"shop:cart","path":"cart.php"}"#).unwrap();
    assert_eq!(short.input, Input::None);
    assert!(serde_json::from_str::<Destination>(r#"{"name":"a:b","url":"x"}"#).is_err());
}

#[test]
fn what_earlier_calls_left_behind_is_dropped_and_what_is_taken_stays() {
    let sent = Wanted {
        destination: Some("clientarea:tickets"),
        service_id: id(1),
        domain_id: id(2),
        path: Some("cart.php"),
    };
    let bare = Wanted { service_id: None, domain_id: None, path: None, ..sent };
    let taken = |input| sent.without_leftovers(Some(&own("clientarea:tickets", "", input)));
    assert_eq!(taken(Input::None), bare);
    assert_eq!(taken(Input::Service), Wanted { service_id: id(1), ..bare });
    assert_eq!(taken(Input::Domain), Wanted { domain_id: id(2), ..bare });
    assert_eq!(taken(Input::Path), Wanted { path: Some("cart.php"), ..bare });
    assert_eq!(sent.without_leftovers(None), bare);
}
