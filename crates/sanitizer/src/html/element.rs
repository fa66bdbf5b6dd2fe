//! What the names of elements mean, in the HTML Standard's terms.

use super::name::Name;

/// Holds nothing and has no end tag (13.1.2).
pub(super) const VOID: u16 = 1 << 0;
/// Begins and ends on lines of its own, as browsers lay it out by default.
pub(super) const BLOCK: u16 = 1 << 1;
/// Stands apart from what is around it.
pub(super) const PARAGRAPH: u16 = 1 << 2;
/// Stops an end tag that looks for its start (13.2.4.2, "special").
pub(super) const SPECIAL: u16 = 1 << 3;
/// Goes on behind the end of the block it was opened in (13.2.4.3).
pub(super) const FORMATTING: u16 = 1 << 4;
/// Bounds where a start tag is looked for (13.2.4.2, "in scope").
pub(super) const SCOPE: u16 = 1 << 5;
/// Its start tag ends an open paragraph.
pub(super) const CLOSES_P: u16 = 1 << 6;
/// Text directly in it stands before the table.
pub(super) const TABLE: u16 = 1 << 7;
/// Means nothing outside a table.
pub(super) const TABLE_PART: u16 = 1 << 8;
/// Its start tag ends an open drawing or formula (13.2.6.5).
pub(super) const HTML_ONLY: u16 = 1 << 9;
/// Nothing in it is shown.
pub(super) const UNSEEN: u16 = 1 << 10;

/// What the name means: some of the constants of this module.
pub(super) fn kind(name: Name) -> u16 {
    let at = KINDS.binary_search_by_key(&name.number(), |(known, _)| *known).ok();
    at.and_then(|at| KINDS.get(at)).map_or(0, |(_, kind)| *kind)
}

/// Names as numbers, which are found faster.
const KINDS: [(u128, u16); NAMED.len()] = {
    let mut kinds = [(0, 0); NAMED.len()];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length of both")]
    while at < NAMED.len() {
        kinds[at] = (Name::new(NAMED[at].0).number(), NAMED[at].1);
        at += 1;
    }
    kinds
};

