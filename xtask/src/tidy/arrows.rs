//! The arrows between the crates, as ARCHITECTURE.md draws them.

use super::{Violations, none};
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeMap;

const LIBS: [&str; 7] = [
    "alipay", "bus", "chassis", "fleet", "payment", "sale", "store",
];
const SERVICES: [&str; 5] = [
    "alipay-simulator",
    "gateway",
    "orchestrator",
    "projector",
    "tidegate",
];

/// Crates that only test; they may use what they try, and nobody may use them.
const TRIALS: [&str; 2] = ["simulation", "trials"];

/// Who alone may depend on what.
const WRAPPED: [(&str, &[&str]); 6] = [
    ("sqlx", &["store"]),
    ("rdkafka", &["bus"]),
    ("redis", &["fleet"]),
    ("actix-web", &["gateway", "alipay-simulator"]),
    (
        "reqwest",
        &["alipay", "alipay-simulator", "tidegate", "trials"],
    ),
    ("jsonwebtoken", &["gateway", "tidegate"]),
];

/// Crate and what it depends on, tests left out.
type Graph = BTreeMap<String, Vec<String>>;

fn graph() -> Graph {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let packages = metadata.packages.into_iter();
    packages
        .map(|package| {
            let normal = package.dependencies.into_iter();
            let normal = normal.filter(|dependency| dependency.kind == DependencyKind::Normal);
            let names = normal.map(|dependency| dependency.name);
            (package.name.to_string(), names.collect())
        })
        .collect()
}

fn is_known(name: &str) -> bool {
    LIBS.contains(&name) || SERVICES.contains(&name) || TRIALS.contains(&name)
}

fn may(from: &str, to: &str) -> bool {
    match from {
        "payment" | "chassis" => false,
        "alipay" | "bus" | "fleet" | "store" => to == "payment",
        // The merchant's side without HTTP: over its ports, and never over Alipay's.
        "sale" => ["bus", "chassis", "fleet", "payment", "store"].contains(&to),
        "tidegate" => to != "xtask",
        "simulation" => LIBS.contains(&to) || ["orchestrator", "projector"].contains(&to),
        // It sees processes from outside, as a merchant and an operator do.
        "trials" => false,
        _ => LIBS.contains(&to),
    }
}

fn wrong(graph: &Graph) -> Violations {
    let mut violations = Violations::new();
    for (from, all) in graph {
        for to in all {
            let ours = is_known(to);
            if ours && !may(from, to) {
                violations.push(format!("{from} -> {to}: this arrow is not in the design"));
            }
            let wrapper = WRAPPED.iter().find(|(wrapped, _)| wrapped == to);
            if let Some((_, allowed)) = wrapper
                && !allowed.contains(&from.as_str())
            {
                violations.push(format!("{from} -> {to}: only {allowed:?} may"));
            }
            if from == "payment" && ["serde", "tokio", "tracing"].contains(&to.as_str()) {
                violations.push(format!("payment -> {to}: the core is pure"));
            }
        }
    }
    violations
}

#[test]
fn all_arrows_point_as_the_design_draws_them() {
    none(wrong(&graph()));
}

#[test]
fn every_crate_is_known_here() {
    let unknown = graph()
        .into_keys()
        .filter(|name| name != "xtask")
        .filter(|name| !is_known(name))
        .map(|name| format!("{name}: say here what it may depend on"));
    none(unknown.collect());
}

#[test]
fn a_wrong_arrow_is_found() {
    let edge = |from: &str, to: &str| (from.to_owned(), vec![to.to_owned()]);
    let graph = Graph::from([
        edge("payment", "serde"),
        edge("store", "bus"),
        edge("gateway", "sqlx"),
        edge("orchestrator", "gateway"),
        edge("projector", "store"),
    ]);
    assert_eq!(wrong(&graph).len(), 4, "{:?}", wrong(&graph));
}
