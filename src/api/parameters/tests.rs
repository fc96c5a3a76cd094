mod php;

use serde_json::{Value, json};

use super::*;

fn json_of(entries: &Entries) -> Value {
    let value = |parameter: &Parameter| match parameter {
        Parameter::Text(text) => json!(text.as_str()),
        Parameter::List(list) => json_of(list),
    };
    entries.0.iter().map(|(name, parameter)| (name.clone(), value(parameter))).collect()
}

fn read(form: &[u8]) -> Result<Parameters, Failure> {
    let mut parameters = Parameters::default();
    parameters.read_form(form)?;
    Ok(parameters)
}

#[track_caller]
fn said(result: Result<impl Sized, Failure>) -> (u16, String) {
    match result {
        Err(Failure::Said { status, message, .. }) => (status, message),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[test]
fn names_are_read_as_php_reads_them() {
    for (form, wanted) in [
        ("", json!({})),
        ("a=1&b=2", json!({ "a": "1", "b": "2" })),
        ("a=1&a=2", json!({ "a": "2" })),
        ("a&b=&=c&&", json!({ "a": "", "b": "" })),
        ("a=b=c", json!({ "a": "b=c" })),
        ("a.b=1&c%20d=2&+e=3", json!({ "a_b": "1", "c_d": "2", "e": "3" })),
        ("a%5B0%5D=x&a[2]=y&a[]=z", json!({ "a": { "0": "x", "2": "y", "3": "z" } })),
        (
            "a[-5]=x&a[]=y&b[-1]=x&b[]=y",
            json!({ "a": { "-5": "x", "-4": "y" }, "b": { "-1": "x", "0": "y" } }),
        ),
        ("a[x][y]=1&a[x][z]=2", json!({ "a": { "x": { "y": "1", "z": "2" } } })),
        ("a[]=1&a=2", json!({ "a": "2" })),
        ("a=2&a[]=1", json!({ "a": { "0": "1" } })),
        ("a[b=1&a[b]c=2&[d]=3", json!({ "a_b": "1", "a": { "b": "2" } })),
        ("a=%zz%4&b=%41%c3%a9+%2b", json!({ "a": "%zz%4", "b": "Aé +" })),
    ] {
        assert_eq!(json_of(&read(form.as_bytes()).unwrap().entries), wanted, "{form}");
    }
}

#[test]
fn limits_are_told_with_the_name_and_never_the_value() {
    let long = "x".repeat(MAX_VALUE);
    assert!(read(format!("search={long}").as_bytes()).is_ok());
    let wrong = |form: &str| said(read(form.as_bytes()));
    let expected = |status: u16, message: &str| (status, message.to_owned());
    assert_eq!(wrong(&format!("search={long}y")), expected(413, "The parameter search is longer than 8 KiB"));
    assert_eq!(wrong("status=%ff"), expected(400, "The parameter status is not UTF-8"));
    assert_eq!(wrong("a[1][2][3][4]=x"), expected(400, "The parameter a has more than 3 brackets"));
    assert_eq!(wrong("%ff=1"), expected(400, "The name of a parameter can't be read"));
    assert_eq!(wrong("a%00b=1"), expected(400, "The name of a parameter can't be read"));
    assert_eq!(
        wrong("GPShunter2hunter2hunter2hunter2h=%ff"),
        expected(400, "The parameter of another name is not UTF-8")
    );
    let many = "a=1&".repeat(MAX_PARAMETERS);
    assert!(read(many.as_bytes()).is_ok());
    assert_eq!(wrong(&format!("{many}a=1")), expected(400, "More than 100 parameters"));
    let both = read(b"a=1").unwrap().over(read(many.as_bytes()).unwrap());
    assert_eq!(said(both), expected(400, "More than 100 parameters"));
}

#[test]
fn what_decides_must_not_say_two_things() {
    for name in DECISIVE {
        let twice = |one: &str, other: &str| read(format!("{name}={one}&{name}={other}").as_bytes());
        let told = (400, format!("The parameter {name} has two different values"));
        assert_eq!(said(twice("x", "y")), told);
        for (one, other) in [("x", "x"), ("", "x"), ("x", "")] {
            assert_eq!(twice(one, other).unwrap().text(name).unwrap(), Some("x"), "{name} {one} {other}");
            let form = |value: &str| read(format!("{name}={value}").as_bytes()).unwrap();
            let merged = form(one).over(form(other)).unwrap();
            assert_eq!(merged.text(name).unwrap(), Some("x"), "{name} {one} {other}");
            assert_eq!(said(form("x").over(form("y"))), told);
        }
        for list in [format!("{name}[]=x"), format!("{name}=x&{name}[a]=x")] {
            assert_eq!(said(read(list.as_bytes())), (400, format!("Invalid {name}")));
        }
    }
}

#[test]
fn the_body_counts_over_the_query_unless_it_is_empty() {
    let merged = read(b"a=2&b=&d[x]=1").unwrap().over(read(b"a=1&b=1&c=1&d=1").unwrap()).unwrap();
    assert_eq!(json_of(&merged.entries), json!({ "a": "2", "b": "1", "c": "1", "d": { "x": "1" } }));
}

#[test]
fn json_becomes_what_a_form_would_have_been() {
    let parameters = Parameters::of_json(&json!({
        "id": 5, "text": "a&b=c%41+", "yes": true, "none": null, "list": ["x", { "y": 1.5 }]
    }));
    assert_eq!(
        json_of(&parameters.unwrap().entries),
        json!({ "id": "5", "text": "a&b=c%41+", "yes": "true", "list": { "0": "x", "1": { "y": "1.5" } } })
    );
    assert!(json_of(&Parameters::of_json(&Value::Null).unwrap().entries).as_object().unwrap().is_empty());
    let deep = Parameters::of_json(&json!({ "a": [[[["x"]]]] }));
    assert_eq!(said(deep), (400, "The parameter a has more than 3 brackets".to_owned()));
    assert_eq!(said(Parameters::of_json(&json!([1]))).0, 400);
}