const NAMED: [(&str, u16); 111] = [
    ("a", FORMATTING),
    ("address", BLOCK | SPECIAL | CLOSES_P),
    ("applet", SPECIAL | SCOPE),
    ("area", VOID | SPECIAL),
    ("article", BLOCK | SPECIAL | CLOSES_P),
    ("aside", BLOCK | SPECIAL | CLOSES_P),
    ("audio", UNSEEN),
    ("b", FORMATTING | HTML_ONLY),
    ("base", VOID | SPECIAL),
    ("basefont", VOID | SPECIAL),
    ("bgsound", VOID | SPECIAL),
    ("big", FORMATTING | HTML_ONLY),
    ("blockquote", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("body", BLOCK | SPECIAL | HTML_ONLY),
    ("br", VOID | SPECIAL | HTML_ONLY),
    ("button", SPECIAL),
    ("canvas", UNSEEN),
    ("caption", BLOCK | SPECIAL | SCOPE | TABLE_PART),
    ("center", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("code", FORMATTING | HTML_ONLY),
    ("col", VOID | SPECIAL | TABLE_PART),
    ("colgroup", SPECIAL | TABLE_PART),
    ("datalist", UNSEEN),
    ("dd", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("details", BLOCK | SPECIAL | CLOSES_P),
    ("dialog", BLOCK | CLOSES_P),
    ("dir", BLOCK | SPECIAL | CLOSES_P),
    ("div", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("dl", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("dt", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("em", FORMATTING | HTML_ONLY),
    ("embed", VOID | SPECIAL | HTML_ONLY),
    ("fieldset", BLOCK | SPECIAL | CLOSES_P),
    ("figcaption", BLOCK | SPECIAL | CLOSES_P),
    ("figure", BLOCK | SPECIAL | CLOSES_P),
    ("font", FORMATTING),
    ("footer", BLOCK | SPECIAL | CLOSES_P),
    ("form", BLOCK | SPECIAL | CLOSES_P),
    ("frame", VOID | SPECIAL),
    ("frameset", SPECIAL | UNSEEN),
    ("h1", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("h2", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("h3", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("h4", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("h5", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("h6", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("head", SPECIAL | HTML_ONLY),
    ("header", BLOCK | SPECIAL | CLOSES_P),
    ("hgroup", BLOCK | SPECIAL | CLOSES_P),
    ("hr", VOID | SPECIAL | CLOSES_P | HTML_ONLY),
    ("html", BLOCK | SPECIAL | SCOPE),
    ("i", FORMATTING | HTML_ONLY),
    ("iframe", SPECIAL | UNSEEN),
    ("img", VOID | SPECIAL | HTML_ONLY),
    ("input", VOID | SPECIAL),
    ("keygen", VOID | SPECIAL),
    ("legend", BLOCK),
    ("li", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("link", VOID | SPECIAL),
    ("listing", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("main", BLOCK | SPECIAL | CLOSES_P),
    ("marquee", SPECIAL | SCOPE),
    ("menu", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("meta", VOID | SPECIAL | HTML_ONLY),
    ("nav", BLOCK | SPECIAL | CLOSES_P),
    ("nobr", FORMATTING | HTML_ONLY),
    ("noembed", SPECIAL | UNSEEN),
    ("noframes", SPECIAL | UNSEEN),
    ("noscript", SPECIAL | UNSEEN),
    ("object", SPECIAL | SCOPE),
    ("ol", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("optgroup", BLOCK),
    ("option", BLOCK),
    ("p", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("param", VOID | SPECIAL),
    ("plaintext", SPECIAL | CLOSES_P),
    ("pre", BLOCK | SPECIAL | CLOSES_P | HTML_ONLY),
    ("rp", UNSEEN),
    ("ruby", HTML_ONLY),
    ("s", FORMATTING | HTML_ONLY),
    ("script", SPECIAL),
    ("search", BLOCK | SPECIAL | CLOSES_P),
    ("section", BLOCK | SPECIAL | CLOSES_P),
    ("select", BLOCK | SPECIAL),
    ("small", FORMATTING | HTML_ONLY),
    ("source", VOID | SPECIAL),
    ("span", HTML_ONLY),
    ("strike", FORMATTING | HTML_ONLY),
    ("strong", FORMATTING | HTML_ONLY),
    ("style", SPECIAL),
    ("sub", HTML_ONLY),
    ("summary", BLOCK | SPECIAL | CLOSES_P),
    ("sup", HTML_ONLY),
    ("table", BLOCK | PARAGRAPH | SPECIAL | SCOPE | CLOSES_P | TABLE | HTML_ONLY),
    ("tbody", BLOCK | SPECIAL | TABLE | TABLE_PART),
    ("td", SPECIAL | SCOPE | TABLE_PART),
    ("template", SPECIAL | SCOPE | UNSEEN),
    ("textarea", BLOCK | SPECIAL),
    ("tfoot", BLOCK | SPECIAL | TABLE | TABLE_PART),
    ("th", SPECIAL | SCOPE | TABLE_PART),
    ("thead", BLOCK | SPECIAL | TABLE | TABLE_PART),
    ("title", SPECIAL),
    ("tr", BLOCK | SPECIAL | TABLE | TABLE_PART),
    ("track", VOID | SPECIAL),
    ("tt", FORMATTING | HTML_ONLY),
    ("u", FORMATTING | HTML_ONLY),
    ("ul", BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY),
    ("var", HTML_ONLY),
    ("video", UNSEEN),
    ("wbr", VOID | SPECIAL),
    ("xmp", SPECIAL | CLOSES_P),
];

/// Elements of drawings and formulas whose text is not painted.
pub(super) fn is_unpainted(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "desc"
            | "defs"
            | "symbol"
            | "metadata"
            | "clippath"
            | "mask"
            | "marker"
            | "pattern"
            | "style"
            | "script"
            | "annotation"
            | "annotation-xml"
    )
}

/// Elements of drawings and formulas in which HTML goes on.
pub(super) fn holds_html(name: &str) -> bool {
    matches!(
        name,
        "foreignobject" | "desc" | "title" | "mi" | "mo" | "mn" | "ms" | "mtext" | "annotation-xml"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found() {
        assert!(KINDS.is_sorted());
        assert_eq!(kind(Name::new("BR")), VOID | SPECIAL | HTML_ONLY);
        assert_eq!(kind(Name::new("xmp")), SPECIAL | CLOSES_P);
        assert_eq!(kind(Name::new("bogus")), 0);
    }
}
