//! Where the engines are, for a person and for Tidegate's configuration.

use super::Stack;
use super::postgres::USER;
use anyhow::Context;
use std::fs;

/// The file of a stack's folder with the piece of configuration.
pub(crate) const FILE: &str = "tidegate.toml";

/// The piece of Tidegate's configuration that leads to these engines.
pub(crate) fn configuration(stack: &Stack) -> String {
    let ports = &stack.ports;
    format!(
        "\
[store]
postgres_url = \"postgres://{USER}@127.0.0.1:{}/{USER}\"

[bus]
kafka_brokers = \"127.0.0.1:{}\"

[fleet]
redis_url = \"redis://127.0.0.1:{}/0\"
",
        ports.postgres, ports.kafka, ports.redis
    )
}

/// Leaves it in the stack's folder too, for tests.
pub(crate) fn write(stack: &Stack) -> anyhow::Result<()> {
    let file = stack.folder.join(FILE);
    fs::write(&file, configuration(stack))
        .with_context(|| format!("{} can't be written", file.display()))
}
