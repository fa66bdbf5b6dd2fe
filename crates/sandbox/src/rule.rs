//! What a line of the two lists of system calls is made of.

use std::ffi::c_long;

use seccompiler::{BackendError, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

/// A call that is refused, with the errno that its caller sees.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the reasons are for whoever reads the tables, and for a test")
)]
pub(crate) struct Refusal {
    pub(crate) call: c_long,
    pub(crate) when: When,
    pub(crate) errno: i32,
    pub(crate) why: &'static str,
}

/// A call that is let through. A call that has several entries is let through by any of them.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the reasons are for whoever reads the tables, and for a test")
)]
pub(crate) struct Allowance {
    pub(crate) call: c_long,
    /// All of them hold; none is needed where this is empty.
    pub(crate) when: &'static [When],
    pub(crate) why: &'static str,
}

/// What an argument must be like. Arguments are counted from 0.
#[derive(Clone, Copy)]
pub(crate) enum When {
    Always,
    /// `argument & mask == value`
    Masked {
        argument: u8,
        mask: u64,
        value: u64,
    },
    /// `argument == value`, for arguments of which the kernel looks at 32 bits.
    Is {
        argument: u8,
        value: u32,
    },
    /// `argument != value`, for the same.
    Not {
        argument: u8,
        value: u32,
    },
    /// The argument is the number of this process.
    IsThisProcess {
        argument: u8,
    },
}

pub(crate) const fn refuse(call: c_long, why: &'static str) -> Refusal {
    Refusal { call, when: When::Always, errno: libc::EPERM, why }
}

pub(crate) const fn refuse_when(call: c_long, when: When, why: &'static str) -> Refusal {
    Refusal { call, when, errno: libc::EPERM, why }
}

pub(crate) const fn allow(call: c_long, why: &'static str) -> Allowance {
    Allowance { call, when: &[], why }
}

pub(crate) const fn allow_when(call: c_long, when: &'static [When], why: &'static str) -> Allowance {
    Allowance { call, when, why }
}

/// A flag among those of `clone`.
pub(crate) const fn flag(flag: i32) -> When {
    When::Masked { argument: 0, mask: flag as u64, value: flag as u64 }
}

// === impl Refusal ===

impl Refusal {
    /// `None` refuses the call whatever its arguments are.
    pub(crate) fn rule(&self) -> Result<Option<SeccompRule>, BackendError> {
        self.when.condition()?.map(|condition| SeccompRule::new(vec![condition])).transpose()
    }
}

// === impl Allowance ===

impl Allowance {
    /// `None` lets the call through whatever its arguments are.
    pub(crate) fn rule(&self) -> Result<Option<SeccompRule>, BackendError> {
        let conditions = self.when.iter().filter_map(|when| when.condition().transpose());
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        if conditions.is_empty() { Ok(None) } else { SeccompRule::new(conditions).map(Some) }
    }
}

// === impl When ===

impl When {
    fn condition(self) -> Result<Option<SeccompCondition>, BackendError> {
        let small = SeccompCmpArgLen::Dword;
        match self {
            When::Always => return Ok(None),
            When::Masked { argument, mask, value } => {
                SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(mask), value)
            }
            When::Is { argument, value } => {
                SeccompCondition::new(argument, small, SeccompCmpOp::Eq, u64::from(value))
            }
            When::Not { argument, value } => {
                SeccompCondition::new(argument, small, SeccompCmpOp::Ne, u64::from(value))
            }
            When::IsThisProcess { argument } => {
                let ours = u64::from(std::process::id());
                SeccompCondition::new(argument, small, SeccompCmpOp::Eq, ours)
            }
        }
        .map(Some)
    }
}
