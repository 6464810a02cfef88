//! What an operator does by hand, on the fleet's PostgreSQL, and what each process counts from its
//! start.

use super::{engines, fleet, merchants};
use crate::by_hand::{self, Desk};
use chassis::metrics::counters_lacking;
use store::{PostgresOptions, Store};
use trials::fleet::Role;

#[tokio::test(flavor = "multi_thread")]
async fn rule_a15_on_the_real_engines_an_operator_resolves_and_replays_what_stands_in_postgres() {
    let Some((engines, _turn)) = engines("an operator's deeds").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    begins_at_0(&mut fleet).await;
    let url = fleet.place.database().to_string();
    let options = PostgresOptions::standard(url.into());
    let command = |words: &[&str]| fleet.command(words);
    let desk = Desk {
        store: Store::of_server(&options).unwrap(),
        sealing_key: &dir.path().join("sealing.key"),
        merchant: merchants(&fleet).remove(0),
        simulator: fleet.simulator(),
        command: &command,
    };
    by_hand::replays(&desk).await;
    by_hand::resolves(&desk).await;
    desk.store.close().await;
    drop(desk);
    fleet.stop().await.unwrap();
}

/// Every counter of a process that the page names is described and at 0 before the first sale.
async fn begins_at_0(fleet: &mut trials::fleet::Fleet) {
    let page = include_str!("../../../docs/operations.md");
    let of_role = |role| match role {
        Role::Gateway => &["gateway_", "fleet_", "process_"][..],
        Role::Orchestrator => &["orchestrator_", "alipay_", "fleet_", "process_"],
        Role::Projector => &["projector_", "process_"],
        Role::AlipaySimulator => &[],
    };
    for role in [Role::Gateway, Role::Orchestrator, Role::Projector] {
        let member = fleet.all(role).next().unwrap();
        let address = member.operations().await.unwrap();
        let answer = reqwest::get(format!("{address}/metrics")).await.unwrap();
        let told = answer.text().await.unwrap();
        for beginning in of_role(role) {
            let lacking = counters_lacking(&told, page, beginning);
            assert_eq!(lacking, [""; 0], "{role:?}: {told}");
        }
    }
}
