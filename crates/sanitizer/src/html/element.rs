//! The elements that are read otherwise than any, and what their names mean, in the HTML Standard's terms.

use super::lookup::Lookup;

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
/// Parsers that do not follow the standard read what is in it otherwise.
pub(super) const ODD: u16 = 1 << 11;

/// Only its name matters.
const NOTHING: u16 = 0;

/// An element that is read otherwise than any, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Known(u8);

macro_rules! elements {
    ($($element:ident $name:literal $kind:expr;)*) => {
        const NAMES: [&str; HOW_MANY] = [$($name,)*];
        const KINDS: [u16; HOW_MANY] = [$($kind,)*];

        #[expect(dead_code, reason = "some are only ever told by their kind")]
        impl Known {
            $(pub(super) const $element: Self = Self(LOOKUP.place($name));)*
        }
    };
}

/// How many elements are known.
pub(super) const HOW_MANY: usize = 136;

static LOOKUP: Lookup<HOW_MANY> = Lookup::of(&NAMES);

elements! {
    A "a" FORMATTING;
    ADDRESS "address" BLOCK | SPECIAL | CLOSES_P;
    ANNOTATION "annotation" NOTHING;
    ANNOTATION_XML "annotation-xml" NOTHING;
    APPLET "applet" SPECIAL | SCOPE;
    AREA "area" VOID | SPECIAL;
    ARTICLE "article" BLOCK | SPECIAL | CLOSES_P;
    ASIDE "aside" BLOCK | SPECIAL | CLOSES_P;
    AUDIO "audio" UNSEEN;
    B "b" FORMATTING | HTML_ONLY;
    BASE "base" VOID | SPECIAL;
    BASEFONT "basefont" VOID | SPECIAL;
    BGSOUND "bgsound" VOID | SPECIAL;
    BIG "big" FORMATTING | HTML_ONLY;
    BLOCKQUOTE "blockquote" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    BODY "body" BLOCK | SPECIAL | HTML_ONLY;
    BR "br" VOID | SPECIAL | HTML_ONLY;
    BUTTON "button" SPECIAL;
    CANVAS "canvas" UNSEEN;
    CAPTION "caption" BLOCK | SPECIAL | SCOPE | TABLE_PART;
    CENTER "center" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    CLIPPATH "clippath" NOTHING;
    CODE "code" FORMATTING | HTML_ONLY;
    COL "col" VOID | SPECIAL | TABLE_PART;
    COLGROUP "colgroup" SPECIAL | TABLE_PART;
    DATALIST "datalist" UNSEEN;
    DD "dd" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    DEFS "defs" NOTHING;
    DESC "desc" NOTHING;
    DETAILS "details" BLOCK | SPECIAL | CLOSES_P;
    DIALOG "dialog" BLOCK | CLOSES_P;
    DIR "dir" BLOCK | SPECIAL | CLOSES_P;
    DIV "div" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    DL "dl" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    DT "dt" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    EM "em" FORMATTING | HTML_ONLY;
    EMBED "embed" VOID | SPECIAL | HTML_ONLY;
    FIELDSET "fieldset" BLOCK | SPECIAL | CLOSES_P;
    FIGCAPTION "figcaption" BLOCK | SPECIAL | CLOSES_P;
    FIGURE "figure" BLOCK | SPECIAL | CLOSES_P;
    FONT "font" FORMATTING;
    FOOTER "footer" BLOCK | SPECIAL | CLOSES_P;
    FOREIGNOBJECT "foreignobject" NOTHING;
    FORM "form" BLOCK | SPECIAL | CLOSES_P;
    FRAME "frame" VOID | SPECIAL;
    FRAMESET "frameset" SPECIAL | UNSEEN | ODD;
    G "g" NOTHING;
    H1 "h1" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    H2 "h2" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    H3 "h3" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    H4 "h4" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    H5 "h5" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    H6 "h6" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    HEAD "head" SPECIAL | HTML_ONLY;
    HEADER "header" BLOCK | SPECIAL | CLOSES_P;
    HGROUP "hgroup" BLOCK | SPECIAL | CLOSES_P;
    HR "hr" VOID | SPECIAL | CLOSES_P | HTML_ONLY;
    HTML "html" BLOCK | SPECIAL | SCOPE;
    I "i" FORMATTING | HTML_ONLY;
    IFRAME "iframe" SPECIAL | UNSEEN;
    IMG "img" VOID | SPECIAL | HTML_ONLY;
    INPUT "input" VOID | SPECIAL;
    KEYGEN "keygen" VOID | SPECIAL;
    LEGEND "legend" BLOCK;
    LI "li" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    LINK "link" VOID | SPECIAL;
    LISTING "listing" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY | ODD;
    MAIN "main" BLOCK | SPECIAL | CLOSES_P;
    MARK "mark" NOTHING;
    MARKER "marker" NOTHING;
    MARQUEE "marquee" SPECIAL | SCOPE;
    MASK "mask" NOTHING;
    MATH "math" ODD;
    MENU "menu" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    META "meta" VOID | SPECIAL | HTML_ONLY;
    METADATA "metadata" NOTHING;
    MI "mi" NOTHING;
    MN "mn" NOTHING;
    MO "mo" NOTHING;
    MS "ms" NOTHING;
    MTEXT "mtext" NOTHING;
    NAV "nav" BLOCK | SPECIAL | CLOSES_P;
    NOBR "nobr" FORMATTING | HTML_ONLY;
    NOEMBED "noembed" SPECIAL | UNSEEN | ODD;
    NOFRAMES "noframes" SPECIAL | UNSEEN | ODD;
    NOSCRIPT "noscript" SPECIAL | UNSEEN | ODD;
    OBJECT "object" SPECIAL | SCOPE;
    OL "ol" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    OPTGROUP "optgroup" BLOCK;
    OPTION "option" BLOCK;
    P "p" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    PARAM "param" VOID | SPECIAL;
    PATTERN "pattern" NOTHING;
    PLAINTEXT "plaintext" SPECIAL | CLOSES_P | ODD;
    PRE "pre" BLOCK | SPECIAL | CLOSES_P | HTML_ONLY;
    RP "rp" UNSEEN;
    RT "rt" NOTHING;
    RUBY "ruby" HTML_ONLY;
    S "s" FORMATTING | HTML_ONLY;
    SCRIPT "script" SPECIAL;
    SEARCH "search" BLOCK | SPECIAL | CLOSES_P;
    SECTION "section" BLOCK | SPECIAL | CLOSES_P;
    SELECT "select" BLOCK | SPECIAL | ODD;
    SMALL "small" FORMATTING | HTML_ONLY;
    SOURCE "source" VOID | SPECIAL;
    SPAN "span" HTML_ONLY;
    STRIKE "strike" FORMATTING | HTML_ONLY;
    STRONG "strong" FORMATTING | HTML_ONLY;
    STYLE "style" SPECIAL;
    SUB "sub" HTML_ONLY;
    SUMMARY "summary" BLOCK | SPECIAL | CLOSES_P;
    SUP "sup" HTML_ONLY;
    SVG "svg" ODD;
    SYMBOL "symbol" NOTHING;
    TABLE "table" BLOCK | PARAGRAPH | SPECIAL | SCOPE | CLOSES_P | TABLE | HTML_ONLY;
    TBODY "tbody" BLOCK | SPECIAL | TABLE | TABLE_PART;
    TD "td" SPECIAL | SCOPE | TABLE_PART;
    TEMPLATE "template" SPECIAL | SCOPE | UNSEEN | ODD;
    TEXT "text" NOTHING;
    TEXTAREA "textarea" BLOCK | SPECIAL;
    TEXTPATH "textpath" NOTHING;
    TFOOT "tfoot" BLOCK | SPECIAL | TABLE | TABLE_PART;
    TH "th" SPECIAL | SCOPE | TABLE_PART;
    THEAD "thead" BLOCK | SPECIAL | TABLE | TABLE_PART;
    TITLE "title" SPECIAL;
    TR "tr" BLOCK | SPECIAL | TABLE | TABLE_PART;
    TRACK "track" VOID | SPECIAL;
    TSPAN "tspan" NOTHING;
    TT "tt" FORMATTING | HTML_ONLY;
    U "u" FORMATTING | HTML_ONLY;
    UL "ul" BLOCK | PARAGRAPH | SPECIAL | CLOSES_P | HTML_ONLY;
    VAR "var" HTML_ONLY;
    VIDEO "video" UNSEEN;
    WBR "wbr" VOID | SPECIAL;
    XML "xml" NOTHING;
    XMP "xmp" SPECIAL | CLOSES_P | ODD;
}

