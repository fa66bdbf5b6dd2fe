//! Zone 3: turns one source's raw bytes into clean content.
