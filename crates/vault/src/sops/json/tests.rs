use super::{NotInJson, read, write};
use crate::sops::names::leaves;
use crate::sops::tree::{Item, Node, Scalar};

fn said(text: &str) -> String {
    let tree = read(text).unwrap();
    let one = |(name, value): (String, &Scalar)| format!("{name}={:?} {}", value.kind(), value.as_str());
    leaves(&tree).into_iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn values_are_what_sops_takes_them_for() {
    let text = r#" { "b" : "x\u00e9\ud83d\ude00\n\"", "a" : [ 1, -2.50, 25e-2, true, null, "" ], "c": {"d": 9223372036854775808}, "e": {}, "f": [] } "#;
    let expected = "b=Str xé😀\n\"; a.0=Int 1; a.1=Float -2.5; a.2=Float 0.25; a.3=Bool true; a.4=Null ; a.5=Str ; c.d=Float 9223372036854776000";
    assert_eq!(said(text), expected);
    let written = write(&read(text).unwrap()).unwrap();
    assert_eq!(said(&written), expected);
    assert!(written.starts_with("{\n\t\"b\": \"xé😀\\n\\\"\",\n\t\"a\": [\n\t\t1,\n"), "{}", *written);
    assert!(written.ends_with("\t\"e\": {},\n\t\"f\": []\n}\n"), "{}", *written);
}

#[test]
fn letters_are_escaped_as_go_escapes_them() {
    let text = r#"{"a": "<b>&\u2028"}"#;
    assert_eq!(*write(&read(text).unwrap()).unwrap(), "{\n\t\"a\": \"\\u003cb\\u003e\\u0026\\u2028\"\n}\n");
}

#[test]
fn what_is_no_json_is_refused_with_its_line() {
    let cases = [
        ("", 1, "one object"),
        ("[]", 1, "one object"),
        ("{\n\"a\": 1,\n\"a\": 2}", 3, "twice"),
        ("{\"\": 1}", 1, "empty"),
        ("{\"a\": 1} x", 1, "behind"),
        ("{\"a\": 01}", 1, "number"),
        ("{\"a\": 1.}", 1, "number"),
        ("{\"a\": 1e999}", 1, "too large"),
        ("{\"a\": 'b'}", 1, "quotes"),
        ("{\"a\": \"\\ud800\"}", 1, "escape"),
        ("{\"a\": \"\\ud800\\u0041\"}", 1, "escape"),
        ("{\"a\": \"\n\"}", 1, "control"),
        ("{\"a\": \"b", 1, "no end"),
        ("{\"a\" 1}", 1, "colon"),
        ("{\"a\": 1 \"b\": 2}", 1, "comma"),
        ("{\"a\": 1,}", 1, "key"),
        ("{a: 1}", 1, "key"),
    ];
    for (text, line, what) in cases {
        let error = read(text).map(drop).unwrap_err();
        assert!(error.line == line && error.what.contains(what), "{text}: {error}");
    }
}

#[test]
fn what_json_cannot_say_is_not_written() {
    let tree = [Item::pair("a", Node::Leaf(Scalar::float(f64::INFINITY)))];
    assert_eq!(write(&tree).unwrap_err(), NotInJson);
}
