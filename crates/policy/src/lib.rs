//! Judges a request: allow, ask or deny, by a Cedar policy.
