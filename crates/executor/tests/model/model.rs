//! What Zone 1 must answer and do: it reads like a specification, and knows nothing of how it is done.

use crate::commands::{By, Command, Letter, Rule, Says, Signed, Which, Wish, Word, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds of Zone 1's own time.
pub(crate) type Second = i64;

/// How long the owner has to answer, a yes holds, and a permit lives.
pub(crate) const FIVE_MINUTES: Second = 300;

/// When it begins.
pub(crate) const BEGIN: Second = 1_800_000_000;

/// Less than a day, with every hour that a clock can be set ahead.
const LONGEST: Second = 18 * 3600;

/// What somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Granted {
        until: Second,
    },
    Pending {
        until: Second,
    },
    Now(&'static str),
    Done,
    Refused(&'static str),
    /// There was nothing to do it with.
    Nothing,
}

/// A mail that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) wish: Wish,
    pub(crate) letter: Letter,
    at: Second,
    under: Rule,
    with_a_yes: bool,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) now: Second,
    /// The machine's clock, and the one that nobody set.
    wall: Second,
    right: Second,
    latched: bool,
    in_force: Rule,
    /// `None` is what nobody applied.
    file: Option<Rule>,
    /// Policies that a word of the owner put in force.
    words: BTreeSet<Rule>,
    asked: BTreeMap<Wish, Asked>,
    pub(crate) sent: Vec<Sent>,
    /// When something was last told that may not be otherwise after a start.
    told_at: Second,
    starts: usize,
}

#[derive(Debug)]
struct Asked {
    letter: Letter,
    at: Second,
    state: State,
    /// Until when each lives, and since which start.
    permits: Vec<(Second, usize)>,
    answers_taken: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Allowed,
    Refused,
    Pending { until: Second },
    Approved { at: Second },
    Denied,
    Expired,
    Cancelled,
    Superseded,
    Sent,
}

type Answer<T> = Result<T, &'static str>;

// === impl Model ===

impl Model {
    pub(crate) const fn new() -> Self {
        Self {
            now: BEGIN,
            wall: BEGIN,
            right: BEGIN,
            latched: false,
            in_force: Rule::Ask,
            file: Some(Rule::Ask),
            words: BTreeSet::new(),
            asked: BTreeMap::new(),
            sent: Vec::new(),
            told_at: BEGIN,
            starts: 0,
        }
    }

    /// What must be said to this.
    pub(crate) fn expect(&mut self, command: Command) -> Said {
        let said = match command {
            Command::Ask(wish, letter) => self.ask(wish, letter),
            Command::TakePermit(wish, by) => self.take_permit(wish, by),
            Command::Execute { wish, by, letter, older } => self.execute(wish, by, letter, older),
            Command::Withdraw(wish, by) => self.withdraw(wish, by),
            Command::Answer(wish, says, signed) => self.answer(wish, says, signed),
            Command::AskAgain(wish) => self.ask_again(wish),
            Command::Apply(rule, word) => self.apply(rule, word),
            other => {
                self.happens(other);
                Ok(Said::Nothing)
            }
        };
        said.unwrap_or_else(Said::Refused)
    }

    /// A start: time goes on where the record ends, or where the machine's clock is by now.
    pub(crate) fn restarted(&mut self, recorded: Second) {
        assert!(recorded >= self.told_at, "what was said at {} is not recorded", self.told_at);
        self.now = self.wall.max(recorded);
        self.starts += 1;
    }

    fn happens(&mut self, command: Command) {
        match command {
            Command::Tamper => self.file = None,
            Command::Restore => self.file = Some(self.in_force),
            Command::Latch => self.latched = true,
            Command::Unlatch => self.latched = false,
            Command::ExpireDue => {
                let now = self.now;
                self.asked.values_mut().filter(|asked| asked.is_over(now)).for_each(Asked::expire);
            }
            Command::Pass(seconds) if !is_late(self.right) => {
                for clock in [&mut self.now, &mut self.wall, &mut self.right] {
                    *clock += seconds;
                }
            }
            // Whatever somebody sets, our time goes on as before.
            Command::SetWall(hours) => self.wall = self.right + hours * 3600,
            _ => {}
        }
    }

    /// Latch, policy file, the same wish again, policy, limit: in this order.
    fn ask(&mut self, wish: Wish, letter: Letter) -> Answer<Said> {
        self.unlatched()?;
        self.policy()?;
        match self.asked.get(&wish) {
            Some(asked) if asked.letter != letter => return Err("key_reused"),
            Some(asked) if asked.state != State::Superseded => return self.standing(wish),
            Some(_) | None => {}
        }
        let state = self.judge(wish.zone)?;
        let new = Asked { letter, at: self.now, state, permits: Vec::new(), answers_taken: 0 };
        self.asked.entry(wish).or_insert(new).state = state;
        self.standing(wish)
    }

