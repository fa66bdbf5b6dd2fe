use std::fmt;

/// An allegation by the outside world.
///
/// Having one tells you where it came from and that it fits in the limit. It does not tell you that it is what it
/// says, or safe to show to a planner. Checking consumes it.
pub struct Untrusted<T>(T);

impl<T> Untrusted<T> {
    /// Marks a value as not yet checked.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Hands the value to the one who checks it.
    pub fn into_inner_to_check(self) -> T {
        self.0
    }
}

/// Shows what it is, never what it says: a log is no place for it.
impl<T> fmt::Debug for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untrusted<{}>(…)", std::any::type_name::<T>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_type_and_not_the_content() {
        assert_eq!(
            format!("{:?}", Untrusted::new("secret".to_owned())),
            "Untrusted<alloc::string::String>(…)"
        );
    }
}
