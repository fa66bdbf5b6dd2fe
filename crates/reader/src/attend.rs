//! Work for as long as the bridge lives, and not for longer than agreed. A zone that loses its bridge ends: it could not
//! dial again.

use crate::{Fill, read_item};
use clean_content::Untrusted;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use wire::v1::reader_answer::Answer;
use wire::v1::reader_bridge_client::ReaderBridgeClient;
use wire::v1::reader_work::Part;
use wire::v1::{ItemBegin, ReaderAnswer, ReaderReady};
use zone_bridge::{Health, MESSAGE_LIMIT, Readiness};

/// Why there is no more work.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The executor is gone, or refuses.
    #[error("the bridge is lost")]
    Bridge(#[source] Box<tonic::Status>),
    /// The executor closed the bridge.
    #[error("the executor closed the bridge")]
    Closed,
    /// The parts of an item do not make an item.
    #[error("the executor sent {what}")]
    OutOfOrder {
        /// What was out of order.
        what: &'static str,
    },
}

/// An item whose parts are coming in.
struct Coming {
    content_type: String,
    size: usize,
    bytes: Vec<u8>,
}

/// Reads item after item until it has had its fill, which is no error, or the bridge is lost.
///
/// The answer that fills it is said to be the last one. It returns when the executor has taken that in, so no item is under way
/// when the process ends.
pub async fn attend(channel: Channel, mut fill: Fill, health: &Health) -> Result<(), Lost> {
    let lost = |status: tonic::Status| Lost::Bridge(Box::new(status));
    let mut bridge = ReaderBridgeClient::new(channel)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    let (answers, outgoing) = mpsc::channel(1);
    answer(&answers, Answer::Ready(ReaderReady {}), false).await?;
    let mut work = bridge.attend(ReceiverStream::new(outgoing)).await.map_err(lost)?.into_inner();
    health.set("bridge", Readiness::Ready);
    let items = health.counter("items_read", "Items that were read");

    let mut coming: Option<Coming> = None;
    while let Some(part) = work.next().await {
        match (part.map_err(lost)?.part, coming.take()) {
            (Some(Part::Begin(ItemBegin { content_type, size })), None) => {
                let size = usize::try_from(size).ok().filter(|size| *size <= sanitizer::RAW_LIMIT);
                let size = size.ok_or(Lost::OutOfOrder { what: "an item over the size limit" })?;
                coming = Some(Coming { content_type, size, bytes: Vec::with_capacity(size) });
            }
            (Some(Part::Chunk(chunk)), Some(mut item)) if item.bytes.len() + chunk.len() <= item.size => {
                item.bytes.extend_from_slice(&chunk);
                coming = Some(item);
            }
            (Some(Part::End(_)), Some(Coming { content_type, size, bytes })) if bytes.len() == size => {
                let said = read_item(Untrusted::new(bytes), &content_type, Timestamp::now());
                let last = fill.is_had_with(size);
                answer(&answers, said, last).await?;
                items.inc();
                if last {
                    // Whatever ends the stream now, the executor or its end: there is nothing left to say.
                    while let Some(Ok(_)) = work.next().await {}
                    return Ok(());
                }
            }
            _ => return Err(Lost::OutOfOrder { what: "parts that do not make an item" }),
        }
    }
    Err(Lost::Closed)
}

async fn answer(answers: &mpsc::Sender<ReaderAnswer>, answer: Answer, last: bool) -> Result<(), Lost> {
    answers.send(ReaderAnswer { answer: Some(answer), last }).await.map_err(|_stream_gone| Lost::Closed)
}
