//! The typed actions an agent may ask for, their canonical form and digest.
