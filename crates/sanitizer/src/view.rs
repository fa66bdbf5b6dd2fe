use clean_content::{Finding, Metadata};

/// What a reader of one format saw: what a person sees, what a person does not, and what the message says of itself.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// The text a person sees, as it came: not yet normalised, with every invisible character in it.
    pub(crate) visible: String,
    /// Everything else that a model could come to read.
    pub(crate) passages: Vec<Passage>,
    /// As the message claims; not yet cut to the limits.
    pub(crate) metadata: Metadata,
    /// What the format itself gave away.
    pub(crate) findings: Vec<Finding>,
}

/// A text beside the body.
#[derive(Debug)]
pub(crate) struct Passage {
    /// For the owner: `subject`, `attachment invoice.txt` …
    pub(crate) place: String,
    pub(crate) text: String,
    pub(crate) sight: Sight,
}

/// Whether a person would see a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Shown beside the body: a subject, a sender's name, a file's name, an attachment that can be opened.
    Shown,
    /// In the message, and not shown to a person by accident of the format: comments, attributes, unused fields.
    Aside,
    /// Made invisible by styles.
    Hidden,
    /// The other form of the body: a mail's HTML where its plain text is shown, or the other way round.
    OtherForm,
}

impl View {
    pub(crate) fn of_text(visible: String) -> Self {
        Self { visible, ..Self::default() }
    }

    pub(crate) fn pass(&mut self, place: impl Into<String>, text: impl Into<String>, sight: Sight) {
        let text = text.into();
        if text.chars().any(char::is_alphanumeric) || !text.is_ascii() {
            self.passages.push(Passage { place: place.into(), text, sight });
        }
    }
}
