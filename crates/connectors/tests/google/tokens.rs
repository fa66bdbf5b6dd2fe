//! Access tokens: refreshed once, refreshed by one, and given up for good.

use connectors::gmail::{Gmail, SCOPES};
use connectors::oauth::REFRESH_TOKEN;
use connectors::{Failure, Fault as Whose};
use egress::Credentials;

use crate::account::{Account, IMPATIENT, MAIL, Vault};
use crate::stand_in::{Fault, PROFILE, SEND, TOKEN};

#[tokio::test]
async fn a_token_serves_until_it_ends_and_then_another_does() {
    let Account { server, gmail, .. } = &Account::new().await;
    gmail.identity().await.unwrap();
    gmail.identity().await.unwrap();
    assert_eq!(server.asked(), 1);
    server.google().tokens.expire_all();
    gmail.identity().await.unwrap();
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_not_used() {
    let account = Account::new().await;
    account.server.google().tokens.expires_in = 0;
    account.gmail.identity().await.unwrap();
    account.gmail.identity().await.unwrap();
    assert_eq!(account.server.asked(), 2);
}

#[tokio::test]
async fn many_tasks_that_need_a_token_get_it_from_one_refresh() {
    let Account { server, gmail, .. } = &Account::new().await;
    let all = || async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let gmail = gmail.clone();
            tasks.spawn(async move { gmail.identity().await.unwrap() });
        }
        assert_eq!(tasks.join_all().await.len(), 20);
    };
    all().await;
    assert_eq!(server.asked(), 1);
    server.google().tokens.expire_all();
    all().await;
    assert_eq!(server.asked(), 2, "all were refused, one asked");
}

#[tokio::test]
async fn many_tasks_share_a_refresh_that_fails() {
    let Account { server, vault, client, .. } = &Account::new().await;
    let once = connectors::retry::Budget { attempts: 1, ..IMPATIENT };
    let gmail = Gmail::within(once, client.clone(), vault.clone(), vault.clone());
    for _ in 0..20 {
        server.google().fails(TOKEN, Fault::Refuse(503, "backend_error"));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let gmail = gmail.clone();
        tasks.spawn(async move { gmail.identity().await.unwrap_err() });
    }
    for failure in tasks.join_all().await {
        assert!(matches!(failure, Failure::Unavailable { .. }), "{failure}");
    }
    assert_eq!(server.calls(TOKEN), 1);
}

#[tokio::test]
async fn a_send_that_met_an_expired_token_is_sent_once() {
    let Account { server, gmail, .. } = &Account::new().await;
    gmail.identity().await.unwrap();
    server.google().tokens.expire_all();
    gmail.send(MAIL, None).await.unwrap();
    assert_eq!(server.google().mailbox.sent().len(), 1);
    assert_eq!((server.asked(), server.calls(SEND)), (2, 1));
}

#[tokio::test]
async fn a_grant_that_ended_is_told_to_the_owner_and_not_asked_for_again() {
    let Account { server, vault, gmail, .. } = &Account::new().await;
    gmail.identity().await.unwrap();
    server.google().tokens.revoke_all();
    let failure = gmail.identity().await.unwrap_err();
    assert_eq!(failure.fault(), Whose::Owner);
    let words = failure.to_string();
    for part in
        ["moltctl connect gmail", "myaccount.google.com/permissions", "password", "6 months", "7 days"]
    {
        assert!(words.contains(part), "{words}");
    }
    let asked = server.asked();
    for _ in 0..3 {
        assert!(matches!(gmail.identity().await, Err(Failure::NotAllowed { .. })));
        assert!(matches!(gmail.send(MAIL, None).await, Err(Failure::NotAllowed { .. })));
    }
    assert_eq!(server.asked(), asked, "nobody asked again");
    let another = server.google().tokens.grant(SCOPES);
    vault.set(REFRESH_TOKEN, &another);
    gmail.identity().await.unwrap();
    assert!(server.google().mailbox.sent().is_empty());
}

#[tokio::test]
async fn a_token_of_a_secret_that_was_changed_is_not_used_any_more() {
    let Account { server, vault, gmail, .. } = &Account::new().await;
    gmail.identity().await.unwrap();
    vault.set(REFRESH_TOKEN, "1//0nobodys");
    assert!(matches!(gmail.identity().await, Err(Failure::NotAllowed { .. })));
    assert_eq!(server.calls(PROFILE), 1);
}

#[tokio::test]
async fn a_token_that_is_refused_when_it_is_new_is_not_replaced_for_ever() {
    let Account { server, gmail, .. } = &Account::new().await;
    for _ in 0..10 {
        server.google().fails(TOKEN, Fault::Change("access_token", "ya29.nobodys".into()));
        assert!(matches!(gmail.identity().await, Err(Failure::NotAllowed { .. })));
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_before_it_is_needed() {
    let Account { server, vault, gmail, .. } = &Account::new().await;
    server.google().tokens.rotates = true;
    let before = vault.secret(REFRESH_TOKEN).unwrap();
    gmail.identity().await.unwrap();
    assert_ne!(vault.secret(REFRESH_TOKEN).unwrap(), before);
    gmail.identity().await.unwrap();
    assert_eq!(server.asked(), 1, "the token belongs to what is kept now");
    server.google().tokens.expire_all();
    gmail.identity().await.unwrap();
}

#[tokio::test]
async fn the_old_refresh_token_is_not_asked_with_while_the_new_one_waits_to_be_kept() {
    let Account { server, gmail, .. } = &Account::with(SCOPES, Vault::full()).await;
    server.google().tokens.rotates = true;
    gmail.identity().await.expect("the access token is good all the same");
    server.google().tokens.expire_all();
    let failure = gmail.identity().await.unwrap_err();
    assert!(failure.to_string().contains("the disk is full"), "{failure}");
    assert_eq!((failure.fault(), server.asked()), (Whose::Us, 1));
}

#[tokio::test]
async fn nothing_that_fails_shows_a_secret() {
    let Account { server, vault, gmail, .. } = &Account::new().await;
    let mut said = Vec::new();
    let mut hear = |failure: Failure| said.push(format!("{failure} {failure:?}"));
    // Google's words for a revoked grant repeat the token here.
    gmail.identity().await.unwrap();
    server.google().fails(PROFILE, Fault::Repeat);
    hear(gmail.identity().await.unwrap_err());
    server.google().fails(SEND, Fault::Repeat);
    hear(gmail.send(MAIL, None).await.unwrap_err());
    server.google().tokens.revoke_all();
    hear(gmail.identity().await.unwrap_err());
    let json = |body: &str| Fault::Replace("application/json", body.into());
    for fault in [
        json(r#"{"access_token":"ya29.planted x"}"#),
        json(r#"{"access_token":["ya29.planted"]}"#),
        json(r#"ya29.planted"#),
        Fault::Refuse(400, "1//0planted"),
        Fault::Refuse(403, "1//0planted rate"),
    ] {
        let another = server.google().tokens.grant(SCOPES);
        vault.set(REFRESH_TOKEN, &another);
        server.google().fails(TOKEN, fault);
        hear(gmail.send(MAIL, None).await.unwrap_err());
    }
    vault.set(REFRESH_TOKEN, "1//0planted\nInjected: yes");
    hear(gmail.identity().await.unwrap_err());
    for said in said {
        assert!(!said.contains("planted"), "{said}");
    }
}
