//! Kafka: one broker in KRaft mode that is its own controller, how it is configured and started,
//! whether it answers. Its programs come from `maven.rs`.

use super::describe;
use super::engine::Engine;
use super::process::{Launch, run};
use super::redis::connect;
use super::wait::spin;
use super::{Stack, install, maven};
use anyhow::{Context, ensure};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Without an appender of its own the broker is silent.
const LOGGING: &str = "\
rootLogger.level=info
rootLogger.appenderRefs=console
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
";

/// Writes the configuration, formats the storage where there is none, and says how to start it.
pub(crate) fn launch(stack: &Stack) -> anyhow::Result<Launch> {
    let folder = stack.folder_of(Engine::Kafka);
    super::make(&folder.join("records"))?;
    let server = folder.join("server.properties");
    let ports = &stack.ports;
    let records = folder.join("records");
    let text = configuration(ports.kafka, ports.kafka_controller, &records);
    fs::write(&server, text)?;
    fs::write(folder.join("log4j2.properties"), LOGGING)?;
    let java = install::java().context("no Java of version 17 or later is installed")?;
    let classes = format!("{}/*", maven::kafka(stack)?.display());
    let logging = format!(
        "-Dlog4j2.configurationFile={}",
        folder.join("log4j2.properties").display()
    );
    if !records.join("meta.properties").exists() {
        spin("kafka: formatting its storage", || {
            let id = cluster_id(&java, &classes)?;
            let mut command = Command::new(&java);
            command.args([&logging, "-cp", &classes, "kafka.tools.StorageTool"]);
            command.args(["format", "-t", &id, "-c"]).arg(&server);
            run(&mut command, &stack.log(Engine::Kafka))
        })?;
    }
    Ok(Launch {
        program: java,
        args: [
            "-Xms256m",
            "-Xmx512m",
            &logging,
            "-cp",
            &classes,
            "kafka.Kafka",
            &server.display().to_string(),
        ]
        .map(str::to_owned)
        .to_vec(),
        folder,
        owner: None,
    })
}

/// One node with a static voter. With the factors' defaults a lone broker never makes its internal
/// topics, and every group waits for ever. After a kill the broker may not work before the session of
/// its former self is over: with the default that is most of the 14 s until it answers again. And
/// with the groups' default a killed worker's partitions would be nobody's for 45 s.
fn configuration(port: u16, controller_port: u16, records: &Path) -> String {
    format!(
        "\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.consumer.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.heartbeat.interval.ms=250
group.consumer.min.heartbeat.interval.ms=250
auto.create.topics.enable=false
",
        records.display()
    )
}

fn cluster_id(java: &Path, classes: &str) -> anyhow::Result<String> {
    let made = Command::new(java)
        .args(["-cp", classes, "kafka.tools.StorageTool", "random-uuid"])
        .stdin(Stdio::null())
        .output()
        .context("Kafka's storage tool can't be run")?;
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    // What it says before the id is its logging library's.
    let id = said.lines().last().map(str::trim).unwrap_or_default();
    ensure!(
        made.status.success() && id.len() == 22,
        "Kafka's storage tool made no id: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    Ok(id.to_owned())
}

/// Whether it is a broker that its cluster lets work: its port is open some time before that.
pub(crate) fn answers(port: u16) -> bool {
    let mut answer = Vec::new();
    let asked = connect(port).and_then(|mut stream| {
        stream.write_all(&describe::REQUEST)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u64::from(u32::from_be_bytes(length));
        stream.take(length).read_to_end(&mut answer)
    });
    asked.is_ok() && describe::brokers(&answer).is_some_and(|brokers| brokers > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_on_this_machine_alone_and_makes_no_topic_unasked() {
        let text = configuration(1, 2, Path::new("there"));
        assert!(text.contains("listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n"));
        assert!(text.contains("controller.quorum.voters=1@127.0.0.1:2\n"));
        assert!(text.contains("log.dirs=there\n"));
        assert!(text.contains("auto.create.topics.enable=false\n"));
        assert!(!text.contains("0.0.0.0"));
    }
}