// === impl Known ===

impl Known {
    /// Any other.
    pub(super) const OTHER: Self = Self(u8::MAX);

    /// The element whose name has these letters, and what the name means: some of the constants of this module.
    pub(super) fn of(letters: u128) -> (Self, u16) {
        match LOOKUP.find(letters) {
            Some(at) => (Self(at), KINDS.get(usize::from(at)).copied().unwrap_or_default()),
            None => (Self::OTHER, NOTHING),
        }
    }

    /// From zero, for those that are known.
    pub(super) fn number(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn as_str(self) -> &'static str {
        NAMES.get(self.number()).copied().unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter()
    }

    pub(super) const fn is_heading(self) -> bool {
        matches!(self, Self::H1 | Self::H2 | Self::H3 | Self::H4 | Self::H5 | Self::H6)
    }

    /// Formatting that goes on behind the end of a block stops at its start and end.
    pub(super) const fn bounds_formats(self) -> bool {
        matches!(
            self,
            Self::TD
                | Self::TH
                | Self::CAPTION
                | Self::APPLET
                | Self::OBJECT
                | Self::MARQUEE
                | Self::TEMPLATE
        )
    }

    /// Line breaks in it are shown.
    pub(super) const fn keeps_lines(self) -> bool {
        matches!(self, Self::PRE | Self::TEXTAREA | Self::XMP | Self::PLAINTEXT | Self::LISTING)
    }

    /// Of drawings and formulas: its text is not painted.
    pub(super) const fn is_unpainted(self) -> bool {
        matches!(
            self,
            Self::TITLE
                | Self::DESC
                | Self::DEFS
                | Self::SYMBOL
                | Self::METADATA
                | Self::CLIPPATH
                | Self::MASK
                | Self::MARKER
                | Self::PATTERN
                | Self::STYLE
                | Self::SCRIPT
                | Self::ANNOTATION
                | Self::ANNOTATION_XML
        )
    }

    /// Of drawings and formulas: HTML goes on in it.
    pub(super) const fn holds_html(self) -> bool {
        matches!(
            self,
            Self::FOREIGNOBJECT
                | Self::DESC
                | Self::TITLE
                | Self::MI
                | Self::MO
                | Self::MN
                | Self::MS
                | Self::MTEXT
                | Self::ANNOTATION_XML
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{super::lookup::letters, *};

    #[test]
    fn every_name_is_found() {
        for (name, kind) in NAMES.into_iter().zip(KINDS) {
            let (known, found) = Known::of(letters(name));
            assert_eq!((known.as_str(), found), (name, kind));
        }
        assert!(Known::of(letters("BR")) == (Known::BR, VOID | SPECIAL | HTML_ONLY));
        assert!(Known::of(letters("bogus")) == (Known::OTHER, NOTHING));
    }
}
