//! One message, whole.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use egress::Call;

use super::{Gmail, answer, calls};
use crate::failure::{Effect, Failure};

/// The longest message that is handed over: 25 MiB, what a reader takes.
pub const LONGEST_MESSAGE: usize = 25 * 1024 * 1024;

/// The longest reply that can hold one: four characters for three bytes, and room for what stands around it.
const LONGEST_REPLY: usize = LONGEST_MESSAGE.div_ceil(3) * 4 + 256 * 1024;

/// So long a reply needs its time.
const PATIENCE: Duration = Duration::from_secs(180);

/// Google pads; the description does not say so.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What became of fetching a message that was there a moment ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It is here.
    Whole {
        /// Its bytes (RFC 5322), for a reader.
        untrusted_bytes: Vec<u8>,
        /// When Google took it in, in milliseconds since 1970, where it says so.
        date: Option<i64>,
    },
    /// It cannot be had, now or later, and why.
    Refused(&'static str),
}

impl Gmail {
    /// A message as it came.
    ///
    /// # Errors
    /// As every call that reads. A message that is gone, too long or broken is no error.
    pub async fn raw(&self, id: &str) -> Result<Fetched, Failure> {
        const STEP: &str = "fetching a message";
        let call = calls::get_message(id, "raw");
        let call = Call { longest_reply: LONGEST_REPLY, patience: PATIENCE, ..call };
        let reply = match self.read(&call).await {
            Ok(reply) => reply,
            Err(failure) if answer::is_gone(&failure) => {
                return Ok(Fetched::Refused("it was deleted before it was read"));
            }
            Err(failure) if answer::is_too_long(&failure) => {
                return Ok(Fetched::Refused("it is longer than 25 MiB"));
            }
            Err(failure) => return Err(failure),
        };
        let message: calls::Raw<'_> = serde_json::from_slice(&reply.untrusted_body)
            .map_err(|error| calls::unreadable(STEP, &reply, &error))?;
        if message.id != id {
            return Err(Failure::not_understood(STEP, "it is another message", Effect::None));
        }
        Ok(match BASE64URL.decode(message.raw.as_bytes()) {
            Ok(bytes) if bytes.is_empty() => Fetched::Refused("it holds nothing"),
            Ok(bytes) if bytes.len() > LONGEST_MESSAGE => Fetched::Refused("it is longer than 25 MiB"),
            Ok(untrusted_bytes) => Fetched::Whole { untrusted_bytes, date: message.internal_date },
            // The reply is whole, so the next would be the same; a source must not stop at one message.
            Err(_) => Fetched::Refused("what Gmail gives of it is not base64url"),
        })
    }
}
