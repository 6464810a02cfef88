//! Kafka stopped under load: on engines of its own, since others use the shared ones.

use super::{audited, engines, fleet, load};
use std::time::Duration;
use trials::engines::{Act, Engine, Engines, Keeper};
use trials::load::{Mix, Said, Sale};
use trials::programs;

/// How long Kafka is gone: longer than a produce is tried.
const GONE: Duration = Duration::from_secs(8);

fn was_turned_away(sale: &Sale) -> bool {
    let mut heard = sale.heard.iter();
    heard.any(|heard| matches!(&heard.said, Said::AskAgain(code) if code == "request_not_taken"))
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x15_on_the_real_engines_while_kafka_is_gone_nothing_is_both_refused_and_sold() {
    let Some((_shared, _turn)) = engines("Kafka stopped under load").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let keeper = Keeper {
        xtask: programs::built("xtask").unwrap(),
        folder: dir.path().join("engines"),
    };
    let own = Engines::own(keeper).await.unwrap();
    let fleet = fleet(&dir.path().join("fleet"), &own).await;
    let (load, tills) = load(&fleet, 6, Mix::smooth());
    tokio::time::sleep(Duration::from_secs(3)).await;
    own.act(Engine::Kafka, Act::Stop).await.unwrap();
    tokio::time::sleep(GONE).await;
    own.act(Engine::Kafka, Act::Start).await.unwrap();
    let back_us = load.clock().now_us();
    tokio::time::sleep(Duration::from_secs(15)).await;
    let again = load.first_told_us(back_us);
    let sales = load.stop().await.unwrap();
    audited(&fleet, &tills, &sales).await;
    assert!(again.is_some(), "nothing is sold any more");
    assert!(sales.iter().any(was_turned_away), "Kafka was never missed");
    fleet.stop().await.unwrap();
    own.down().await.unwrap();
}
