//! The same three engines from `deploy/compose.yaml`, where Docker exists. Little here but words
//! handed on: Compose has its own waiting and its own errors.

use super::engine::Engine;
use super::faults::Act;
use super::ports::Ports;
use super::wait::{spin, until};
use super::{Leave, install};
use anyhow::{Context, ensure};
use std::process::Command;

/// Starts them and waits until each is healthy, and Kafka works: its port alone is open before that.
pub(crate) fn up(ports: &Ports) -> anyhow::Result<()> {
    compose(ports, &["up", "--detach", "--wait"])?;
    let kafka = Engine::Kafka;
    let answers = spin("kafka: waiting for its answer", || {
        until(kafka.patience(), || kafka.answers(ports))
    })?;
    ensure!(
        answers,
        "kafka is healthy, as Docker says, and does not answer"
    );
    Ok(())
}

/// Removes their containers, and their data where none is to be left.
pub(crate) fn down(ports: &Ports, leave: Leave) -> anyhow::Result<()> {
    match leave {
        Leave::Data => compose(ports, &["down"]),
        Leave::Nothing => compose(ports, &["down", "--volumes"]),
    }
}

/// Prints what of them runs.
pub(crate) fn state(ports: &Ports) -> anyhow::Result<()> {
    compose(ports, &["ps", "--all"])
}

/// Does it to one of them.
pub(crate) fn act(ports: &Ports, engine: Engine, act: Act) -> anyhow::Result<()> {
    let mut words = words(act).to_vec();
    words.push(engine.name());
    compose(ports, &words)
}

fn words(act: Act) -> &'static [&'static str] {
    match act {
        Act::Start => &["up", "--detach", "--wait"],
        Act::Stop => &["stop"],
        Act::Kill => &["kill"],
        Act::Pause => &["pause"],
        Act::Resume => &["unpause"],
    }
}

fn compose(ports: &Ports, words: &[&str]) -> anyhow::Result<()> {
    let docker =
        install::on_path("docker").context("Docker is not installed; leave --docker out")?;
    let file = crate::tree::root().join("deploy").join("compose.yaml");
    let status = Command::new(docker)
        .args(["compose", "--project-name", "tidegate-stack", "--file"])
        .arg(file)
        .args(words)
        .env("TIDEGATE_STACK_POSTGRES_PORT", ports.postgres.to_string())
        .env("TIDEGATE_STACK_REDIS_PORT", ports.redis.to_string())
        .env("TIDEGATE_STACK_KAFKA_PORT", ports.kafka.to_string())
        .status()
        .context("Docker can't be run")?;
    ensure!(status.success(), "Docker's Compose failed; see above");
    Ok(())
}
