//! Taking turns: each socket's whole work, from its bytes to its handlers, is one task of the runtime, and that task works for
//! a bounded time before the next one has its turn. So a zone that floods is one among few, however many connections and
//! calls it makes, and while others want the time it gets no more than its share.

use crate::limits::Limits;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use futures_util::task::AtomicWaker;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Work that a socket may do at once after it did little, while others want the time.
const CREDIT: Duration = Duration::from_millis(20);

/// Who had no turn for so long does not want the time.
const LATELY: Duration = Duration::from_millis(20);

/// The turns that the sockets of one process take; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<Latest>>);

/// Who had a turn last, and who else.
#[derive(Debug, Default)]
struct Latest {
    sockets: u64,
    last: Option<(u64, Instant)>,
    other: Option<(u64, Instant)>,
}

/// The work of one socket.
pub(crate) struct Work {
    turns: Turns,
    me: u64,
    turn: Duration,
    share: u32,
    credit: Credit,
    under_way: FuturesUnordered<Child>,
    crew: Crew,
    bell: Arc<Bell>,
}

/// Takes on more work for the same socket; clones take it on for the same one.
#[derive(Clone)]
pub(crate) struct Crew {
    hired: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
    clock: TurnClock,
}

/// Says when the turn is over, to whoever could go on for long.
#[derive(Clone, Debug)]
pub(crate) struct TurnClock {
    start: Instant,
    over_at: Arc<AtomicU64>,
}

/// Time that a socket may use while others want it.
struct Credit {
    left: f64,
    at: Instant,
}

struct Child {
    work: BoxFuture<'static, ()>,
    clock: TurnClock,
}

/// Rings when there is work to do. During a turn it only notes so: to wake a task that runs would put it before those that
/// wait for the kernel to say something.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    in_turn: AtomicBool,
    task: AtomicWaker,
}

// === impl Turns ===

impl Turns {
    /// The work of one more socket.
    pub(crate) fn join(&self, limits: &Limits) -> Work {
        let me = self.with(|latest| {
            latest.sockets += 1;
            latest.sockets
        });
        let clock = TurnClock { start: Instant::now(), over_at: Arc::default() };
        Work {
            turns: self.clone(),
            me,
            turn: limits.turn,
            share: limits.share.clamp(1, 100),
            credit: Credit { left: CREDIT.as_secs_f64(), at: Instant::now() },
            under_way: FuturesUnordered::new(),
            crew: Crew { hired: Arc::default(), clock },
            bell: Arc::default(),
        }
    }

    fn had(&self, who: u64, now: Instant) {
        self.with(|latest| {
            if latest.last.is_some_and(|(last, _)| last != who) {
                latest.other = latest.last;
            }
            latest.last = Some((who, now));
        });
    }

    fn others_want_it(&self, me: u64, now: Instant) -> bool {
        self.with(|latest| {
            [latest.last, latest.other]
                .into_iter()
                .flatten()
                .any(|(who, at)| who != me && now.saturating_duration_since(at) < LATELY)
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Latest) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

// === impl Work ===

impl Work {
    pub(crate) fn crew(&self) -> Crew {
        self.crew.clone()
    }

    /// Works for as long as the process lives.
    pub(crate) async fn run(mut self) {
        // Turns bound what is done at a time; the runtime's own budget counts operations, and would cut turns short.
        tokio::task::unconstrained(async {
            loop {
                match self.turn().await {
                    // Others go first, and the kernel is asked what there is for them.
                    None => tokio::task::yield_now().await,
                    Some(rest) => tokio::time::sleep(rest).await,
                }
            }
        })
        .await;
    }

    /// Ends when the turn is over and there is more to do. Returns how long to rest before that.
    async fn turn(&mut self) -> Option<Duration> {
        poll_fn(|cx| {
            self.bell.in_turn.store(true, Ordering::SeqCst);
            self.bell.task.register(cx.waker());
            let begun = Instant::now();
            self.crew.clock.begin(begun, self.turn);
            self.work_until_the_turn_is_over();
            let now = Instant::now();
            let took = now.saturating_duration_since(begun);
            self.turns.had(self.me, now);
            self.credit.use_up(self.share, now, took);
            self.bell.in_turn.store(false, Ordering::SeqCst);
            let has_more = self.bell.rung.load(Ordering::SeqCst);
            // Who does one thing at a time never rests, however often: nobody waits for that longer than for a short turn.
            let is_greedy = has_more || took * 2 > self.turn;
            let rest = self.credit.missing(self.share);
            let rest = rest.filter(|_| is_greedy && self.turns.others_want_it(self.me, now));
            if has_more || rest.is_some() { Poll::Ready(rest) } else { Poll::Pending }
        })
        .await
    }

    fn work_until_the_turn_is_over(&mut self) {
        let waker = Waker::from(Arc::clone(&self.bell));
        loop {
            self.bell.rung.store(false, Ordering::SeqCst);
            self.crew.hired_into(&mut self.under_way);
            let done = self.under_way.poll_next_unpin(&mut Context::from_waker(&waker));
            if done.is_ready() || self.crew.has_hired() {
                self.bell.rung.store(true, Ordering::SeqCst);
            }
            if !self.bell.rung.load(Ordering::SeqCst) || self.crew.clock.is_over() {
                return;
            }
        }
    }
}

// === impl Credit ===

impl Credit {
    fn use_up(&mut self, share: u32, now: Instant, used: Duration) {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        let earned = since * f64::from(share) / 100.0;
        let limit = CREDIT.as_secs_f64();
        // Who took more while nobody wanted it does not pay for that later.
        self.left = (self.left + earned - used.as_secs_f64()).clamp(-0.001, limit);
    }

    /// How long until there is some again.
    fn missing(&self, share: u32) -> Option<Duration> {
        let missing = -self.left * 100.0 / f64::from(share);
        (share < 100 && missing > 0.0).then(|| Duration::from_secs_f64(missing))
    }
}

// === impl Crew ===

impl Crew {
    pub(crate) fn take_on(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.lock().push(work.boxed());
    }

    pub(crate) fn clock(&self) -> TurnClock {
        self.clock.clone()
    }

    fn has_hired(&self) -> bool {
        !self.lock().is_empty()
    }

    fn hired_into(&self, under_way: &mut FuturesUnordered<Child>) {
        let hired = std::mem::take(&mut *self.lock());
        under_way.extend(hired.into_iter().map(|work| Child { work, clock: self.clock() }));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<BoxFuture<'static, ()>>> {
        self.hired.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Crew {
    fn execute(&self, work: F) {
        self.take_on(work);
    }
}

// === impl TurnClock ===

impl TurnClock {
    fn begin(&self, now: Instant, turn: Duration) {
        let over_at = now.saturating_duration_since(self.start) + turn;
        self.over_at.store(u64::try_from(over_at.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.start.elapsed().as_nanos() >= u128::from(self.over_at.load(Ordering::Relaxed))
    }

    /// Stops until the next turn when this one is over.
    pub(crate) async fn breathe(&self) {
        poll_fn(|cx| if self.is_over() { later(cx) } else { Poll::Ready(()) }).await;
    }
}

/// Not now, but as soon as it is our turn again.
pub(crate) fn later<T>(cx: &Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

// === impl Child ===

impl Future for Child {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.clock.is_over() {
            return later(cx);
        }
        // A call that fails half-way ends alone, as it would in a task of its own.
        std::panic::catch_unwind(AssertUnwindSafe(|| self.work.poll_unpin(cx))).unwrap_or(Poll::Ready(()))
    }
}

// === impl Bell ===

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        if !self.in_turn.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}
