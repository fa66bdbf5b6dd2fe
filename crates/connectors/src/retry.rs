//! When a call that only reads is made again, and when nobody asks any more.
//!
//! What counts is never made again by itself: no provider of ours knows a key that makes it count once.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::{Instant, sleep};

use crate::failure::{Cause, Effect, Failure};

/// How much asking is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most attempts, the first included.
    pub attempts: u32,
    /// From the first attempt's beginning until the last moment that another may begin.
    pub within: Duration,
    /// The longest that the first pause may be; each further one may be twice as long.
    pub first_pause: Duration,
    /// The longest that any pause may be which the provider did not ask for.
    pub longest_pause: Duration,
}

/// Somebody waits for the answer: four attempts within a minute.
pub const BUDGET: Budget = Budget {
    attempts: 4,
    within: Duration::from_secs(60),
    first_pause: Duration::from_millis(500),
    longest_pause: Duration::from_secs(15),
};

/// Makes calls again, later and later.
pub struct Retry {
    budget: Budget,
    /// Uniform over all of `u64`.
    draw: Box<dyn Fn() -> u64 + Send + Sync>,
}

// === impl Retry ===

impl Default for Retry {
    fn default() -> Self {
        Self::within(BUDGET)
    }
}

impl Retry {
    /// With the system's randomness.
    pub fn within(budget: Budget) -> Retry {
        Self::with_draws(budget, || {
            let mut bytes = [0; 8];
            // Without randomness the longest pause is the polite one.
            SystemRandom::new().fill(&mut bytes).map_or(u64::MAX, |()| u64::from_le_bytes(bytes))
        })
    }

    /// With another source of randomness: each draw is any `u64`, all equally likely.
    pub fn with_draws(budget: Budget, draw: impl Fn() -> u64 + Send + Sync + 'static) -> Retry {
        Retry { budget, draw: Box::new(draw) }
    }

    /// Makes the attempt, and again while that may help and the budget lasts. The last failure is the one that is told.
    /// What has an effect is attempted once, whatever comes of it.
    pub async fn run<T, F>(&self, effect: Effect, mut attempt: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let begun = Instant::now();
        let mut attempts = 1;
        loop {
            let failure = match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let pause = match effect {
                Effect::Once => None,
                Effect::None => self.pause_after(&failure, attempts, begun.elapsed()),
            };
            let Some(pause) = pause else { return Err(failure) };
            sleep(pause).await;
            attempts += 1;
        }
    }

    /// How long to wait before another attempt; nothing when there is none.
    fn pause_after(&self, failure: &Failure, attempts: u32, elapsed: Duration) -> Option<Duration> {
        let Budget { attempts: most, within, first_pause, longest_pause } = self.budget;
        if attempts >= most {
            return None;
        }
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let ceiling = first_pause.saturating_mul(doubled).min(longest_pause);
        let pause = match failure {
            // The provider's time is the earliest; all who were sent away with the same one must not come back at once.
            Failure::Limited { retry_after: Some(after), .. } => after.checked_add(self.share(ceiling))?,
            Failure::Limited { retry_after: None, .. } => self.between_half_and(ceiling),
            Failure::Unavailable { cause, .. } if may_pass(cause) => self.between_half_and(ceiling),
            Failure::Unavailable { .. }
            | Failure::Malformed { .. }
            | Failure::Rejected { .. }
            | Failure::NotAllowed { .. }
            | Failure::Unknown { .. } => return None,
        };
        (elapsed.checked_add(pause)? <= within).then_some(pause)
    }

    fn between_half_and(&self, ceiling: Duration) -> Duration {
        ceiling / 2 + self.share(ceiling / 2)
    }

    /// From nothing to all of `whole`, as the draw says.
    fn share(&self, whole: Duration) -> Duration {
        let nanoseconds = whole.as_nanos().saturating_mul(u128::from((self.draw)())) >> 64;
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

/// Whether what went wrong may be over in a moment. What is a setting, a wall or a provider that speaks differently is not.
fn may_pass(cause: &Cause) -> bool {
    use egress::{NotSent, Problem};
    match cause {
        Cause::Reply(_) | Cause::Timeout | Cause::Connection(_) => true,
        Cause::Egress(Problem::NotSent(NotSent::NoAddress { .. })) => true,
        Cause::Egress(Problem::NotSent(NotSent::NoConnection { cause, .. }) | Problem::MaybeSent(cause)) => {
            on_the_way(cause)
        }
        Cause::Egress(Problem::NotSent(
            NotSent::OutOfReach(_)
            | NotSent::Unfit { .. }
            | NotSent::NoCredential { .. }
            | NotSent::UnfitCredential { .. }
            | NotSent::ForbiddenAddress { .. },
        ))
        | Cause::NotUnderstood(_)
        | Cause::System(_) => false,
    }
}

fn on_the_way(cause: &egress::Cause) -> bool {
    match cause {
        egress::Cause::Timeout | egress::Cause::Connection(_) | egress::Cause::Broken(_) => true,
        egress::Cause::Certificate(_) | egress::Cause::TooLong { .. } | egress::Cause::Redirected { .. } => {
            false
        }
    }
}

#[cfg(test)]
mod tests;
