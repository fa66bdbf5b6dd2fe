//! A place in which a proof has room.

/// Cedar's compiler goes as deep as a policy has rules. The memory is only taken as far as it is used.
const STACK: usize = 1 << 30;

/// Runs `work` on a thread of its own with a deep stack, on a runtime of its own, and waits for it.
pub fn in_room<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("proof".to_owned()).stack_size(STACK).spawn_scoped(
            scope,
            || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                Ok(runtime.block_on(work()))
            },
        )?;
        thread.join().unwrap_or_else(|_panicked| Err(std::io::Error::other("the proof ended half-way")))
    })
}
