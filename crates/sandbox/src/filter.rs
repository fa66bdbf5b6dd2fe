//! The system call filter, made of the two lists. The kernel asks it at each call of this process and its later threads.

use std::collections::BTreeMap;

use libc::{EPERM, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch, apply_filter,
    apply_filter_all_threads,
};

use crate::Powers;
use crate::allowed::allowances;
use crate::powers::Power;
use crate::refused::refusals;
use crate::rule::Refusal;
use crate::walls::WallState;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Refuses every call of the powers that are given up. The state of the wall `system-calls`.
pub(crate) fn hold_to_lists(powers: &Powers) -> WallState {
    let programs = match programs(powers) {
        Ok(programs) if programs.is_empty() => return WallState::NotWanted,
        Ok(programs) => programs,
        Err(why) => return WallState::missing(why),
    };
    for program in &programs {
        if let Err(error) = apply_filter_all_threads(program) {
            return WallState::missing(error);
        }
    }
    no_socket_is_given(powers)
}

/// For the guard of a zone: it waits and ends, and any other call ends it, and with it the zone.
pub(crate) fn only_wait() -> WallState {
    let calls = [libc::SYS_wait4, libc::SYS_exit_group, libc::SYS_rt_sigreturn, libc::SYS_restart_syscall];
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let program = this_processor().and_then(|arch| {
        let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, arch);
        filter.and_then(BpfProgram::try_from).map_err(|error| error.to_string())
    });
    match program.map(|program| apply_filter(&program)) {
        Ok(Ok(())) => WallState::Stands,
        Ok(Err(error)) => WallState::missing(error),
        Err(why) => WallState::missing(why),
    }
}

/// A program can give only one answer besides "allowed", so there is one per errno. The kernel asks all of them and takes
/// the strictest, and among equals the last; the list of what is allowed is the last, so it leaves a call that another
/// program answers with a telling errno to that one.
pub(crate) fn programs(powers: &Powers) -> Result<Vec<BpfProgram>, String> {
    let only_what_is_allowed = powers.machine == Power::GivenUp;
    let refusals = refusals(powers);
    let refusals = refusals.into_iter().filter(|refusal| !only_what_is_allowed || refusal.errno != EPERM);
    let refusals: Vec<&Refusal> = refusals.collect();
    let mut by_errno: BTreeMap<i32, Rules> = BTreeMap::new();
    for refusal in &refusals {
        let rules = by_errno.entry(refusal.errno).or_default().entry(refusal.call).or_default();
        rules.extend(refusal.rule().map_err(in_words)?);
    }
    let mut programs = Vec::new();
    for (errno, rules) in by_errno {
        programs.push(program(rules, SeccompAction::Allow, refusal_with(errno))?);
    }
    if only_what_is_allowed {
        let mut rules = allowed_rules().map_err(in_words)?;
        for refusal in &refusals {
            add(&mut rules, refusal.call, refusal.rule().map_err(in_words)?);
        }
        programs.push(program(rules, refusal_with(EPERM), SeccompAction::Allow)?);
    }
    if !programs.is_empty() {
        programs.splice(0..0, second_numbering());
    }
    Ok(programs)
}

fn allowed_rules() -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    for allowance in allowances() {
        add(&mut rules, allowance.call, allowance.rule()?);
    }
    Ok(rules)
}

/// A call with an empty list of rules is meant whatever its arguments are. The lists name a call either once without a
/// condition or any number of times with one; a test holds that.
fn add(rules: &mut Rules, call: i64, rule: Option<SeccompRule>) {
    rules.entry(call).or_default().extend(rule);
}

fn program(rules: Rules, otherwise: SeccompAction, listed: SeccompAction) -> Result<BpfProgram, String> {
    let filter = SeccompFilter::new(rules, otherwise, listed, this_processor()?);
    filter.and_then(BpfProgram::try_from).map_err(in_words)
}

fn refusal_with(errno: i32) -> SeccompAction {
    SeccompAction::Errno(errno.unsigned_abs())
}

fn in_words(error: BackendError) -> String {
    error.to_string()
}

fn this_processor() -> Result<TargetArch, String> {
    TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|_| format!("there is no filter for this processor (`{}`)", std::env::consts::ARCH))
}

/// x86-64 kernels may offer a second numbering of all calls (x32), which a list of numbers would not notice. Four
/// instructions: load the number; at or above the bit that marks x32 it is `ENOSYS`; below, it is for the others.
#[cfg(target_arch = "x86_64")]
fn second_numbering() -> Option<BpfProgram> {
    use libc::{BPF_ABS, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, ENOSYS};
    let instruction =
        |code: u32, jf: u8, k: u32| seccompiler::sock_filter { code: code as u16, jt: 0, jf, k };
    Some(vec![
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0),
        instruction(BPF_JMP | BPF_JGE | BPF_K, 1, 0x4000_0000),
        instruction(BPF_RET | BPF_K, 0, SECCOMP_RET_ERRNO | ENOSYS.unsigned_abs()),
        instruction(BPF_RET | BPF_K, 0, SECCOMP_RET_ALLOW),
    ])
}

#[cfg(not(target_arch = "x86_64"))]
fn second_numbering() -> Option<BpfProgram> {
    None
}

/// The wall is tried at once.
fn no_socket_is_given(powers: &Powers) -> WallState {
    use rustix::net::{AddressFamily, SocketType, socket};
    if powers.network == Power::Kept {
        return WallState::Stands;
    }
    match socket(AddressFamily::UNIX, SocketType::STREAM, None) {
        Err(rustix::io::Errno::AFNOSUPPORT) => WallState::Stands,
        Err(error) => WallState::missing(format_args!("`socket` failed with `{error}`, not by this filter")),
        Ok(_) => WallState::missing("the filter is on, but a socket can still be made"),
    }
}
