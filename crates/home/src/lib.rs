//! The home folder: its layout, its configuration and every problem in it.
