//! The reader edge: hand out an item in parts, take back one answer, and so on.

use crate::reading::{HandedOut, Reading, ReadingDesk};
use crate::refusal::Refusal;
use crate::spool::Spool;
use crate::zone1::Zone1;
use action::ZoneId;
use clean_content::{ContentType, Untrusted};
use std::io::Read as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};
use wire::v1::reader_answer::Answer;
use wire::v1::reader_bridge_server::ReaderBridge;
use wire::v1::reader_work::Part;
use wire::v1::{
    ItemBegin, ItemEnd, ReaderAnswer, ReaderPingRequest, ReaderPingResponse, ReaderUnreadable, ReaderWork,
};
use zone_bridge::{Health, Readiness};

/// Bytes of one part of an item.
const CHUNK: usize = 256 * 1024;

/// How long a reader may take over one item.
const DEADLINE: Duration = Duration::from_secs(60);

/// What one reader may call.
#[derive(Debug, Clone)]
pub struct ReaderService {
    /// Zone 1.
    pub zone1: Arc<Zone1>,
    /// Where the raw items are.
    pub spool: Spool,
    /// Which items readers are at.
    pub desk: Arc<ReadingDesk>,
    /// The zone behind this socket.
    pub zone: ZoneId,
    /// The source it reads.
    pub source: &'static str,
    /// What its items are.
    pub content_type: ContentType,
    /// Where it is said whether a reader attends.
    pub health: Health,
}

/// Why attendance ends. The stream ends with it, and the reader with the stream.
enum Ended {
    Gone,
    Refused(Refusal),
    Spool(std::io::Error),
}

#[tonic::async_trait]
impl ReaderBridge for ReaderService {
    async fn ping(
        &self,
        _request: Request<ReaderPingRequest>,
    ) -> Result<Response<ReaderPingResponse>, Status> {
        Ok(Response::new(ReaderPingResponse { zone: self.zone.to_string() }))
    }

    type AttendStream = Pin<Box<dyn Stream<Item = Result<ReaderWork, Status>> + Send>>;

    async fn attend(
        &self,
        request: Request<Streaming<ReaderAnswer>>,
    ) -> Result<Response<Self::AttendStream>, Status> {
        let (work, parts) = mpsc::channel(2);
        let (service, answers) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            let need = service.zone.role().as_str();
            service.health.set(need, Readiness::Ready);
            let ended = service.hand_out(answers, &work).await;
            service.health.set(need, Readiness::NotReady("the reader is gone".to_owned()));
            // The item that it was at, if any, is free for a reader that waits already.
            service.zone1.look_again();
            match ended {
                Ended::Gone => {}
                Ended::Refused(refusal) => {
                    tracing::warn!("{need}: {refusal}");
                    // The receiver may be gone already; then nobody needs to know.
                    let _ = work.send(Err(refusal.into())).await;
                }
                Ended::Spool(error) => {
                    tracing::warn!("{need}: spool: {error}");
                    let _ = work.send(Err(Status::unavailable("the spool cannot be read"))).await;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(parts))))
    }
}

// === impl ReaderService ===

impl ReaderService {
    async fn hand_out(
        &self,
        mut answers: Streaming<ReaderAnswer>,
        work: &mpsc::Sender<Result<ReaderWork, Status>>,
    ) -> Ended {
        match answers.next().await {
            Some(Ok(ReaderAnswer { answer: Some(Answer::Ready(_)), last: _ })) => {}
            _ => return Ended::Gone,
        }
        let mut changes = self.zone1.changes();
        loop {
            changes.mark_unchanged();
            let item = match self.desk.next(&self.zone1, self.source) {
                Ok(Some(item)) => item,
                Ok(None) => {
                    tokio::select! {
                        changed = changes.changed() => if changed.is_err() { return Ended::Gone },
                        () = work.closed() => return Ended::Gone,
                    }
                    continue;
                }
                Err(refusal) => return Ended::Refused(refusal),
            };
            if let Err(refusal) = self.zone1.settled().await {
                return Ended::Refused(refusal);
            }
            let reading = tokio::time::timeout(DEADLINE, self.read(&item, &mut answers, work)).await;
            let (reading, last) = match reading {
                Ok(Ok(said)) => said,
                Ok(Err(error)) => return Ended::Spool(error),
                Err(_elapsed) => (Reading::Nothing("the reader took too long"), true),
            };
            // Nothing more is handed to a reader that is about to end: it would count as one that killed its reader.
            let lost = last || matches!(reading, Reading::Nothing(_));
            if let Err(refusal) = item.conclude(&self.zone1, &self.spool, self.content_type, reading).await {
                return Ended::Refused(refusal);
            }
            if lost {
                return Ended::Gone;
            }
        }
    }

    /// What the reader says of an item, and whether it wants no further one.
    async fn read(
        &self,
        item: &HandedOut<'_>,
        answers: &mut Streaming<ReaderAnswer>,
        work: &mpsc::Sender<Result<ReaderWork, Status>>,
    ) -> std::io::Result<(Reading, bool)> {
        const GONE: (Reading, bool) = (Reading::Nothing("the reader went away"), true);
        let begin = ItemBegin { content_type: self.content_type.as_str().to_owned(), size: item.size };
        if send(work, Part::Begin(begin)).await.is_err() {
            return Ok(GONE);
        }
        // Only carried on, never looked at.
        let mut untrusted_raw = self.spool.open(&item.item)?.into_inner_to_check();
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            if untrusted_raw.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)? == 0 {
                break;
            }
            if send(work, Part::Chunk(chunk)).await.is_err() {
                return Ok(GONE);
            }
        }
        if send(work, Part::End(ItemEnd {})).await.is_err() {
            return Ok(GONE);
        }
        let Some(Ok(ReaderAnswer { answer, last })) = answers.next().await else { return Ok(GONE) };
        let reading = match answer {
            Some(Answer::CleanJson(json)) => Reading::Clean(Untrusted::new(json)),
            Some(Answer::Unreadable(ReaderUnreadable { reason })) => {
                Reading::Unreadable(Untrusted::new(reason))
            }
            Some(Answer::Ready(_)) | None => Reading::Nothing("the reader answered with nothing"),
        };
        Ok((reading, last))
    }
}

async fn send(work: &mpsc::Sender<Result<ReaderWork, Status>>, part: Part) -> Result<(), ()> {
    work.send(Ok(ReaderWork { part: Some(part) })).await.map_err(|_receiver_gone| ())
}
