//! What the filter says of every call there is, asked of its programs as the kernel would.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W,
    SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SYS_clone, SYS_clone3, SYS_madvise, SYS_mmap, SYS_prctl,
    SYS_socket, SYS_socketpair,
};

use crate::Powers;
use crate::allowed::allowances;
use crate::filter::programs;
use crate::refused::refusals;

/// Further than any call that has a number today, except for the second numbering of x86-64.
const EVERY: std::ops::Range<i64> = 0..600;

/// `None` is allowed, otherwise the errno.
fn asked(powers: &Powers, call: i64, arguments: [u64; 6]) -> Option<u32> {
    let mut strictest = SECCOMP_RET_ALLOW;
    // The last program is asked first, and keeps its word against an equal one.
    for program in programs(powers).unwrap().iter().rev() {
        let said = interpret(program, call, arguments);
        if said & libc::SECCOMP_RET_ACTION_FULL < strictest & libc::SECCOMP_RET_ACTION_FULL {
            strictest = said;
        }
    }
    match strictest & libc::SECCOMP_RET_ACTION_FULL {
        SECCOMP_RET_ALLOW => None,
        SECCOMP_RET_ERRNO => Some(strictest & libc::SECCOMP_RET_DATA),
        other => panic!("unexpected action {other:x}"),
    }
}

/// The part of the kernel's little machine that these programs use.
fn interpret(program: &[seccompiler::sock_filter], call: i64, arguments: [u64; 6]) -> u32 {
    let mut data = Vec::new();
    data.extend(u32::try_from(call).unwrap().to_ne_bytes());
    data.extend(ARCH.to_ne_bytes());
    data.extend(0_u64.to_ne_bytes());
    data.extend(arguments.iter().flat_map(|argument| argument.to_ne_bytes()));
    let (mut at, mut accumulator) = (0_usize, 0_u32);
    loop {
        let step = program.get(at).expect("the program ends with an answer");
        at += 1;
        let code = u32::from(step.code);
        let jump = |holds: bool| usize::from(if holds { step.jt } else { step.jf });
        if code == BPF_LD | BPF_W | BPF_ABS {
            let from = usize::try_from(step.k).unwrap();
            let bytes: [u8; 4] = data.get(from..from + 4).unwrap().try_into().unwrap();
            accumulator = u32::from_ne_bytes(bytes);
        } else if code == BPF_ALU | BPF_AND | BPF_K {
            accumulator &= step.k;
        } else if code == BPF_JMP | BPF_JA {
            at += usize::try_from(step.k).unwrap();
        } else if code == BPF_JMP | BPF_JEQ | BPF_K {
            at += jump(accumulator == step.k);
        } else if code == BPF_JMP | BPF_JGE | BPF_K {
            at += jump(accumulator >= step.k);
        } else if code == BPF_JMP | BPF_JGT | BPF_K {
            at += jump(accumulator > step.k);
        } else if code == BPF_RET | BPF_K {
            return step.k;
        } else {
            panic!("unknown step {code:x}");
        }
    }
}

#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xC000_00B7;

#[test]
fn a_zone_may_make_no_call_but_those_on_the_list() {
    let listed: BTreeSet<i64> = allowances().map(|allowance| allowance.call).collect();
    for powers in [Powers::READER, Powers::PLANNER] {
        for call in EVERY.filter(|call| !listed.contains(call)) {
            // Whatever its arguments are: none of these conditions is about a call that is not listed.
            for arguments in [[0; 6], [1; 6], [u64::MAX; 6]] {
                assert!(asked(&powers, call, arguments).is_some(), "call {call} with {arguments:?}");
            }
        }
        assert_eq!(asked(&powers, SYS_socket, [1; 6]), Some(97), "a telling errno is told");
        assert_eq!(asked(&powers, SYS_clone3, [0; 6]), Some(38), "the C library falls back to `clone`");
    }
}