    fn take_permit(&mut self, wish: Wish, by: By) -> Answer<Said> {
        let pending = |asked: &Asked| matches!(asked.state, State::Pending { .. });
        if by == By::Own && !self.latched && self.asked.get(&wish).is_some_and(pending) {
            // Whoever asks now waits for the owner.
            return Ok(Said::Nothing);
        }
        self.unlatched()?;
        self.owned(wish, by)?;
        self.standing(wish)
    }

    /// What was allowed or approved in time is granted, as often as somebody asks; what ended says how.
    fn standing(&mut self, wish: Wish) -> Answer<Said> {
        let (now, start) = (self.now, self.starts);
        let asked = self.asked.get_mut(&wish).ok_or("unknown_request")?;
        if matches!(asked.state, State::Approved { .. }) && asked.is_over(now) {
            asked.expire();
            self.told_at = now;
        }
        match asked.state {
            State::Allowed | State::Approved { .. } => {
                let until = now + FIVE_MINUTES;
                asked.permits.push((until, start));
                self.told_at = now;
                Ok(Said::Granted { until })
            }
            State::Pending { until } => Ok(Said::Pending { until }),
            State::Sent => Err("already_performed"),
            ended => Err(ended.end()),
        }
    }

    /// A permit is for its zone, its letter, five minutes, this start and one use; and policy, owner and limit must agree
    /// at this moment.
    fn execute(&mut self, wish: Wish, by: By, letter: Which, older: usize) -> Answer<Said> {
        let Some(asked) = self.asked.get(&wish) else { return Ok(Said::Nothing) };
        let Some(&(until, start)) = asked.permits.iter().rev().nth(older) else { return Ok(Said::Nothing) };
        self.unlatched()?;
        must(start == self.starts, "permit_invalid")?;
        must(by == By::Own, "permit_foreign")?;
        must(self.now < until, "permit_expired")?;
        must(letter == Which::Asked, "parameters_changed")?;
        let with_a_yes = match asked.state {
            State::Allowed => false,
            State::Approved { .. } if asked.is_over(self.now) => {
                self.told_at = self.now;
                return Err("approval_expired");
            }
            State::Approved { .. } => true,
            State::Pending { .. } => return Err("not_approved"),
            State::Sent => return Err("permit_spent"),
            ended => return Err(ended.end()),
        };
        match self.policy()? {
            Rule::Forbid => return Err("policy_denies"),
            Rule::Ask => must(with_a_yes, "not_approved")?,
            Rule::Allow => {}
        }
        self.within_limit(self.sent_by(wish.zone))?;
        let (letter, at, under) = (asked.letter, self.now, self.in_force);
        self.sent.push(Sent { wish, letter, at, under, with_a_yes });
        self.to(wish, State::Sent);
        Ok(Said::Done)
    }

    fn withdraw(&mut self, wish: Wish, by: By) -> Answer<Said> {
        if self.owned(wish, by)?.is_open() {
            self.to(wish, State::Cancelled);
        }
        Ok(Said::Done)
    }

    /// An answer counts once, for one question that is open, in time, and under the owner's key.
    fn answer(&mut self, wish: Wish, says: Says, signed: Signed) -> Answer<Said> {
        let taken = self.asked.get(&wish).map_or(0, |asked| asked.answers_taken);
        if matches!(signed, Signed::Before(ago) if ago >= taken) {
            return Ok(Said::Nothing);
        }
        must(signed != Signed::ByAForeignKey, "approval_invalid")?;
        let now = self.now;
        let asked = self.asked.get_mut(&wish).ok_or("unknown_request")?;
        must(signed != Signed::ForOtherBytes, "approval_for_other_bytes")?;
        must(matches!(asked.state, State::Pending { .. }), "not_pending")?;
        self.told_at = now;
        must(!asked.is_over(now), "approval_expired")?;
        must(!matches!(signed, Signed::Before(_)), "approval_used")?;
        asked.answers_taken += 1;
        let (state, word) = match says {
            Says::Yes => (State::Approved { at: now }, "approved"),
            Says::No => (State::Denied, "denied"),
        };
        asked.state = state;
        Ok(Said::Now(word))
    }

    fn ask_again(&mut self, wish: Wish) -> Answer<Said> {
        self.unlatched()?;
        self.policy()?;
        let asked = self.asked.get(&wish).ok_or("unknown_request")?;
        must(asked.state == State::Expired, "not_expired")?;
        self.to(wish, self.judge(wish.zone)?);
        Ok(Said::Now(match self.in_force {
            Rule::Ask => "pending",
            Rule::Allow => "allowed",
            Rule::Forbid => "refused",
        }))
    }

