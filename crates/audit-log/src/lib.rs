//! Hash-chained JSON Lines: append durably, replay, verify.
