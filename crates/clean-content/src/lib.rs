//! What a reader may hand on: the clean JSON, its limits and its one checked constructor.
