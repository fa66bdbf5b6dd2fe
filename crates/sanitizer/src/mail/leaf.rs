use super::header::Header;

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Shown as it is.
    Plain,
    /// Shown as a page.
    Html,
    /// Listed; its text is examined.
    AttachedText,
    /// Listed.
    Attached,
}

pub(super) fn kind_of(header: &Header<'_>) -> Kind {
    let media_type = header.media_type();
    let attached = header.is_attachment() || (header.file_name().is_some() && media_type != "text/html");
    match media_type.as_str() {
        // a multipart that cannot be taken apart is read as text
        kind if kind.starts_with("multipart/") => Kind::Plain,
        "text/html" | "text/enriched" | "text/richtext" | "application/xhtml+xml" if !attached => Kind::Html,
        "text/calendar" | "text/x-vcard" | "text/vcard" | "text/directory" | "text/rtf" => Kind::AttachedText,
        kind if kind.starts_with("text/") && !attached => Kind::Plain,
        kind if kind.starts_with("text/") || kind.starts_with("message/") => Kind::AttachedText,
        "application/json" | "application/xml" | "application/rtf" => Kind::AttachedText,
        _ => Kind::Attached,
    }
}

/// Whether bytes of no stated kind are a text after all.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= 1024 * 1024 && !bytes.contains(&0) && str::from_utf8(bytes).is_ok()
}
