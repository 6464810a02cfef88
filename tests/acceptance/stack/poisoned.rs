//! Commands that nobody can carry out: one that is none, and one sealed with a key that the workers
//! were not given.

use super::{audited, counted, engines, fleet, load, scanned};
use crate::merchant::{Merchant, charged_minor, ledger};
use payment::{MerchantId, OrderId, OrderNumber};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use trials::fleet::{Fleet, Role};
use trials::load::Mix;
use trials::stray;

const TOPIC: &str = "TIDEGATE__BUS__KAFKA__COMMANDS_TOPIC";
const KEY: &str = "TIDEGATE__BUS__SEALING_KEY_FILE";

const SOON: Duration = Duration::from_secs(20);

/// A merchant at one more gateway, which has this setting of its own.
async fn at_another_gateway(fleet: &mut Fleet, own: (&str, &str)) -> Merchant {
    let number = fleet.join(Role::Gateway, &[own]).await.unwrap();
    let gateway = fleet.member(Role::Gateway, number).unwrap();
    let address = gateway.address.clone().unwrap();
    Merchant::new(&address, &fleet.token)
}

/// The request was taken, and what lies in the log in its command's place says nothing but whose it
/// was: it ends at once, with a dead letter, and nobody waits for it.
async fn poison(fleet: &mut Fleet, broker: &str) {
    let elsewhere = format!("{}.elsewhere", fleet.place.prefix());
    let own = (TOPIC, elsewhere.as_str());
    fleet.ask(&["topics", "apply"], &[own]).await.unwrap();
    let merchant = at_another_gateway(fleet, own).await;
    let id = scanned(&merchant, "poison", "280000000000000001").await;
    let record = format!(r#"{{"version":1,"payment":"{id}","body":{{"kind":"p"#);
    let topic = fleet.place.commands_topic();
    stray::put(broker, &topic, record.as_bytes()).await.unwrap();
    let told = merchant.wait(&id).await;
    assert_eq!(told["outcome"], "not_paid", "{told}");
    assert_eq!(told["proof"]["kind"], "never_sent", "{told}");
    let at_alipay = ledger(&fleet.simulator(), "order-poison").await;
    assert!(at_alipay.is_empty(), "{at_alipay:?}");
    let dead = dead_letters(fleet).await;
    assert_eq!(dead, 1, "dead letters");
}

fn partition_of(reference: &str) -> u16 {
    let order = OrderNumber::parse(&format!("order-{reference}")).unwrap();
    bus::partition_of(OrderId::of(
        &MerchantId::parse("demo-merchant").unwrap(),
        &order,
    ))
}

async fn dead_letters(fleet: &mut Fleet) -> u64 {
    let mut dead = 0;
    for orchestrator in fleet.all(Role::Orchestrator) {
        let address = orchestrator.address.clone().unwrap();
        let counter = "orchestrator_commands_total{kind=\"poison\"";
        dead += counted(&address, counter).await;
    }
    dead
}

/// What `/readyz` of the orchestrators says of what they can't read. They stay ready: no process
/// that could do better is alive.
async fn too_old(fleet: &mut Fleet) -> Vec<String> {
    let mut said = Vec::new();
    for orchestrator in fleet.all(Role::Orchestrator) {
        let address = orchestrator.address.clone().unwrap();
        let answer = reqwest::get(format!("{address}/readyz")).await.unwrap();
        assert!(answer.status().is_success());
        let answer = answer.text().await.unwrap();
        said.extend(answer.contains("orchestrator.history").then_some(answer));
    }
    said
}

/// A gateway got the new key before the workers did: the command is parked, loudly, and its
/// partition goes on; once they have the key, what waited is accounted for.
async fn strange_key(fleet: &mut Fleet, folder: &Path) -> Merchant {
    let key = folder.join("another.key");
    std::fs::write(&key, "5a".repeat(16) + &"c3".repeat(16)).unwrap();
    let its_owners = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&key, its_owners).unwrap();
    let key = key.to_str().unwrap();
    let merchant = at_another_gateway(fleet, (KEY, key)).await;
    let code = "280000000000000002";
    scanned(&merchant, "strange", code).await;
    let deadline = tokio::time::Instant::now() + SOON;
    let loud = loop {
        let said = too_old(fleet).await;
        if !said.is_empty() || tokio::time::Instant::now() > deadline {
            break said;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(loud.iter().any(|said| said.contains("key")), "{loud:?}");
    let meanwhile = sold_meanwhile(fleet).await;
    assert_eq!(
        meanwhile["outcome"], "paid",
        "its partition stopped: {meanwhile}"
    );
    for orchestrator in fleet.all(Role::Orchestrator) {
        orchestrator.stop().await.unwrap();
        orchestrator.set(KEY, key);
        orchestrator.start().await.unwrap();
    }
    // Sold, if the workers were given the key before the last begin.
    let told = merchant.sell("strange", code).await;
    let at_alipay = ledger(&fleet.simulator(), "order-strange").await;
    let due_minor = if told["outcome"] == "paid" { 1280 } else { 0 };
    assert_eq!(charged_minor(&at_alipay), due_minor, "{told} {at_alipay:?}");
    assert_eq!(too_old(fleet).await, Vec::<String>::new());
    merchant
}

/// Another sale of the same partition, by a gateway that has the workers' key.
async fn sold_meanwhile(fleet: &mut Fleet) -> serde_json::Value {
    let gateway = fleet.member(Role::Gateway, 1).unwrap();
    let address = gateway.address.clone().unwrap();
    let merchant = Merchant::new(&address, &fleet.token);
    let strange = partition_of("strange");
    let mut references = (0..).map(|number| format!("beside-{number}"));
    let beside = references.find(|reference| partition_of(reference) == strange);
    merchant.sell(&beside.unwrap(), "280000000000000004").await
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x33_on_the_real_engines_poison_is_accounted_for_and_a_strange_key_holds_nobody_up() {
    let Some((engines, _turn)) = engines("poison and a strange key").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    let (selling, tills) = load(&fleet, 4, Mix::smooth());
    poison(&mut fleet, &engines.kafka).await;
    let sales = selling.stop().await.unwrap();
    let sold = audited(&fleet, &tills, &sales).await;
    let cancelled = sales.iter().filter(|sale| sale.cancel_was_asked()).count();
    assert_eq!(sold, sales.len() - cancelled, "poison held others up");
    let merchant = strange_key(&mut fleet, dir.path()).await;
    let afterwards = merchant.sell("afterwards", "280000000000000003").await;
    assert_eq!(afterwards["outcome"], "paid", "{afterwards}");
    fleet.stop().await.unwrap();
}
