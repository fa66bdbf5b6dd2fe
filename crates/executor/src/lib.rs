//! Zone 1: judges, permits, performs and records.
