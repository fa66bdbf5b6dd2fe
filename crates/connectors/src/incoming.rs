//! What sources hand over: items that nobody has looked into, and how far the source was read.

/// One item as it came, with the name by which its source knows it for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The same for the same item, also after a restart and from another way of reading (poll, webhook); ASCII, at most 200
    /// bytes.
    pub id: String,
    /// Its bytes, for a reader.
    pub untrusted_bytes: Vec<u8>,
}

/// What one look at a source brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Items in the order of the source.
    pub items: Vec<Incoming>,
    /// Items that are there and are not handed over, with the reason in words for the owner: too long, of a kind that no
    /// reader reads.
    pub refused: Vec<(String, String)>,
    /// Where the next look begins once every item of this one is durable here; handing it in acknowledges them to the provider.
    /// ASCII without anybody's name or address, at most 4,000 bytes, because it stands in the record.
    pub cursor: String,
    /// Whether there is more at once.
    pub more: bool,
}
