//! The owner's side: approvals and, from another process, the means to stop everything.
