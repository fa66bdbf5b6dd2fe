//! What the injection detector learns from, so that anyone can make its weights again.
//!
//! The texts are our own: templates in plain files, from which a seed makes as many wordings as are asked for. None is
//! taken from a collection of attacks, so such collections can say how well the detector does on what it never saw.

pub mod samples;
