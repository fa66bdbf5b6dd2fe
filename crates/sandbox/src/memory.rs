//! Memory for what must not reach a disk: pages of their own, locked, left out of core dumps, wiped when they go.

use std::ptr::{NonNull, null_mut};

use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap_anonymous, munmap};
use zeroize::Zeroize as _;

/// Bytes on pages that hold nothing else.
///
/// Nobody can copy or print them but through [`Self::bytes`]. What a reader puts into a register or onto its stack is not held here.
pub struct PrivateMemory {
    start: NonNull<u8>,
    used: usize,
    mapped: usize,
    kept: Kept,
}

/// What the system granted for a piece of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// It is never written to swap. Not granted where `RLIMIT_MEMLOCK` is used up.
    pub locked: bool,
    /// It is left out of core dumps.
    pub undumped: bool,
}

// === impl PrivateMemory ===

impl PrivateMemory {
    /// Zeroed memory for so many bytes. That it could not be locked is no error, and is told by [`Self::kept`].
    ///
    /// # Errors
    /// There is no memory.
    pub fn new(bytes: usize) -> Result<PrivateMemory, Errno> {
        let page = rustix::param::page_size();
        let mapped = bytes.max(1).checked_next_multiple_of(page).ok_or(Errno::NOMEM)?;
        #[expect(unsafe_code, reason = "pages of one's own have no safe wrapper")]
        // SAFETY: a private anonymous mapping at an address that the kernel chooses overlaps nothing.
        let start = unsafe {
            mmap_anonymous(null_mut(), mapped, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        }?;
        let memory = NonNull::new(start.cast::<u8>()).ok_or(Errno::NOMEM)?;
        #[expect(unsafe_code, reason = "locking memory has no safe wrapper")]
        // SAFETY: the range is the mapping just made; locking and leaving out of dumps change none of its bytes.
        let kept = unsafe {
            Kept {
                locked: mlock(start, mapped).is_ok(),
                #[cfg(target_os = "linux")]
                undumped: madvise(start, mapped, Advice::LinuxDontDump).is_ok(),
                #[cfg(not(target_os = "linux"))]
                undumped: false,
            }
        };
        #[cfg(target_os = "linux")]
        #[expect(unsafe_code, reason = "advice on memory has no safe wrapper")]
        // SAFETY: the same range. A child gets zeros in its place instead of a copy; nothing in this process changes.
        let _older_kernels_copy_it = unsafe { madvise(start, mapped, Advice::LinuxWipeOnFork) };
        Ok(PrivateMemory { start: memory, used: bytes, mapped, kept })
    }

    /// What the system granted.
    pub fn kept(&self) -> Kept {
        self.kept
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        #[expect(unsafe_code, reason = "memory of one's own is reached by its address")]
        // SAFETY: the mapping is readable, initialised (the kernel gives zeros), at least `used` bytes long, ours until drop,
        // and written only through `bytes_mut`, which borrows all of it.
        unsafe {
            std::slice::from_raw_parts(self.start.as_ptr(), self.used)
        }
    }

    /// The bytes, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        #[expect(unsafe_code, reason = "memory of one's own is reached by its address")]
        // SAFETY: as in `bytes`; `&mut self` is the only borrow there is.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.as_ptr(), self.used)
        }
    }
}

impl Drop for PrivateMemory {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        #[expect(unsafe_code, reason = "what was mapped is given back by its address")]
        // SAFETY: the mapping of `new`, whole, and nothing borrows it any more. Unmapping unlocks it as well.
        let _nothing_else_can_be_done = unsafe { munmap(self.start.as_ptr().cast(), self.mapped) };
    }
}

#[expect(unsafe_code, reason = "a pointer is not sent by itself")]
// SAFETY: the memory belongs to this value alone, and is read through `&self` and written through `&mut self` only.
unsafe impl Send for PrivateMemory {}

#[expect(unsafe_code, reason = "a pointer is not shared by itself")]
// SAFETY: as above: through a shared reference it can only be read.
unsafe impl Sync for PrivateMemory {}

impl std::fmt::Debug for PrivateMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateMemory({} bytes)", self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::PrivateMemory;

    /// What the kernel says of the mapping that an address is in.
    #[cfg(target_os = "linux")]
    fn flags(address: usize) -> String {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_here = false;
        for line in maps.lines() {
            if let Some((from, to)) = line.split(' ').next().and_then(|range| range.split_once('-')) {
                let hex = |text| usize::from_str_radix(text, 16);
                if let (Ok(from), Ok(to)) = (hex(from), hex(to)) {
                    is_here = (from..to).contains(&address);
                }
            } else if let Some(flags) = line.strip_prefix("VmFlags:")
                && is_here
            {
                return format!("{flags} ");
            }
        }
        String::new()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_has_it_locked_and_leaves_it_out_of_core_dumps_and_children() {
        let memory = PrivateMemory::new(100).unwrap();
        let flags = flags(memory.bytes().as_ptr().addr());
        assert!(flags.contains(" dd ") && flags.contains(" wf "), "{flags}");
        assert!(memory.kept().undumped);
        assert_eq!(flags.contains(" lo "), memory.kept().locked, "{flags}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_locked_is_there_all_the_same_and_says_so() {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = getrlimit(Resource::Memlock);
        setrlimit(Resource::Memlock, Rlimit { current: Some(0), ..before }).unwrap();
        let memory = PrivateMemory::new(10).unwrap();
        setrlimit(Resource::Memlock, before).unwrap();
        // Whoever may lock all they like is not held by the limit.
        assert_eq!(flags(memory.bytes().as_ptr().addr()).contains(" lo "), memory.kept().locked);
        assert_eq!(memory.bytes(), [0; 10]);
    }

    #[test]
    fn it_is_as_long_as_was_asked_for_and_keeps_what_is_put_in() {
        for length in [0, 1, 4095, 4096, 4097, 100_000] {
            let mut memory = PrivateMemory::new(length).unwrap();
            assert_eq!(memory.bytes().len(), length);
            memory.bytes_mut().fill(7);
            assert!(memory.bytes().iter().all(|byte| *byte == 7));
        }
    }
}
