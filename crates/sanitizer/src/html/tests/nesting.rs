//! Tags that do not fit: what browsers make of them decides what is hidden.

use super::*;

#[test]
fn an_end_tag_ends_only_what_browsers_let_it_end() {
    // not across a cell, a block, a button
    check("<div hidden><table><tr><td></div>b</table></div>a", "a", "b");
    check("<span hidden><div></span>b</div></span>a", "a", "b");
    check("<p hidden><button></p>b</button></p>a", "a", "b");
    check("<div hidden>b</p></span></bogus>b</div>a", "a", "b\nb");
    check("<div hidden><form><div></form>b</div></div>a", "a", "b");
    check("<h1 hidden>b</h2>a", "a", "b");
}

#[test]
fn formatting_goes_on_behind_its_block() {
    check("<p><b hidden>b</p>c", "", "b\nc");
    check("<p><font color=white></p>b</font>a", "a", "b");
    check("<div><b hidden>b</div><div>c</b>a</div>", "a", "b\nc");
    check("<b hidden>b<div>c</b>a</div>", "a", "b\nc");
    check("<a hidden href=x>b<a href=y>a</a>", "a", "b");
    check("<table><tr><td><b hidden>b</td><td>a</table>", "a", "b");
}

#[test]
fn a_block_ends_a_paragraph() {
    check("<p hidden>b<div>a</div>", "a", "b");
    check("<p hidden>b<span>b<h1>a</h1>", "a", "bb");
    check("<ul><li hidden>b<li>a</ul>", "a", "b");
    check("<!doctype html><p hidden>b<table><td>a</table>", "a", "b");
    check("<p hidden>b<table><td>b</table>", "", "b\nb");
}

#[test]
fn what_does_not_belong_into_a_table_stands_before_it() {
    check("<table hidden>a<tr><td>b</table>", "a", "b");
    check("<table hidden><div>a</div><tr><td>b</table>", "a", "b");
    check("<td hidden>a</td><tr hidden>c", "ac", "");
    check("<table><tr hidden><td>b<tr><td>a</table>", "a", "b");
    check("<table><td hidden><p>b<td>a</table>", "a", "b");
}

#[test]
fn drawings_and_formulas_are_read_by_their_own_rules() {
    check("<svg><style><text>.x{display:none}</text></style></svg><i class=x>b</i>a", "a", "b");
    check("<svg hidden><p>a", "a", "");
    check("<svg hidden><foreignObject><p>b</p></foreignObject></svg>a", "a", "b");
    check("<svg hidden><foreignObject><p>b</svg>b", "", "bb");
    check("<svg><text><![CDATA[a<b>]]></text></svg>", "a<b>", "");
    check("<math hidden><mtext>b</mtext></math>a", "a", "b");
}

#[test]
fn nesting_beyond_the_limit_does_not_unhide() {
    let deep = tree::DEPTH * 2;
    let html = format!("<div hidden>{}b{}b</div>a", "<div>".repeat(deep), "</div>".repeat(deep));
    let view = view(&html);
    assert_eq!(view.visible.trim(), "a");
    assert!(view.findings.iter().any(|finding| finding.kind == "not-fully-read"));
}
