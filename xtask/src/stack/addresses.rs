//! Where the engines are, for a person and for Tidegate's configuration.

use super::Stack;
use super::ports::Ports;
use super::postgres::USER;
use anyhow::Context;
use std::fs;

/// The file of a stack's folder with the piece of configuration.
pub(crate) const FILE: &str = "tidegate.toml";

/// The piece of Tidegate's configuration that leads to these engines. One broker can keep a record
/// only once.
pub(crate) fn configuration(ports: &Ports) -> String {
    format!(
        "\
[store.postgres]
url = \"postgres://{USER}@127.0.0.1:{}/{USER}\"

[bus.kafka]
bootstrap_servers = [\"127.0.0.1:{}\"]
replication = 1
min_insync_replicas = 1

[fleet.redis]
url = \"redis://127.0.0.1:{}/0\"
",
        ports.postgres, ports.kafka, ports.redis
    )
}

/// Leaves it in the stack's folder too, for tests.
pub(crate) fn write(stack: &Stack) -> anyhow::Result<()> {
    let file = stack.folder.join(FILE);
    fs::write(&file, configuration(&stack.ports))
        .with_context(|| format!("{} can't be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_stands_in_its_own_section_with_its_own_port() {
        let ports = Ports {
            postgres: 1,
            redis: 2,
            kafka: 3,
            kafka_controller: 4,
        };
        let text = configuration(&ports);
        let sections: Vec<&str> = text.split("\n\n").collect();
        let [store, bus, fleet] = sections.as_slice() else {
            unreachable!("three engines, three sections: {text}");
        };
        assert!(store.starts_with("[store.postgres]") && store.contains("127.0.0.1:1/tidegate"));
        assert!(bus.starts_with("[bus.kafka]") && bus.contains("[\"127.0.0.1:3\"]"));
        assert!(fleet.starts_with("[fleet.redis]") && fleet.contains("127.0.0.1:2/0"));
    }
}
