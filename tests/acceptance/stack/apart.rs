//! Engines stopped and started again under load: on sets of their own, since others use the shared
//! ones.

use super::engines;
use std::path::Path;
use trials::accepting::{AcceptingPlan, accepting};
use trials::chaos::{ChaosPlan, chaos};
use trials::load::Mix;
use trials::{programs, show};

/// How soon a door says that it can't take a request.
const REFUSED_WITHIN_US: u64 = 2_000_000;

/// How soon after an engine is back sales go through.
const BACK_WITHIN_US: u64 = 30_000_000;

fn tidegate() -> std::path::PathBuf {
    env!("CARGO_BIN_EXE_tidegate").into()
}

fn plan(folder: &Path) -> AcceptingPlan {
    AcceptingPlan {
        tidegate: tidegate(),
        xtask: programs::built("xtask").unwrap(),
        folder: folder.to_owned(),
        posts: 1_500,
        per_second: 60,
        seed: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x15_on_the_real_engines_while_kafka_is_gone_nothing_is_both_refused_and_sold() {
    let Some((_shared, _turn)) = engines("accepting is honest").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let outcome = accepting(&plan(dir.path())).await.unwrap();
    let text = outcome.text();
    eprintln!("{text}");
    assert!(outcome.is_right(), "{text}");
    assert!(outcome.turned_away() > 0, "Kafka was never missed: {text}");
    assert!(
        outcome.sold_after_all() > 0,
        "no key was sold later: {text}"
    );
    let refusals_us = outcome.refusals_us();
    assert!(
        show::percentile_us(refusals_us, 90) < REFUSED_WITHIN_US,
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn promise_4_holds_while_each_engine_in_turn_is_stopped_and_started_under_load() {
    let Some((_shared, _turn)) = engines("engines stopped under load").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let plan = ChaosPlan {
        tidegate: tidegate(),
        canary: None,
        xtask: programs::built("xtask").unwrap(),
        folder: dir.path().to_owned(),
        rounds: 3,
        per_second: 10,
        mix: Mix::new(vec![("0000", 6), ("0101", 2), ("0301", 1), ("0401", 1)]),
        seed: 1,
        only: Some("stop ".to_owned()),
    };
    let outcome = chaos(&plan).await.unwrap();
    let text = outcome.text();
    eprintln!("{text}");
    assert!(outcome.is_right(), "{text}");
    assert_eq!(outcome.rounds.len(), 3, "{text}");
    for round in &outcome.rounds {
        let back_after_us = round.back_after_us.unwrap_or(u64::MAX);
        assert!(back_after_us < BACK_WITHIN_US, "{}: {text}", round.fault);
        let ended = &round.ended_by_itself;
        assert_eq!(ended, &Vec::<String>::new(), "{}", round.fault);
    }
}
