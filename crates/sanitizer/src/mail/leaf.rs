use super::header::Header;

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Shown as it is.
    Plain,
    /// Shown as a page.
    Html,
    /// Shown as the event it is, and listed.
    Event,
    /// Listed; its text is examined, where it has one.
    Attached,
}

pub(super) fn kind_of(header: &Header<'_>) -> Kind {
    let media_type = header.media_type();
    let attached = header.is_attachment() || (header.file_name().is_some() && media_type != "text/html");
    match media_type {
        // a multipart that cannot be taken apart is read as text
        kind if kind.starts_with("multipart/") => Kind::Plain,
        "text/html" | "text/enriched" | "text/richtext" | "text/x-amp-html" | "application/xhtml+xml"
            if !attached =>
        {
            Kind::Html
        }
        "text/calendar" if !header.is_attachment() => Kind::Event,
        "text/calendar" | "text/x-vcard" | "text/vcard" | "text/directory" | "text/rtf" => Kind::Attached,
        kind if kind.starts_with("text/") && !attached => Kind::Plain,
        _ => Kind::Attached,
    }
}
