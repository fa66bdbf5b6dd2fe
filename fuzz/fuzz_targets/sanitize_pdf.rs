//! Whatever is attached as a PDF, what is handed on keeps every promise.
#![no_main]

use fuzz::promises_hold;
use libfuzzer_sys::fuzz_target;
use sanitizer::ContentType;

fuzz_target!(|raw: &[u8]| {
    let mut mail = b"From: a@b.example\r\nContent-Type: application/pdf; name=a.pdf\r\n\
        Content-Disposition: attachment\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        .to_vec();
    mail.extend_from_slice(raw);
    promises_hold(&mail, ContentType::Email);
});
