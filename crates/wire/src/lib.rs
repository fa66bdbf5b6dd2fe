//! The generated gRPC of every edge between zones; nothing hand-written.
//!
//! What each message means, who sends it and what of it is trusted is said in `proto/moltbot/v1/`. These types never
//! travel further than a zone's `serve.rs`: there they become domain types, and every field is named when they do.

/// `moltbot.v1`: reader, planner, control, operator, supervisor, webhooks and zones edges.
#[expect(
    missing_docs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
pub mod v1 {
    tonic::include_proto!("moltbot.v1");
}
