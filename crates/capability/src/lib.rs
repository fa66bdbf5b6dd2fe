//! Permits and approval receipts: mint and verify.