    /// A new word of the owner, on top of the policy in force, about what the file holds.
    fn apply(&mut self, rule: Rule, word: Word) -> Answer<Said> {
        if word == Word::Before && !self.words.contains(&rule) {
            return Ok(Said::Nothing);
        }
        if word != Word::WithoutTheFile {
            self.file = Some(rule);
        }
        let in_the_file = self.file == Some(rule);
        must(in_the_file && matches!(word, Word::Genuine | Word::WithoutTheFile), "policy_not_applied")?;
        self.words.insert(rule);
        self.in_force = rule;
        if rule != Rule::Ask {
            // Questions that are not asked any more are void.
            let pending = |asked: &&mut Asked| matches!(asked.state, State::Pending { .. });
            self.asked.values_mut().filter(pending).for_each(|asked| asked.state = State::Superseded);
        }
        Ok(Said::Done)
    }

    /// What becomes of a new wish of this zone, now.
    fn judge(&self, zone: Zone) -> Answer<State> {
        let open = self.asked.iter().filter(|(wish, asked)| wish.zone == zone && asked.is_open());
        let used = self.sent_by(zone).chain(open.map(|(_, asked)| asked.at));
        match self.in_force {
            Rule::Forbid => Ok(State::Refused),
            Rule::Ask => self.within_limit(used).map(|()| State::Pending { until: self.now + FIVE_MINUTES }),
            Rule::Allow => self.within_limit(used).map(|()| State::Allowed),
        }
    }

    fn within_limit(&self, used: impl Iterator<Item = Second>) -> Answer<()> {
        let within_the_hour = used.filter(|at| self.now - at < 3600).count();
        must(within_the_hour < self.in_force.in_an_hour(), "rate_limited")
    }

    fn sent_by(&self, zone: Zone) -> impl Iterator<Item = Second> {
        self.sent.iter().filter(move |sent| sent.wish.zone == zone).map(|sent| sent.at)
    }

    fn unlatched(&self) -> Answer<()> {
        must(!self.latched, "latched")
    }

    fn policy(&self) -> Answer<Rule> {
        must(self.file == Some(self.in_force), "policy_changed").map(|()| self.in_force)
    }

    fn owned(&self, wish: Wish, by: By) -> Answer<&Asked> {
        self.asked.get(&wish).filter(|_| by == By::Own).ok_or("unknown_request")
    }

    fn to(&mut self, wish: Wish, state: State) {
        self.asked.entry(wish).and_modify(|asked| asked.state = state);
        self.told_at = self.now;
    }

    /// What is promised, whatever happened: it holds of what was sent, in any model.
    pub(crate) fn keeps_its_promises(&self) {
        for (position, sent) in self.sent.iter().enumerate() {
            let before = || self.sent.iter().take(position);
            assert!(sent.under != Rule::Forbid, "against the policy: {sent:?}");
            assert!(sent.under == Rule::Allow || sent.with_a_yes, "without the owner's yes: {sent:?}");
            assert!(before().all(|other| other.wish != sent.wish), "twice: {sent:?}");
            let lately =
                before().filter(|other| other.wish.zone == sent.wish.zone && sent.at - other.at < 3600);
            assert!(lately.count() < sent.under.in_an_hour(), "above the limit: {sent:?}");
        }
    }
}

// === impl Asked ===

impl Asked {
    const fn is_over(&self, now: Second) -> bool {
        match self.state {
            State::Pending { until } => now >= until,
            State::Approved { at } => now - at >= FIVE_MINUTES,
            _ => false,
        }
    }

    const fn is_open(&self) -> bool {
        matches!(self.state, State::Allowed | State::Pending { .. } | State::Approved { .. })
    }

    const fn expire(&mut self) {
        self.state = State::Expired;
    }
}

// === impl State ===

impl State {
    const fn end(self) -> &'static str {
        match self {
            Self::Refused => "policy_denies",
            Self::Denied => "approval_denied",
            Self::Expired => "approval_expired",
            Self::Cancelled => "approval_cancelled",
            Self::Superseded => "approval_superseded",
            Self::Allowed | Self::Pending { .. } | Self::Approved { .. } | Self::Sent => "it did not end",
        }
    }
}

// === impl Rule ===

impl Rule {
    const fn in_an_hour(self) -> usize {
        match self {
            Self::Ask => 3,
            Self::Allow => 2,
            Self::Forbid => 0,
        }
    }
}

const fn must(holds: bool, refusal: &'static str) -> Answer<()> {
    if holds { Ok(()) } else { Err(refusal) }
}

/// Whether so much time passed that it must stand still: what is forgotten after a day has tests of its own.
pub(crate) const fn is_late(right: Second) -> bool {
    right - BEGIN >= LONGEST
}
