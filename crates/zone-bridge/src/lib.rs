//! Unix sockets between zones: who is calling, health endpoints, limits.
