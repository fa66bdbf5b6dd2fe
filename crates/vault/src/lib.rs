//! Secrets at rest under age keys, and secrets in memory that cannot be printed.
