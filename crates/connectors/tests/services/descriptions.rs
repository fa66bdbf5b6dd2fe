//! That what requests are checked against is what the providers describe.

use serde_json::Value;

use crate::stand_in::spec::{Described, Spec, whole};
use crate::stand_in::{slack, telegram, twilio};

#[test]
fn what_requests_are_checked_against_is_what_the_providers_describe() {
    type Conversion = fn(&Value) -> Vec<Described>;
    let all: [(&str, &Spec, Conversion); 3] = [
        (telegram::FILE, telegram::carried(), telegram::described),
        (slack::FILE, slack::carried(), slack::described),
        (twilio::FILE, twilio::carried(), twilio::described),
    ];
    for (file, carried, described) in all {
        assert!(!carried.calls.is_empty(), "{file}");
        match whole(file) {
            Some(whole) => assert_eq!(carried.calls, described(&whole), "{file}"),
            None => println!(
                "UNPROVEN: that the carried part of {file} is what the whole says, because MOLTBOT_SPECS names no folder"
            ),
        }
    }
}
