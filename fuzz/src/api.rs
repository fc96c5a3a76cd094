//! A call of the WHMCS-compatible API over HTTP: its parameters as a form, or as a multipart body.
//!
//! An input's first line is a method and, behind a blank, a query. Of a multipart body the second line is
//! what follows `multipart/form-data`. The rest is the body; `{*3}` at its end stands for 4³ copies of it.
//! `{i}` and `{s}` stand for the identifier and secret of a credential.

use gatepass::api::{HttpCall, respond};
use serde_json::Value;

use super::common::SYSTEM;
use super::planted;
use super::stage::{self, Kept, Stage};

const FORM: &str = "application/x-www-form-urlencoded";

thread_local! {
    static STAGE: Kept<Stage> = const { Kept::new(None) };
}

/// With a form.
pub fn form(data: &[u8]) {
    let (head, body) = line(data);
    on_stage(head, FORM, body, |body, document| {
        let pairs = || body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        let value =
            |pair: &[u8]| pair.iter().position(|&byte| byte == b'=').map_or(0, |at| pair.len() - at - 1);
        let fits = pairs().count() <= 100 && pairs().all(|pair| value(pair) <= 3 * 8192);
        assert!(fits || document["result"] == "error", "more than the limits was taken");
        let told = document["message"].as_str().unwrap_or_default().as_bytes();
        for pair in pairs().filter(|pair| pair.len() >= 40) {
            let value = pair.rsplit(|&byte| byte == b'=').next().unwrap();
            // Words that a message may hold anyway are no proof.
            let odd = value.iter().any(|byte| !byte.is_ascii_alphanumeric() && !b" _',.-()".contains(byte));
            let shown = odd && told.windows(value.len().max(1)).any(|it| it == value);
            assert!(!shown || value.len() < 40, "an error repeats a value");
        }
    });
}

/// With a multipart body.
pub fn multipart(data: &[u8]) {
    let (head, rest) = line(data);
    let (attributes, body) = line(rest);
    let attributes = String::from_utf8_lossy(attributes);
    on_stage(head, &format!("multipart/form-data{attributes}"), body, |body, document| {
        let parts = body.windows(4).filter(|it| it == b"\r\n\r\n").count();
        assert!(
            parts > 0 || body.is_empty() || document["result"] == "error",
            "a body without a part was taken"
        );
    });
}

fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

/// Ask, and judge what every answer must be; `judge` sees the body and the answer.
fn on_stage(head: &[u8], content_type: &str, body: &[u8], judge: impl FnOnce(&[u8], &Value)) {
    let at = head.iter().position(|&byte| byte == b' ').unwrap_or(head.len());
    let method = String::from_utf8_lossy(&head[..at]);
    let query = head.get(at + 1..).unwrap_or_default();
    stage::with(&STAGE, 20_000, Stage::still, |stage| {
        let (query, body) = (stage.filled(query), repeated(stage.filled(body)));
        let call = HttpCall::new(&method).query(&query).body(Some(content_type), &body);
        let answer = respond(&stage.gate, &call);
        let mut text = String::from_utf8(answer.body).expect("the answer is no UTF-8");
        // Planted is an answer to a wrong method that repeats what came.
        if planted::wrong_answer() && answer.status == 405 {
            text = text.replace("\"}", &format!(" {}\"}}", String::from_utf8_lossy(&body).escape_default()));
        }
        assert!([200, 400, 403, 405, 413, 415].contains(&answer.status), "status {}", answer.status);
        let too_long = query.len() > 65_536 || body.len() > 65_536;
        assert!(!too_long || answer.status != 200, "more than 64 KiB was taken");
        let document = match answer.content_type {
            "application/json; charset=utf-8" => serde_json::from_str(&text).expect("the answer is no JSON"),
            "application/xml; charset=utf-8" => of_xml(&text),
            other => panic!("{other}"),
        };
        let result = document["result"].as_str().expect("no result");
        match result {
            "success" => assert!(answer.status == 200 && document.get("message").is_none(), "{text}"),
            "error" => {
                assert!(document["message"].is_string(), "{text}");
                assert!(!text.contains(&stage.identifier), "an error shows the identifier");
            }
            other => panic!("{other}"),
        }
        assert!(!text.contains(&stage.secret), "an answer shows the secret");
        if let Some(token) = document.get("access_token").and_then(Value::as_str) {
            assert!(token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
            let url = document["redirect_url"].as_str().unwrap();
            assert_eq!(url, format!("{SYSTEM}/oauth/singlesignon.php?access_token={token}"));
            assert_eq!(result, "success");
        }
        judge(&body, &document);
    });
}

/// The fields of an answer in XML, as far as they are texts.
fn of_xml(text: &str) -> Value {
    let document = roxmltree::Document::parse(text).expect("the answer is no XML");
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "whmcsapi");
    let texts =
        root.children().filter(|child| child.is_element() && !child.children().any(|it| it.is_element()));
    let field = |child: roxmltree::Node<'_, '_>| {
        (child.tag_name().name().to_owned(), Value::from(child.text().unwrap_or_default()))
    };
    texts.map(field).collect()
}

/// Without the `{*n}` at its end, and as often as that says.
fn repeated(mut body: Vec<u8>) -> Vec<u8> {
    let [rest @ .., b'{', b'*', digit @ b'1'..=b'9', b'}'] = &body[..] else { return body };
    let times = 4_usize.pow(u32::from(digit - b'0')).min(200_000 / rest.len().max(1));
    body = rest.repeat(times.max(1));
    body
}
