//! Whatever is called a chat message, what is handed on keeps every promise.
#![no_main]

use fuzz::promises_hold;
use libfuzzer_sys::fuzz_target;
use sanitizer::ContentType;

fuzz_target!(|raw: &[u8]| {
    promises_hold(raw, ContentType::Telegram);
    promises_hold(raw, ContentType::Slack);
    promises_hold(raw, ContentType::Sms);
});
