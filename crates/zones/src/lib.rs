//! Raises and stops zones on a backend.
