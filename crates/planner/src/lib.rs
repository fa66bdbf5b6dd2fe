//! Zone 2: plans and asks; holds no credential and reaches no network.
