//! Pages, and what a person and a machine come to see of them.

mod cascade;
mod hiding;
mod nesting;
mod red_team;

use super::*;

/// What is shown, and what is hidden.
#[track_caller]
fn check(html: &str, visible: &str, hidden: &str) {
    let view = view(html);
    let passage = view.passages.iter().find(|p| p.sight == Sight::Hidden).map_or("", |p| p.text.trim());
    assert_eq!((view.visible.trim(), passage), (visible, hidden), "{html}");
}

/// The text of a passage.
fn passage(html: &str, place: &str) -> String {
    let view = view(html);
    view.passages.iter().filter(|p| p.place == place).map(|p| p.text.trim()).collect::<Vec<_>>().join("\n")
}

fn kinds(html: &str) -> Vec<(String, Severity)> {
    view(html).findings.into_iter().map(|finding| (finding.kind, finding.severity)).collect()
}

#[test]
fn what_a_person_sees_is_the_body() {
    check("<html><script>alert(1)</script><body>Hello</body></html>", "Hello", "");
    check("<p>one<p>two<br>three", "one\n\ntwo\nthree", "");
    check("a\n  b <b>ig</b>nore", "a b ignore", "");
    check("<pre>a\n  b</pre>", "a\n  b", "");
    check("<p style='white-space:pre'>a\n  b</p>", "a\n  b", "");
    check("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc", "");
    check("a<!-- c --><style>x</style><img alt='picture of me'>b", "ab", "");
    check("<head><title>T</title>text", "T\n\ntext", "");
    check("a<span style='display:block'>b</span>c", "a\nb\nc", "");
    check(
        "<input value='typed'> <input type=submit value=Send> <input type=hidden value=x>",
        "typed Send",
        "",
    );
}

#[test]
fn a_page_has_one_title() {
    check("<title>A</title><body>b<title>c</title>", "A\n\nb", "c");
    check("a<svg><title>b</title><text>c</text></svg>", "ac", "b");
    let long = format!("{}é and more</title>c", "x".repeat(64 * 1024 - 1));
    check(&format!("<title>{long}"), &format!("{}\n\nc", "x".repeat(64 * 1024 - 1)), "é and more");
}

#[test]
fn what_is_not_text_is_examined_apart() {
    assert_eq!(passage("<!-- a b -->", "html:comment"), "a b");
    assert_eq!(passage("<!--[if mso]><p title='some long words'>a</p><![endif]-->", "html:comment"), "a");
    assert_eq!(
        passage("<!--[if mso]><p title='some long words'>a</p><![endif]-->", "html:attribute"),
        "some long words"
    );
    assert_eq!(passage("<img alt='a picture of me'>", "html:attribute"), "a picture of me");
    assert_eq!(passage("<p title='a picture of me'>x", "html:attribute"), "a picture of me");
    assert_eq!(passage("<input type=hidden value='a b c d e f g'>", "html:attribute"), "a b c d e f g");
    assert_eq!(passage("<meta name=description content='a b c d e f g'>", "html:attribute"), "a b c d e f g");
    assert_eq!(passage("<script>a()</script>", "html:script"), "a()");
    assert_eq!(passage("<a href='data:text/html,%3Cp%3Ea b'>x</a>", "html:data address"), "<p>a b");
    assert_eq!(passage("<details>a<summary>b</summary>c</details>", "html:closed details"), "a\nc");
    assert_eq!(passage("<iframe srcdoc='<p>a<p hidden>b'></iframe>", "html:frame"), "a");
    assert_eq!(passage("<iframe srcdoc='<p>a<p hidden>b'></iframe>", "html:hidden"), "b");
}

#[test]
fn a_link_that_leads_elsewhere_is_a_finding() {
    let finds = |html: &str| !view(html).findings.is_empty();
    assert!(finds("<a href='https://evil.example/x'>https://bank.test</a>"));
    assert!(!finds("<a href='https://bank.example/x'>www.bank.example</a>"));
    assert!(!finds("<a href='https://t.example/x'>Click here</a>"));
}

#[test]
fn links_are_told_with_what_they_show() {
    let html = "<a href='https://a.example/?x=1&amp;y=2'>One <b>two</b></a> <a href=#top>up</a> \
                <a href='JavaScript:alert(document.cookie)'>run</a> <a href='https://b.example'><img alt=x></a>";
    let links: Vec<_> =
        view(html).metadata.links.into_iter().map(|l| (l.shown, l.target, l.leads_elsewhere)).collect();
    let link = |shown: &str, target: &str| (shown.to_owned(), target.to_owned(), false);
    assert_eq!(
        links,
        [
            link("One two", "https://a.example/?x=1&y=2"),
            link("run", "JavaScript:alert(document.cookie)"),
            link("", "https://b.example"),
        ]
    );
}

#[test]
fn what_a_page_would_send_is_found() {
    let low = |html: &str, kind: &str| assert_eq!(kinds(html), [(kind.to_owned(), Severity::Low)], "{html}");
    low("<form action='https://evil.example/'><input></form>", "form");
    low("<meta http-equiv=Refresh content='0; URL=https://evil.example'>", "page-goes-on");
    low("<a href='javascript:alert(document.cookie)'>x</a>", "script-link");
    low("<a href='data:text/html,<p>x'>x</a>", "data-link");
    for quiet in [
        "<img width=1 height=1 src='https://news.example/open?id=a1b2'>",
        "<img src='data:image/png;base64,AAAA'>",
        "<a href='javascript:void(0)'>x</a>",
        "<form action='/search'></form>",
        "<meta name=viewport content='width=device-width'>",
        "<img src='https://news.example/open?id={{ subscriber_id }}'>",
    ] {
        assert_eq!(kinds(quiet), [], "{quiet}");
    }
}
