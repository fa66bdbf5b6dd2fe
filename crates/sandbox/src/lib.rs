//! A process gives up powers for good.
