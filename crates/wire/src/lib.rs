//! The generated gRPC of every edge; nothing hand-written.
