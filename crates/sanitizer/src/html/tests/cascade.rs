//! Style sheets: which rule has the last word, and where.

use super::*;

/// Whether a rule hides the `<i class="x y" id=z title=t>` in a `<p class=q>` in a `<div>`.
#[track_caller]
fn hides(css: &str, hides: bool) {
    let page = format!(
        "<!doctype html><style>{css}</style><div><p class=q><i class='x y' id=z title=t>b</i>a</p></div>"
    );
    let (visible, hidden) = if hides { ("a", "b") } else { ("ba", "") };
    check(&page, visible, hidden);
}

#[test]
fn selectors_name_elements() {
    for selector in [
        "i",
        "I",
        ".x",
        ".y",
        ".x.y",
        "i.x",
        "#z",
        "i#z.x",
        "[title]",
        "[title=t]",
        "[title='t']",
        "[TITLE=t]",
        "[class~=y]",
        "[class^=x]",
        "[class$=y]",
        "[class*='x y']",
        "[title|=t]",
        "[title=T i]",
        "p i",
        "div i",
        "div p i",
        "div>p>i",
        "div > p > .x",
        ".q .x",
        "div > p i",
        "body > div p > i",
        "p *",
        "body i, div .x",
        "i:first-child",
        "i:nth-child(odd)",
        "i:not(.bogus)",
        ":is(b, i)",
        ":root i, .x",
        "a, .x",
    ] {
        hides(&format!("{selector}{{display:none}}"), true);
    }
    for selector in [
        "b",
        ".X",
        "#Z",
        ".z",
        "i.z",
        "[title=u]",
        "[bogus]",
        "div>i",
        "p p i",
        ".q.x",
        "i:hover",
        "i::before",
        "i:not(.x)",
        "i:nth-child(2)",
        "p+i",
        "",
        ".x,",
        ".x,:bogus",
        ".x >",
        "> .x",
        "..x",
        "i:bogus",
        "x y",
    ] {
        hides(&format!("{selector}{{display:none}}"), false);
    }
}

#[test]
fn the_weightiest_rule_wins_and_then_the_last() {
    for (css, expected) in [
        (".x{display:none}i{display:inline}", true),
        ("i{display:inline}i{display:none}", true),
        ("i{display:none}i{display:inline}", false),
        ("#z{display:inline}.x{display:none}", false),
        ("#z{display:inline}.x{display:none!important}", true),
        (".x.y{display:inline}.x{display:none}", false),
        (".x{display:none}.x{display:bogus}", true),
        (".x{color:#fff}.x{color:bogus}", true),
        (".x{display:none!important;display:inline}", true),
    ] {
        hides(css, expected);
    }
    let page = |css: &str, inline: &str| format!("<style>{css}</style><i class=x style='{inline}'>b</i>");
    check(&page(".x{display:none}", "display:inline"), "b", "");
    check(&page(".x{display:none!important}", "display:inline"), "", "b");
    check(&page(".x{display:none!important}", "display:inline!important"), "b", "");
    check(&page(".x{display:inline}", "display:none"), "", "b");
}

#[test]
fn sheets_are_read_as_browsers_read_them() {
    for (css, expected) in [
        ("<!-- .x{display:none} -->", true),
        ("@charset 'x'; @import url(y); .x{display:none}", true),
        ("bogus; .x{display:none}", false),
        ("bogus{} .x{display:none}", true),
        ("} .x{display:none}", true),
        ("/* .x{ */ .x{display:none}", true),
        (".x{display:none", true),
        (".x{content:'}';display:none}", true),
        ("a{content:'}.x{display:none}'}", false),
        ("@media print{.x{display:none}}", false),
        ("@media screen{.x{display:none}}", true),
        ("@media print{.q{color:red}} .x{display:none}", true),
        ("@media screen{@media (min-width:1px){.x{display:none}}}", true),
        ("@media (max-width:600px){.x{display:none}}", false),
        ("@supports (display:grid){.x{display:none}}", true),
        ("@supports not (display:grid){.x{display:none}}", false),
        ("@font-face{a:b} .x{display:none}", true),
        ("@keyframes k{from{opacity:0}} .x{opacity:1}", false),
        ("@layer a{.x{display:none}}", true),
        (".x{color:red;&:hover{display:none}}", false),
        (".x{&:hover{color:red} display:none}", true),
    ] {
        hides(css, expected);
    }
}

#[test]
fn a_sheet_may_stand_anywhere() {
    check("a<i class=x>b</i>c<style>.x{display:none}</style>", "ac", "b");
    check("a<i class=x>b</i><link rel=stylesheet href='data:text/css,.x{display:none}'>", "a", "b");
    check("<style media=print>.x{display:none}</style><i class=x>a</i>", "a", "");
    check("<style>@media print{.x{display:none}}</style><i class=x>a</i>", "a", "");
    check("<svg><style>.x{display:none}</style></svg><i class=x>b</i>a", "a", "b");
    check("a<body style='display:none'>", "", "a");
}

#[test]
fn old_documents_tell_no_case_and_need_no_units() {
    let page = |doctype: &str| format!("{doctype}<style>.X{{display:none}}</style><i class=x>a</i>");
    check(&page(""), "", "a");
    check(&page("<!DOCTYPE html>"), "a", "");
    check("<p style='font-size:1'>a", "", "a");
    check("<!doctype html><p style='font-size:1'>a", "a", "");
    check("<p style='margin-left:-9999'>a", "", "a");
    check("<!doctype html><p style='margin-left:-9999'>a", "a", "");
}

#[test]
fn a_page_has_its_roots_without_tags() {
    check("<style>body{display:none}</style>b", "", "b");
    check("<style>html{color:white}</style><p>b", "", "b");
    check("<style>body>p{display:none}</style>a<p>b", "a", "b");
    check("<html><head><style>body{background:black}</style></head><body text=white>a", "a", "");
}

#[test]
fn a_further_ancestor_may_fit_where_the_nearest_does_not() {
    let page = "<!doctype html><style>.a > .b .c{display:none}</style><div class=a><div class=b><div><div class=b><i class=c>b</i>a";
    check(page, "a", "b");
}

#[test]
fn a_sheet_that_costs_too_much_is_not_worked_out_and_warns() {
    let rules = "i:not(.a):not(.b):not(.c){color:red}".repeat(9_000);
    let html = format!("<style>{rules}</style>{}", "<i>x</i>".repeat(5_000));
    assert_eq!(kinds(&html), [("not-fully-read".to_owned(), Severity::Medium)]);
    let late = format!("<style>{rules}.z{{display:none}}</style>{}<p class=z>z", "<i>x</i>".repeat(5_000));
    assert!(view(&late).visible.ends_with('z'), "what is not worked out is shown");
    let html = format!("<style>{}i{{color:red}}</style>{}<i>x", "div ".repeat(14), "<div>".repeat(400));
    assert_eq!(kinds(&html), []);
    let html = format!("<style>b > {}i{{color:red}}</style>{}<i>x", "div ".repeat(12), "<div>".repeat(400));
    assert_eq!(kinds(&html), [("not-fully-read".to_owned(), Severity::Medium)]);
}
