//! Telegram shows a secret that it was given with the webhook's address (`setWebhook`, parameter `secret_token`).

use serde::Deserialize;
use subtle::ConstantTimeEq;
use vault::Secret;

use super::{Delivery, Refusal, UntrustedRequest, id_of, key};
use crate::telegram::update_id;

const SECRET: &str = "X-Telegram-Bot-Api-Secret-Token";

/// An update, if Telegram sent it. `secret` is the one that is kept as [`crate::telegram::WEBHOOK_SECRET`].
pub fn from_telegram(untrusted: UntrustedRequest, secret: &Secret) -> Result<Delivery, Refusal> {
    let untrusted = untrusted.bounded()?;
    let shown = untrusted.only(SECRET)?;
    if !bool::from(shown.ct_eq(key(secret)?)) {
        return Err(Refusal::NotSigned);
    }
    #[derive(Deserialize)]
    struct Update {
        update_id: i64,
    }
    let update = serde_json::from_slice::<Update>(&untrusted.body).ok().filter(|update| update.update_id > 0);
    let Update { update_id: number } =
        update.ok_or(Refusal::NotUnderstood { what: "it is no update with a number" })?;
    let id = id_of(format_args!("{}", update_id(number)))?;
    Ok(Delivery::checked(id, untrusted.body))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{request, secret};
    use super::*;

    const UPDATE: &str = r#"{"update_id":7,"message":{"chat":{},"text":"hi"}}"#;

    fn check(headers: &[(&str, &str)], body: &str) -> Result<Delivery, Refusal> {
        from_telegram(request(headers, "", body), &secret("s3cret-_"))
    }

    #[test]
    fn who_shows_the_secret_is_telegram_and_its_bytes_are_kept() {
        let delivery = check(&[("x-telegram-bot-api-secret-token", "s3cret-_")], UPDATE).unwrap();
        assert_eq!(delivery.id(), "update:7", "as from a look");
        assert_eq!(delivery.into_incoming().untrusted_bytes, UPDATE.as_bytes());
    }

    #[test]
    fn who_does_not_show_it_once_and_whole_is_not() {
        assert_eq!(check(&[], UPDATE), Err(Refusal::Missing { header: SECRET }));
        assert_eq!(check(&[(SECRET, "")], UPDATE), Err(Refusal::Missing { header: SECRET }));
        assert_eq!(
            check(&[(SECRET, "s3cret-_"), (SECRET, "s3cret-_")], UPDATE),
            Err(Refusal::Repeated { header: SECRET })
        );
        for shown in ["s3cret-", "s3cret-_ ", "S3cret-_", "s3cret-_s3cret-_", "x"] {
            assert_eq!(check(&[(SECRET, shown)], UPDATE), Err(Refusal::NotSigned), "{shown}");
        }
        let nothing = from_telegram(request(&[(SECRET, "x")], "", UPDATE), &secret(""));
        assert_eq!(nothing, Err(Refusal::NoSecret));
    }

    #[test]
    fn what_is_no_update_is_refused_after_the_secret_was_checked() {
        for body in ["", "{}", r#"{"update_id":0}"#, r#"{"update_id":"7"}"#, "7"] {
            let refused = check(&[(SECRET, "s3cret-_")], body);
            assert!(matches!(refused, Err(Refusal::NotUnderstood { .. })), "{body}");
            assert_eq!(check(&[(SECRET, "x")], body), Err(Refusal::NotSigned));
        }
        let long = " ".repeat(super::super::LONGEST_BODY + 1);
        assert_eq!(check(&[(SECRET, "s3cret-_")], &long), Err(Refusal::TooLong));
    }
}
