//! Values that providers write in more than one way.

use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::str::FromStr;

/// A number, or a string of one, as Google writes those of 64 bits (JSON numbers are not exact above 2^53). Nothing where it is
/// left out or null.
pub(crate) fn number<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: FromStr + TryFrom<u64> + TryFrom<i64>,
{
    struct Number<N>(std::marker::PhantomData<N>);

    impl<N: FromStr + TryFrom<u64> + TryFrom<i64>> Visitor<'_> for Number<N> {
        type Value = Option<N>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number or a string of one")
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<N>, E> {
            N::try_from(number).map(Some).map_err(|_too_large| E::custom("the number is too large"))
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<N>, E> {
            N::try_from(number).map(Some).map_err(|_too_small| E::custom("the number is too small"))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<N>, E> {
            text.parse().map(Some).map_err(|_not_a_number| E::custom("not a number"))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<N>, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Number(std::marker::PhantomData))
}
