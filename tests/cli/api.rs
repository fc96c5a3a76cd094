//! `gatepass api`: the document, its two forms, and the exit status.

use serde_json::json;

use crate::harness::Bench;

#[test]
fn an_action_answers_its_document() {
    let bench = Bench::new();
    let answer = bench.run(&["api", "createSsoToken", "client_id=1", "destination=clientarea:services"]);
    let issued = answer.ended(0).document();
    let token = issued["access_token"].as_str().unwrap();
    let url = format!("https://billing.example.com/oauth/singlesignon.php?access_token={token}");
    assert_eq!(issued, json!({ "result": "success", "access_token": token, "redirect_url": url }));
    let redeemed = bench.feed(&["token", "redeem", "-", "--json"], token.as_bytes()).ended(0).document();
    assert!(redeemed["landing_url"].as_str().unwrap().ends_with("clientarea.php?action=services"));
    assert_eq!(bench.ok("api GetUsers")["users"][0]["email"], "ann@example.com");
}

#[test]
fn an_error_is_a_document_and_status_1() {
    let bench = Bench::new();
    for (arguments, message) in [
        (&["api", "CreateSsoToken", "client_id=9"][..], "Invalid client_id"),
        (&["api", "GetClientsDetails"], "Either clientid Or email Is Required"),
        (&["api", "AddClient"], "The requested API Action could not be found."),
        (&["api", ""], "Empty action request"),
    ] {
        for json in [false, true] {
            let arguments: Vec<_> = arguments.iter().copied().chain(json.then_some("--json")).collect();
            let answer = bench.run(&arguments).ended(1);
            assert_eq!(answer.document(), json!({ "result": "error", "message": message }));
            assert_eq!(answer.stderr, format!("gatepass: {message}\n"));
        }
    }
}

#[test]
fn the_xml_form_is_that_of_the_endpoint() {
    let bench = Bench::new();
    let answer = bench.run(&["api", "GetClientsDetails", "clientid=1", "--xml"]).ended(0);
    assert!(answer.stdout.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<whmcsapi><action>getclientsdetails</action><result>success</result>"));
    assert!(answer.stdout.contains("<status>Active</status>"));
    let error = bench.run(&["api", "GetClientsDetails", "clientid=7", "--xml"]).ended(1);
    assert!(error.stdout.contains("<result>error</result><message>Client Not Found</message>"));
    bench.run(&["api", "GetUsers", "--xml", "--json"]).failed(2, "usage", "usage");
}

#[test]
fn the_caller_s_limits_count() {
    let bench = Bench::new();
    bench.ok("credential create addon --host --action GetUsers");
    bench.run(&["api", "GetUsers", "--caller", "addon"]).ended(0);
    let refused = bench.run(&["api", "GetClients", "--caller", "addon"]).ended(1).document();
    assert_eq!(refused["message"], "Invalid Permissions: API action \"getclients\" is not allowed");
    bench.run(&["api", "GetUsers", "--caller", "nobody", "--json"]).failed(
        1,
        "refused",
        "credential_unknown",
    );
    bench.run(&["api", "GetUsers", "limitnum", "--json"]).failed(2, "usage", "usage");
}
