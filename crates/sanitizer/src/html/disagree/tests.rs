use proptest::prelude::*;

use super::*;
use crate::{html, view::Sight};

fn hidden(html: &str) -> String {
    let view = html::view(html);
    let passages = view.passages.iter().filter(|passage| passage.sight == Sight::Hidden);
    passages.map(|passage| passage.text.as_str()).collect()
}

#[track_caller]
fn check(html: &str) {
    let (mut ours, mut theirs) = (Letters::NONE, Letters::NONE);
    let (we, they) = (hidden(html), read(html, false).unwrap().hidden);
    ours.add(&we);
    theirs.add(&they);
    assert_eq!(ours.differ_by(&theirs), 0, "{html}: {we:?} {they:?}");
}

#[test]
fn what_is_hidden_is_what_html5ever_hides() {
    for html in [
        "<p hidden>b<p>a",
        "<b hidden>b<div>c</b>a</div>",
        "<a><b hidden><p>x</b>y</a>z",
        "<table hidden>a<tr><td>b</table>c",
        "<table hidden><i><td>q",
        "<div hidden><form><div></form>b</div></div>a",
        "<i hidden><i><p></i>x</i>y</p>z",
    ] {
        check(html);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_blocks_what_is_hidden_is_what_html5ever_hides(
        html in "(<(p|div|span|ul|li|table|tr|td|h1|button|form)( hidden)?>|</(p|div|span|ul|li|table|tr|td|h1|button|form)>|[a-z]){0,14}"
    ) {
        check(&html);
    }

    /// A formatting element that is ended late takes blocks out of what hides them, with the text that was read by then:
    /// that is kept as hidden.
    #[test]
    fn whatever_the_tags_nothing_that_html5ever_hides_is_shown(
        html in "(<(p|div|b|i|a|span|ul|li|table|tr|td|h1|button|form)( hidden)?>|</(p|div|b|i|a|span|ul|li|table|tr|td|h1|button|form)>|[a-z]){0,14}"
    ) {
        let (mut ours, mut theirs) = (Letters::NONE, Letters::NONE);
        let (we, they) = (hidden(&html), read(&html, false).unwrap().hidden);
        ours.add(&we);
        theirs.add(&they);
        prop_assert_eq!(theirs.beyond(&ours), 0, "{}: {:?} {:?}", html, we, they);
    }
}
