use super::{read, write};
use crate::sops::names::leaves;

fn said(text: &str) -> String {
    let tree = read(text).unwrap();
    let one = |(name, value): (String, &crate::sops::Scalar)| {
        format!("{name}={:?} {}", value.kind(), value.as_str())
    };
    leaves(&tree).into_iter().map(one).collect::<Vec<_>>().join("; ")
}

fn check(text: &str, expected: &str) {
    assert_eq!(said(text), expected, "{text}");
    // What is written says the same, and is written the same again.
    let written = write(&read(text).unwrap());
    assert_eq!(said(&written), expected, "{text} became {}", *written);
    assert_eq!(*write(&read(&written).unwrap()), *written);
}

fn refused(text: &str, line: usize, what: &str) {
    let Err(error) = read(text) else { panic!("{text} is read") };
    assert!(error.line == line && error.what.contains(what), "{text}: {error}");
}

#[test]
fn values_are_what_sops_takes_them_for() {
    check("a: b", "a=Str b");
    check("a:\nb: ~\nc: null\n", "a=Null ; b=Null ; c=Null ");
    check("a: true\nb: False\nc: yes\nd: on\n", "a=Bool true; b=Bool false; c=Str yes; d=Str on");
    check("a: 1\nb: -7\nc: 0\n", "a=Int 1; b=Int -7; c=Int 0");
    check("a: 1.50\nb: .5\nc: -.inf\nd: .nan\n", "a=Float 1.5; b=Float 0.5; c=Float -Inf; d=Float NaN");
    check(
        "a: 2001-02-03T04:05:06Z\nb: 2001-02-03T04:05:06.5+01:00\n",
        "a=Time 2001-02-03T04:05:06Z; b=Time 2001-02-03T04:05:06.5+01:00",
    );
    check(
        "a: 1.2.3.4\nb: 1:20\nc: 10 apples\nd: v1.0\ne: +15005550006x\n",
        "a=Str 1.2.3.4; b=Str 1:20; c=Str 10 apples; d=Str v1.0; e=Str +15005550006x",
    );
    check("a: 'it''s'\nb: \"\\x41\\u00e9\\U0001F600\\n\"\n", "a=Str it's; b=Str Aé😀\n");
    check("a: x # said\nb: x#y\nc: '#'\nd: \"a: b\" #c\n", "a=Str x; b=Str x#y; c=Str #; d=Str a: b");
}

#[test]
fn texts_of_several_lines_keep_their_line_ends() {
    check("a: |\n    x\n      y\n\n    z\nb: 1\n", "a=Str x\n  y\n\nz\n; b=Int 1");
    check("a: |-\n  x\n  # no comment\n", "a=Str x\n# no comment");
    check("a: |+\n  x\n\nb: y\n", "a=Str x\n\n; b=Str y");
    check("a: |2\n    x\n   y\n", "a=Str   x\n y\n");
    check("a: |\nb: y\n", "a=Str ; b=Str y");
    check("l:\n- |\n  x\n  y\n", "l.0=Str x\ny\n");
}

#[test]
fn maps_and_lists_stand_in_each_other_as_sops_and_others_indent_them() {
    check("a:\n    b:\n        c: d\ne: f\n", "a.b.c=Str d; e=Str f");
    check("a:\n- x\n- y\nb: z\n", "a.0=Str x; a.1=Str y; b=Str z");
    check(
        "a:\n    - b: 1\n      c:\n        - 2\n    - - 3\n      - 4\n",
        "a.0.b=Int 1; a.0.c.0=Int 2; a.1.0=Int 3; a.1.1=Int 4",
    );
    check("a: {}\nb: []\nc: d\n", "c=Str d");
    check("---\na: b\n", "a=Str b");
    check("\"a: b\": c\n'd e': f\ng h: i\n", "a: b=Str c; d e=Str f; g h=Str i");
    check("a: b\r\nc: d\r\n", "a=Str b; c=Str d");
    check("", "");
    check("{}\n", "");
}

#[test]
fn comments_stay_with_what_they_stand_before() {
    let text = "# top\na: b # behind\n# before c\nc:\n    # first in c\n    d: e\n    # last in c\n\n# before f\nf:\n    # in f\n    - g\n# end\n";
    assert_eq!(*write(&read(text).unwrap()), text);
    let at_the_margin = "a:\n- b\n# before c\nc: d\n";
    assert_eq!(*write(&read(at_the_margin).unwrap()), "a:\n    - b\n# before c\nc: d\n");
}

#[test]
fn what_is_not_read_is_refused_with_its_line_and_what_to_write() {
    refused("a: b\n---\nc: d\n", 2, "several documents");
    refused("a: &x b\n", 1, "anchors");
    refused("a: *x\n", 1, "anchors");
    refused("a: !!binary x\n", 1, "tags");
    refused("a: [b, c]\n", 1, "in brackets");
    refused("a: {b: c}\n", 1, "in brackets");
    refused("a: >\n  b\n", 1, "after `|`");
    refused("a: b\n  c\n", 2, "after `|`");
    refused("a:\n  b\n", 2, "after `|`");
    refused("a: \"b\n  c\"\n", 1, "after `|`");
    refused("- a\n", 1, "is a list");
    refused("a: b\na: c\n", 2, "twice");
    refused("1: b\n", 1, "must be text");
    refused("<<: b\n", 1, "\"quotes\"");
    refused("? a\n: b\n", 1, "no key");
    refused("a: b: c\n", 1, "\"quotes\"");
    refused("a: - b\n", 1, "\"quotes\"");
    refused("a: @b\n", 1, "\"quotes\"");
    refused("a: 'b' c\n", 1, "behind a value");
    refused("a: \"\\q\"\n", 1, "backslash");
    refused("a\n", 1, "no key");
    refused("  a: b\n", 1, "margin");
    refused("a:\n    b: c\n  d: e\n", 3, "further");
    refused("a: b\n\tc: d\n", 2, "tab");
    refused("a: \u{7}\n", 1, "control character");
    refused("\u{feff}a: b\n", 1, "byte order mark");
    for ambiguous in [
        "0644",
        "0x1f",
        "1_000",
        "+1",
        "2001-02-03",
        "2001-02-03 04:05:06",
        "0o17",
        "1e999",
        "2001-02-03T04:05:06.50Z",
    ] {
        if ambiguous == "+1" {
            // A plus and digits are a number to sops, and are taken for one here.
            check("a: +1.5\n", "a=Float 1.5");
        } else {
            refused(&format!("a: {ambiguous}\n"), 1, "number or a date");
        }
    }
}
