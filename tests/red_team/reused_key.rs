//! A planner that hides one wish behind the name of another.

use planner::client::{Standing, Wish};
use system_tests::{Owner, TestHome, mail_wish, planner, refusal};

#[tokio::test]
async fn a_key_stands_for_one_wish() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let first = planner(&home).request_capability(&wish).await.unwrap();
    let other = Wish { parameters: wish.parameters.replace("ann@", "eve@"), ..wish.clone() };
    assert_eq!(refusal(planner(&home).request_capability(&other).await), "key_reused");
    assert_eq!(home.recorded_refusals(), ["key_reused"]);
    assert_eq!(planner(&home).request_capability(&wish).await.unwrap(), first);
    assert_eq!(Owner::of(&home).pending().await.len(), 1);
}

#[tokio::test]
async fn the_same_wish_under_the_same_key_is_one_request_whatever_the_key_is_made_of() {
    let home = TestHome::new();
    let executor = home.executor().await;
    let keys = ["plain", "会議\u{3000}返事", "zero\u{200B}width", "⟨U+200B⟩", "line\nfeed", &"k".repeat(200)];
    let mut requests: Vec<Standing> = Vec::new();
    for key in keys {
        let mut planner = planner(&home);
        let asked = planner.request_capability(&mail_wish(key)).await.unwrap();
        assert_eq!(planner.request_capability(&mail_wish(key)).await.unwrap(), asked, "{key:?}");
        assert!(!requests.contains(&asked), "{key:?} is a wish of its own");
        requests.push(asked);
    }
    drop(executor);
    let _executor = home.executor().await;
    for (key, asked) in keys.into_iter().zip(requests) {
        assert_eq!(planner(&home).request_capability(&mail_wish(key)).await.unwrap(), asked, "{key:?}");
    }
}

#[tokio::test]
async fn a_key_must_be_there_and_short() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    for key in [String::new(), "k".repeat(201)] {
        assert_eq!(refusal(planner(&home).request_capability(&mail_wish(&key)).await), "invalid_key");
    }
    assert_eq!(home.recorded_refusals(), ["invalid_key"; 2]);
}
