//! The canonical form of a request is a fixed point: read again it is the same request, with the same digest.
#![no_main]

use action::{ActionName, Request, Role, ZoneId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (action, parameters) = input;
    let action = ActionName::ALL[usize::from(action) % ActionName::ALL.len()].as_str();
    let check =
        |parameters: &str| Request::check(ZoneId::new("local", Role::Planner), action, parameters.to_owned());
    let Ok(request) = check(parameters) else { return };
    let again = check(request.parameters()).expect("the canonical form is a request");
    assert_eq!(again, request);
    // Other bytes, the same values: the order of members and the spaces between them do not count.
    let value: serde_json::Value = serde_json::from_str(request.parameters()).expect("it is JSON");
    let spaced = serde_json::to_string_pretty(&value).expect("it can be written");
    assert_eq!(check(&spaced).expect("spaces do not count").digest(), request.digest());
});
