//! A file of secrets that was changed since does not come back, even signed.

use crate::callers::{Called, now, telegram};
use system_tests::{eventually, moltctl};

#[tokio::test]
async fn an_older_file_of_secrets_that_is_put_back_while_nothing_runs_is_not_used_until_the_owner_trusts_it()
{
    let called = Called::new();
    let home = &called.home;
    let files = ["api-keys.yaml", "api-keys.yaml.sig"].map(|name| home.path().join("secrets").join(name));
    let older = files.clone().map(|file| std::fs::read(file).unwrap());
    let at = ["--home", home.path().to_str().unwrap(), "secrets"];
    moltctl(&[&at[..], &["set", "api-keys", "telegram_webhook_secret"]].concat(), b"a-newer-one").well();
    let with_the_old = |update| telegram(update, "x");
    let with_the_new =
        |update| telegram(update, "x").with(|asked| asked.headers[0].1 = "a-newer-one".to_owned());
    let version = {
        let _system = home.up();
        assert_eq!(called.ask(&with_the_new(1)).await.0, 200);
        let used = eventually("its version is recorded", || home.recorded("secrets_used").pop()).await;
        assert_eq!(used["file"], "api-keys");
        used["version"].as_i64().unwrap()
    };
    for (file, bytes) in files.iter().zip(older) {
        std::fs::write(file, bytes).unwrap();
    }
    let _system = home.up();
    assert_eq!(called.ask(&with_the_old(2)).await.0, 503, "a secret that was taken back");
    assert_eq!(called.ask(&with_the_new(3)).await.0, 503);
    let status = home.moltctl(&["status"]).out;
    assert!(
        status.contains("is an older one") && status.contains("moltctl secrets trust api-keys"),
        "{status}"
    );

    // A version is a second at least, and several may have been made in one.
    eventually("it is later", || (now() > version).then_some(())).await;
    moltctl(&[&at[..], &["trust", "api-keys"]].concat(), b"").well();
    assert_eq!(called.ask(&with_the_old(2)).await.0, 200, "without a restart");
    let used = || home.recorded("secrets_used").pop()?["version"].as_i64();
    eventually("that is recorded too", || used().filter(|used| *used > version)).await;
}
