//! Notifications from hostile hands over real HTTP: each is answered with a code, counted, and
//! changes nothing. What Alipay itself says again, or says of another sum, is here too.

use crate::attack::{Attack, Genuine, PATH};
use crate::house::{House, Ids, json_of, path, problem};
use crate::issuer::IssuerKey;
use payment::Fact;
use reqwest::{RequestBuilder, StatusCode};
use std::time::Duration;

/// What must not change: the order's history, and what its merchant sees.
async fn standing(house: &House, ids: Ids) -> (u64, serde_json::Value) {
    let order = house.store.load(ids.order).await.unwrap();
    let view = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
    (order.version, view)
}

/// What was counted so far of this problem, and of this verdict on a notification.
fn counted(attack: &Attack) -> (u64, u64) {
    let text = House::metrics();
    let value = |line: String| {
        let found = text.lines().find_map(|said| said.strip_prefix(&line));
        found.map_or(0, |count| count.trim().parse().unwrap())
    };
    (
        value(format!(
            "gateway_problems_total{{code=\"{}\"}}",
            attack.code
        )),
        value(format!(
            "gateway_notices_total{{verdict=\"{}\"}}",
            attack.verdict
        )),
    )
}

async fn withstood(attacks: Vec<Attack>, genuine: &Genuine, house: &House) {
    let before = standing(house, genuine.ids).await;
    for attack in attacks {
        let counts = counted(&attack);
        let response = (attack.request)(genuine, house).send().await.unwrap();
        let body = problem(response, attack.status, attack.code).await;
        let told = body.to_string();
        assert!(!told.contains(&genuine.id), "{}: {told}", attack.name);
        let after = counted(&attack);
        assert!(after.0 > counts.0, "{}: not counted by code", attack.name);
        let judged = attack.verdict.is_empty() || after.1 > counts.1;
        assert!(judged, "{}: not counted by verdict", attack.name);
        assert!(house.idle().await, "{} is on the bus", attack.name);
    }
    assert_eq!(standing(house, genuine.ids).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_h1_case_x30_no_forged_or_altered_notification_is_taken_in() {
    let house = House::open().await;
    let genuine = Genuine::begun(&house).await;
    withstood(crate::attack::unverified(), &genuine, &house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_h1_what_alipay_signed_and_nobody_can_read_in_one_way_is_not_believed() {
    let house = House::open().await;
    let genuine = Genuine::begun(&house).await;
    withstood(crate::attack::unreadable(), &genuine, &house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_too_large_misaddressed_or_of_nobodys_payment_are_refused() {
    let house = House::open().await;
    let genuine = Genuine::begun(&house).await;
    withstood(crate::attack::misplaced(), &genuine, &house).await;
}

/// Takes in what waits, and counts what it added to history.
async fn effects(house: &House) -> Vec<Fact> {
    let taken = house.work().await;
    taken.events.into_iter().map(|event| event.fact).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_a17_the_same_notification_again_and_a_day_later_is_acknowledged_and_changes_nothing()
{
    let house = House::open().await;
    let genuine = Genuine::begun(&house).await;
    let first = genuine.send(&house).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let acknowledged = first.text().await.unwrap();
    let facts = effects(&house).await;
    let approvals = facts
        .iter()
        .filter(|fact| matches!(fact, Fact::Approved(_)));
    assert_eq!(approvals.count(), 1, "{facts:?}");
    let (_, view) = standing(&house, genuine.ids).await;
    assert_eq!(view["outcome"], "paid");
    let before = standing(&house, genuine.ids).await;
    for later in [
        Duration::ZERO,
        Duration::from_secs(120),
        Duration::from_secs(86_400),
    ] {
        house.clock.advance(later);
        let again = genuine.send(&house).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::OK);
        assert_eq!(again.text().await.unwrap(), acknowledged);
        assert_eq!(effects(&house).await, []);
        let order = house.store.load(genuine.ids.order).await.unwrap();
        assert_eq!(order.version, before.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_a17_ten_copies_at_once_have_one_effect() {
    let house = House::open().await;
    let genuine = Genuine::begun(&house).await;
    let copies: Vec<_> = (0..10)
        .map(|_| tokio::spawn(genuine.send(&house).send()))
        .collect();
    for copy in copies {
        assert_eq!(copy.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    let mut with_effect = 0;
    for _ in 0..10 {
        with_effect += usize::from(!effects(&house).await.is_empty());
    }
    assert_eq!(with_effect, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x29_a_charge_that_alipay_signs_in_another_sum_or_currency_is_never_told_paid() {
    for (currency, value) in [
        ("CNY", "1987"),
        ("CNY", "9999999999999999"),
        ("JPY", "1988"),
    ] {
        let house = House::open().await;
        let genuine = Genuine::begun(&house).await;
        let (sum, odd) = ("\"1988\"", format!("\"{value}\""));
        let body = genuine.body.replace("CNY", currency).replace(sum, &odd);
        let response = genuine
            .signed(&house, body.as_bytes())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK, "evidence, so it is kept");
        house.work().await;
        let (_, view) = standing(&house, genuine.ids).await;
        assert_eq!(view["outcome"], "not_paid", "{currency} {value}");
        assert_eq!(view["reason"], "amount_mismatch");
        // The right sum behind it does not make it good again.
        genuine.send(&house).send().await.unwrap();
        house.work().await;
        let (_, view) = standing(&house, genuine.ids).await;
        assert_eq!(view["outcome"], "not_paid", "{currency} {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_odd_is_believed_for_its_signature() {
    type Odd = fn(&Genuine, &House) -> RequestBuilder;
    let odd: [(&str, Odd); 6] = [
        ("another content type", |genuine, house| {
            let bare = genuine.headers(house, PATH, &genuine.signature(PATH));
            bare.header("content-type", "text/html")
                .body(genuine.body.clone())
        }),
        ("no content type", |genuine, house| {
            let bare = genuine.headers(house, PATH, &genuine.signature(PATH));
            bare.body(genuine.body.clone())
        }),
        ("a query that was signed", |genuine, house| {
            let path = format!("{PATH}?shop=1");
            let bare = genuine.headers(house, &path, &genuine.signature(&path));
            bare.body(genuine.body.clone())
        }),
        ("a key version nobody knows", |genuine, house| {
            let signature = genuine
                .signature(PATH)
                .replace("keyVersion=1", "keyVersion=99");
            genuine
                .headers(house, PATH, &signature)
                .body(genuine.body.clone())
        }),
        ("an agent's token and a merchant's", |genuine, house| {
            let token = IssuerKey::ed25519("ed-9").sign(&house.claims("m-2"));
            genuine
                .send(house)
                .bearer_auth(token)
                .header("agent-token", "x")
        }),
        ("10,000 levels in a field nobody reads", |genuine, house| {
            let levels = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
            let body = genuine.body.replacen('{', &format!("{{\"x\":{levels},"), 1);
            genuine.signed(house, body.as_bytes())
        }),
    ];
    let house = House::open().await;
    let genuine = Genuine::begun(&house).await;
    for (name, request) in odd {
        let response = request(&genuine, &house).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        house.work().await;
    }
    let (_, view) = standing(&house, genuine.ids).await;
    assert_eq!(view["outcome"], "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_a_proxy_passes_on_under_another_path_is_verified_by_the_public_one() {
    let public = "/pay/alipay";
    let listen = "listen = \"127.0.0.1:0\"";
    let behind = format!("{listen}\nnotify_path_public = \"{public}\"");
    let house = House::open_set(listen, &behind).await;
    let genuine = Genuine::begun(&house).await;
    let sent = |signed_path: &str| {
        let signature = genuine.signature(signed_path);
        genuine
            .headers(&house, PATH, &signature)
            .body(genuine.body.clone())
    };
    problem(
        sent(PATH).send().await.unwrap(),
        401,
        "notification_not_verified",
    )
    .await;
    assert!(house.idle().await);
    let taken = sent(public).send().await.unwrap();
    assert_eq!(taken.status(), StatusCode::OK);
    assert!(!effects(&house).await.is_empty());
}
