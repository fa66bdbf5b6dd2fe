//! Whatever is called a page, what is handed on keeps every promise.
#![no_main]

use fuzz::promises_hold;
use libfuzzer_sys::fuzz_target;
use sanitizer::ContentType;

fuzz_target!(|raw: &[u8]| {
    promises_hold(raw, ContentType::Html);
});
