//! What may happen to Zone 1, in any order.

use proptest::prelude::*;
use proptest::sample::select;
use std::fmt;

/// Everything that is done, one after the other.
#[derive(Clone)]
pub(crate) struct Life(pub(crate) Vec<Command>);

/// One thing that somebody does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    /// A zone asks for a mail under a key of its own: again, where it did before.
    Ask(Wish, Letter),
    /// A zone asks what became of it, and for a permit.
    TakePermit(Wish, By),
    /// A zone presents a permit of a wish, the newest or an older one, with a letter.
    Execute {
        wish: Wish,
        by: By,
        letter: Which,
        older: usize,
    },
    /// A zone takes a wish back.
    Withdraw(Wish, By),
    /// The owner answers.
    Answer(Wish, Says, Signed),
    /// The owner wants to be asked once more.
    AskAgain(Wish),
    /// The owner puts a policy into the file and in force.
    Apply(Rule, Word),
    /// Somebody writes into the policy file.
    Tamper,
    /// The policy file is again what was applied.
    Restore,
    /// What is over is noted as over.
    ExpireDue,
    Latch,
    Unlatch,
    /// Both clocks move on by so many seconds.
    Pass(i64),
    /// Somebody sets the machine's clock so many hours before or after the right time.
    SetWall(i64),
    /// The executor ends and starts again, with a new permit key.
    Restart,
}

/// A zone's own name for what it wishes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wish {
    pub(crate) zone: Zone,
    pub(crate) key: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Zone {
    Planner,
    Reader,
}

/// The mail that is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Letter {
    Hello,
    Goodbye,
}

/// The zone whose wish it is, or the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Own,
    Other,
}

/// The letter that was asked for, or the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Asked,
    Changed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Yes,
    No,
}

/// What is wrong with the owner's answer, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    Genuine,
    ForOtherBytes,
    ByAForeignKey,
    /// An answer to this wish that was taken before, so many answers ago.
    Before(usize),
}

/// What the policy says about mail, to both zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// The owner is asked; three in an hour.
    Ask,
    /// Allowed; two in an hour.
    Allow,
    Forbid,
}

/// What is wrong with the owner's word on a policy, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Genuine,
    ByAForeignKey,
    /// It was said on top of a policy that is not in force.
    OnTopOfAnother,
    /// The last word that put this policy in force, once more.
    Before,
    /// The file is left as it is.
    WithoutTheFile,
}

// === impl Life ===

impl fmt::Debug for Life {
    /// A line for each, however it is asked for: this is what a failure is read from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(position, command)| {
            // Formatted by itself, or it would take more lines.
            let command = format!("{command:?}");
            write!(f, "\n{position:3} {command}")
        })
    }
}

impl fmt::Debug for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.zone, self.key)
    }
}

// === impl Zone ===

impl Zone {
    pub(crate) const fn seen(self, by: By) -> Self {
        match (self, by) {
            (zone, By::Own) => zone,
            (Self::Planner, By::Other) => Self::Reader,
            (Self::Reader, By::Other) => Self::Planner,
        }
    }
}

// === impl Letter ===

impl Letter {
    pub(crate) const fn seen(self, which: Which) -> Self {
        match (self, which) {
            (letter, Which::Asked) => letter,
            (Self::Hello, Which::Changed) => Self::Goodbye,
            (Self::Goodbye, Which::Changed) => Self::Hello,
        }
    }
}

/// A life of Zone 1. Most of it is about one wish, so that much happens to it.
pub(crate) fn life() -> impl Strategy<Value = Life> {
    prop::collection::vec(command(), 1..60).prop_map(Life)
}

fn command() -> impl Strategy<Value = Command> {
    use Command::{Answer, Apply, Ask, AskAgain, Execute, Pass, SetWall, TakePermit, Withdraw};
    let by = || prop_oneof![9 => Just(By::Own), 1 => Just(By::Other)];
    let letter = || prop_oneof![9 => Just(Letter::Hello), 1 => Just(Letter::Goodbye)];
    let which = prop_oneof![9 => Just(Which::Asked), 1 => Just(Which::Changed)];
    let older = prop_oneof![4 => Just(0_usize), 1 => 1..3_usize];
    let says = prop_oneof![6 => Just(Says::Yes), 1 => Just(Says::No)];
    let signed = prop_oneof![
        6 => Just(Signed::Genuine),
        1 => Just(Signed::ForOtherBytes),
        1 => Just(Signed::ByAForeignKey),
        2 => (0..3_usize).prop_map(Signed::Before),
    ];
    let rule = prop_oneof![3 => Just(Rule::Ask), 3 => Just(Rule::Allow), 1 => Just(Rule::Forbid)];
    let word = prop_oneof![
        8 => Just(Word::Genuine),
        1 => select(vec![Word::ByAForeignKey, Word::OnTopOfAnother, Word::Before, Word::WithoutTheFile]),
    ];
    prop_oneof![
        12 => (wish(), letter()).prop_map(|(wish, letter)| Ask(wish, letter)),
        4 => (wish(), by()).prop_map(|(wish, by)| TakePermit(wish, by)),
        12 => (wish(), by(), which, older)
            .prop_map(|(wish, by, letter, older)| Execute { wish, by, letter, older }),
        1 => (wish(), by()).prop_map(|(wish, by)| Withdraw(wish, by)),
        10 => (wish(), says, signed).prop_map(|(wish, says, signed)| Answer(wish, says, signed)),
        4 => wish().prop_map(AskAgain),
        4 => (rule, word).prop_map(|(rule, word)| Apply(rule, word)),
        1 => Just(Command::Tamper),
        3 => Just(Command::Restore),
        4 => Just(Command::ExpireDue),
        1 => Just(Command::Latch),
        3 => Just(Command::Unlatch),
        // An end of time (five minutes, an hour) is met to the second, from both sides.
        6 => select(vec![30, 120, 270, 300, 600, 3600]).prop_map(Pass),
        2 => select(vec![-3, 0, 1, 5]).prop_map(SetWall),
        2 => Just(Command::Restart),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let zone = prop_oneof![4 => Just(Zone::Planner), 1 => Just(Zone::Reader)];
    let key = prop_oneof![3 => Just(0_u8), 2 => 0..5_u8];
    (zone, key).prop_map(|(zone, key)| Wish { zone, key })
}
