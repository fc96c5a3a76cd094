//! How a call may look: methods, bodies, both places at once, and limits.

use gatepass::api::{HttpAnswer, HttpCall, respond};
use serde_json::json;

use crate::{Bench, FORM, document, error, form};

const PARTS: &str = "multipart/form-data; boundary=xYz";

fn call(bench: &Bench, method: &str, query: &str, kind: Option<&str>, body: &[u8]) -> HttpAnswer {
    respond(&bench.gate, &HttpCall::new(method).query(query.as_bytes()).body(kind, body))
}

/// A multipart body of these fields, with the boundary of [`PARTS`].
fn parts(pairs: &[(&str, &str)]) -> Vec<u8> {
    let part = |(name, value): &(&str, &str)| {
        format!("--xYz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    (pairs.iter().map(part).collect::<String>() + "--xYz--\r\n").into_bytes()
}

fn own(bench: &Bench) -> [(&str, &str); 2] {
    [("identifier", &bench.portal.identifier), ("secret", bench.portal.secret.reveal())]
}

#[test]
fn the_parameters_may_be_split_between_query_and_body() {
    let bench = Bench::new();
    let [identifier, secret] = own(&bench);
    let action = ("action", "GetClients");
    let one = ("limitnum", "1");
    for (method, query, body) in [
        ("POST", &[][..], &[action, identifier, secret, one][..]),
        ("POST", &[action], &[identifier, secret, one]),
        ("POST", &[one, action, ("accesskey", "x")], &[identifier, secret]),
        ("GET", &[action], &[identifier, secret, one]),
        // The body counts; what is empty there does not.
        ("POST", &[("limitnum", "5")], &[action, identifier, secret, one]),
        ("POST", &[one], &[action, identifier, secret, ("limitnum", "")]),
        // Said twice, alike.
        ("POST", &[action, identifier], &[action, identifier, secret, one]),
    ] {
        let (query, body) = (form(query), form(body));
        for kind in [FORM, "Application/X-WWW-Form-Urlencoded; charset=UTF-8"] {
            let answer = call(&bench, method, &query, Some(kind), body.as_bytes());
            assert_eq!(document(&answer)["numreturned"], 1, "{query} {body}");
        }
    }
    for (name, other) in [("action", "GetUsers"), ("identifier", "x"), ("secret", "x")] {
        let body = form(&[action, identifier, secret]);
        let answer = call(&bench, "POST", &form(&[(name, other)]), Some(FORM), body.as_bytes());
        let told = format!("The parameter {name} has two different values");
        assert_eq!(error(&answer), (400, told), "{name}");
    }
}

#[test]
fn a_multipart_body_is_read() {
    let bench = Bench::new();
    let pairs =
        [&own(&bench)[..], &[("action", "getclients"), ("search", "CLIENT3@"), ("a[b][]", "x")]].concat();
    let body = parts(&pairs);
    let ids = |answer: &HttpAnswer| document(answer)["clients"]["client"][0]["id"].clone();
    for kind in [PARTS, "Multipart/Form-Data; charset=utf-8; BOUNDARY=\"xYz\" ; x=y"] {
        assert_eq!(ids(&call(&bench, "POST", "", Some(kind), &body)), 3, "{kind}");
    }
    // What stands before the first part and after the last is none; headers come in any order and case.
    let text = String::from_utf8(body.clone()).unwrap();
    let loose = format!("a preamble\r\n{text}an epilogue").replace(
        "--xYz\r\nContent-Disposition: form-data",
        "--xYz \t\r\nContent-Type: text/plain\r\ncontent-disposition:form-data",
    );
    assert_eq!(ids(&call(&bench, "POST", "", Some(PARTS), loose.as_bytes())), 3);

    let file = text.replace("name=\"search\"", "name=\"search\"; filename=\"x.txt\"");
    let answer = call(&bench, "POST", "", Some(PARTS), file.as_bytes());
    assert_eq!(error(&answer), (400, "The parameter search is a file, which is not taken".to_owned()));
    for (kind, broken) in [
        ("multipart/form-data", text.clone()),
        ("multipart/form-data; boundary=", text.clone()),
        ("multipart/form-data; boundary=\"xYz", text.clone()),
        ("multipart/form-data; boundary=other", text.clone()),
        (PARTS, text.replace("--xYz--", "--xYz")),
        (PARTS, text.replace("--xYz--\r\n", "")),
        (PARTS, text.replace("\r\n\r\n", "\r\n")),
        (PARTS, text.replace("name=", "nome=")),
        (PARTS, text.replace("form-data", "attachment")),
        (PARTS, text.replace("\"action\"", "\"action")),
        (PARTS, text.replace("\r\n", "\n")),
        (PARTS, "x".to_owned()),
    ] {
        let answer = call(&bench, "POST", "", Some(kind), broken.as_bytes());
        assert_eq!(error(&answer), (400, "The multipart body can't be read".to_owned()), "{kind}\n{broken}");
    }
}

#[test]
fn other_methods_and_bodies_are_not_taken() {
    let bench = Bench::new();
    let body = bench.portal.form(&[("action", "GetUsers")]);
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS", "post", ""] {
        let answer = call(&bench, method, "", Some(FORM), body.as_bytes());
        assert_eq!(error(&answer), (405, "Only GET and POST are taken".to_owned()), "{method}");
    }
    let types = [
        Some("application/json"),
        Some("text/plain"),
        Some(""),
        None,
        Some("application/x-www-form-urlencodedx"),
    ];
    for kind in types {
        let answer = call(&bench, "POST", "", kind, body.as_bytes());
        let told = "The body must be application/x-www-form-urlencoded or multipart/form-data";
        assert_eq!(error(&answer), (415, told.to_owned()), "{kind:?}");
        // Nothing is of any type.
        assert_eq!(error(&call(&bench, "POST", "", kind, b"")).1, "Empty action request");
    }
}

#[test]
fn what_is_too_much_is_told() {
    let bench = Bench::new();
    let own = bench.portal.form(&[("action", "GetUsers")]);
    let post = |more: &str| error(&call(&bench, "POST", "", Some(FORM), format!("{own}{more}").as_bytes()));
    let value = "x".repeat(8 * 1024);
    assert_eq!(
        post(&format!("&search={value}x")),
        (413, "The parameter search is longer than 8 KiB".to_owned())
    );
    assert_eq!(post(&"&a=1".repeat(98)), (400, "More than 100 parameters".to_owned()));
    assert_eq!(post("&a[1][2][3][4]=x"), (400, "The parameter a has more than 3 brackets".to_owned()));
    assert_eq!(post("&limitnum=%ff"), (400, "The parameter limitnum is not UTF-8".to_owned()));
    let long =
        format!("{own}&a={value}&b={value}&c={value}&d={value}&e={value}&f={value}&g={value}&h={value}");
    let answer = call(&bench, "POST", "", Some(FORM), long.as_bytes());
    assert_eq!(error(&answer), (413, "The body is longer than 64 KiB".to_owned()));
    let answer = call(&bench, "GET", &long, None, b"");
    assert_eq!(error(&answer), (413, "The query is longer than 64 KiB".to_owned()));
    // Right at the limits all is well.
    let most = "&a=1".repeat(97);
    let answer = call(&bench, "POST", "", Some(FORM), format!("{own}{most}").as_bytes());
    assert_eq!(document(&answer)["result"], json!("success"));
}

#[test]
fn the_answer_is_of_the_type_asked_for_as_soon_as_it_is_known() {
    let bench = Bench::new();
    let ask = |pairs: &[(&str, &str)]| bench.ask(&[&[("action", "GetUsers")], pairs].concat());
    for kind in ["json", "JSON", ""] {
        assert_eq!(document(&ask(&[("responsetype", kind)]))["result"], "success");
    }
    assert_eq!(ask(&[("responsetype", "XML")]).content_type, "application/xml; charset=utf-8");
    for kind in ["nvp", "html", "x"] {
        assert_eq!(error(&ask(&[("responsetype", kind)])), (400, "Invalid responsetype".to_owned()));
    }
    // Whatever else is wrong with the call.
    let xml = "responsetype=xml&action=GetUsers";
    for (method, query, kind, body) in [
        ("PUT", xml, None, ""),
        ("GET", xml, None, ""),
        ("POST", xml, Some("text/plain"), "x"),
        ("POST", xml, Some(FORM), "a=%ff"),
        ("POST", xml, Some(FORM), "action=other"),
        ("POST", "", Some(FORM), xml),
        ("GET", "responsetype=xml&a=%ff", None, ""),
    ] {
        let answer = call(&bench, method, query, kind, body.as_bytes());
        assert_ne!(answer.status, 200);
        assert_eq!(answer.content_type, "application/xml; charset=utf-8", "{method} {query} {body}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.contains("<result>error</result><message>"), "{text}");
    }
}
