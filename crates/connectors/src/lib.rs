//! The world: what each connector may reach, and how an action is done there.