#[test]
fn what_is_on_the_list_is_let_through_with_some_arguments() {
    let mut every = BTreeSet::new();
    for allowance in allowances() {
        assert!(allowance.why.len() >= 5, "call {} has no reason", allowance.call);
        let conditional = !allowance.when.is_empty();
        let other = every.replace((allowance.call, conditional));
        assert!(other.is_none() || conditional, "call {} is listed twice", allowance.call);
        assert!(!every.contains(&(allowance.call, !conditional)), "call {} is listed twice", allowance.call);
        if !conditional {
            assert_eq!(
                asked(&Powers::READER, allowance.call, [u64::MAX; 6]),
                None,
                "call {}",
                allowance.call
            );
        }
    }
}

#[test]
fn arguments_are_looked_at() {
    let thread = 0x003d_0f00_u64;
    let cases: &[(i64, [u64; 3], Option<u32>)] = &[
        (SYS_clone, [thread, 0, 0], None),
        (SYS_clone, [thread | libc::CLONE_NEWUSER as u64, 0, 0], Some(1)),
        (SYS_clone, [thread | libc::CLONE_PTRACE as u64, 0, 0], Some(1)),
        (SYS_clone, [17, 0, 0], Some(1)),
        (SYS_mmap, [0, 4096, 3], None),
        (SYS_mmap, [0, 4096, 7], Some(1)),
        (SYS_mmap, [0, 4096, 4], Some(1)),
        (SYS_socketpair, [1, 1, 0], None),
        (SYS_socketpair, [1, 1 | libc::SOCK_CLOEXEC as u64 | libc::SOCK_NONBLOCK as u64, 0], None),
        (SYS_socketpair, [1, 2, 0], Some(1)),
        (SYS_socketpair, [1, 5, 0], Some(1)),
        (SYS_socketpair, [2, 1, 0], Some(97)),
        (libc::SYS_sendmsg, [3, 0, libc::MSG_NOSIGNAL as u64], None),
        (libc::SYS_sendmsg, [3, 0, (libc::MSG_NOSIGNAL | libc::MSG_FASTOPEN) as u64], Some(1)),
        (SYS_prctl, [15, 0, 0], None),
        (SYS_prctl, [1, 0, 0], Some(1)),
        (SYS_madvise, [0, 0, 4], None),
        (SYS_madvise, [0, 0, 100], Some(1)),
        (libc::SYS_ioctl, [0, 0x5421, 0], None),
        (libc::SYS_ioctl, [0, 0x5412, 0], Some(1)),
        (libc::SYS_prlimit64, [0, 3, 0], None),
        (libc::SYS_prlimit64, [0, 3, 1 << 32], Some(1)),
        (libc::SYS_prlimit64, [1, 3, 0], Some(1)),
        (libc::SYS_tgkill, [u64::from(std::process::id()), 0, 6], None),
        (libc::SYS_tgkill, [u64::from(std::process::id()) + 1, 0, 6], Some(1)),
        (libc::SYS_futex, [0, 0x80, 0], None),
        (libc::SYS_futex, [0, 0x189, 0], None),
        (libc::SYS_futex, [0, 6, 0], Some(1)),
    ];
    for (call, [a, b, c], expected) in cases {
        let said = asked(&Powers::READER, *call, [*a, *b, *c, 0, 0, 0]);
        assert_eq!(said, *expected, "call {call} with {a:#x}, {b:#x}, {c:#x}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_second_numbering_does_not_exist() {
    for powers in [Powers::READER, Powers::EXECUTOR] {
        for call in EVERY {
            assert!(
                asked(&powers, 0x4000_0000 | call, [0; 6]).is_some(),
                "call {call} of the second numbering"
            );
        }
    }
}

#[test]
fn the_executor_is_refused_what_is_listed_and_nothing_else() {
    let listed: BTreeSet<i64> = refusals(&Powers::EXECUTOR).iter().map(|refusal| refusal.call).collect();
    assert!(refusals(&Powers::EXECUTOR).iter().all(|refusal| refusal.why.len() >= 5));
    for call in EVERY.filter(|call| !listed.contains(call)) {
        assert_eq!(asked(&Powers::EXECUTOR, call, [0; 6]), None, "call {call}");
    }
    for call in [libc::SYS_execve, libc::SYS_bpf, libc::SYS_ptrace, libc::SYS_unshare] {
        assert_eq!(asked(&Powers::CONTROL_PLANE, call, [0; 6]), Some(1), "call {call}");
    }
}
