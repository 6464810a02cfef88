//! What `topics` makes, and what it says of what is there.

use crate::bench::{Bench, on_kafka, read_all};
use crate::world::{cancel, options, order_in, sealer};
use bus::{Consumer, Error, KafkaOptions, topics};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use std::time::Duration;

async fn compared(bench: &Bench) {
    let again = topics::apply(bench.options()).await.unwrap();
    assert_eq!(again.created, Vec::<String>::new());
    let of_topics = |one: &&topics::Difference| one.of.starts_with("topic");
    assert_eq!(again.differences.iter().filter(of_topics).count(), 0);
    let other = KafkaOptions {
        commands_retention_ms: 3_600_000,
        replication: 3,
        min_insync_replicas: 2,
        ..bench.options().clone()
    };
    let differences = topics::apply(&other).await.unwrap().differences;
    let commands = &other.commands_topic;
    let of = format!("topic {commands}");
    let about = differences.iter().filter(|one| one.of == of);
    let told: Vec<String> = about.map(ToString::to_string).collect();
    let alter = format!(
        "kafka-configs.sh --alter --entity-type topics --entity-name {commands} --add-config"
    );
    let expected = [
        format!(
            "topic {commands}: replication.factor is 1, wanted 3; move it with \
             kafka-reassign-partitions.sh"
        ),
        format!(
            "topic {commands}: retention.ms is 86400000, wanted 3600000; {alter} \
             retention.ms=3600000, or change the options"
        ),
        format!(
            "topic {commands}: segment.ms is 21600000, wanted 900000; {alter} \
             segment.ms=900000, or change the options"
        ),
        format!(
            "topic {commands}: min.insync.replicas is 1, wanted 2; {alter} \
             min.insync.replicas=2, or change the options"
        ),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn topics_are_made_once_and_each_difference_is_told_with_what_to_do() {
    on_kafka(compared).await;
}

async fn impatient(bench: &Bench) {
    // One that nothing was set for.
    let untouched = KafkaOptions {
        group: format!("{}.untouched", bench.options().group),
        ..bench.options().clone()
    };
    let group = &untouched.group;
    let admin: AdminClient<DefaultClientContext> = bench.client().create().unwrap();
    let limits = AdminOptions::new();
    let broker = [ResourceSpecifier::Broker(1)];
    let broker = admin.describe_configs(&broker, &limits).await.unwrap();
    let setting = broker[0].as_ref().unwrap();
    let setting = setting.get("group.consumer.session.timeout.ms").unwrap();
    let patience_ms = setting.value.clone().unwrap();
    let told = topics::verify(&untouched).await.unwrap();
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    if patience_ms.parse::<u64>().unwrap() <= 10_000 {
        assert_eq!(told, Vec::<String>::new());
    } else {
        let said = format!(
            "group {group}: consumer.session.timeout.ms is {patience_ms}, wanted at most 10000; "
        );
        assert!(told.len() == 1 && told[0].starts_with(&said), "{told:?}");
    }
    bench.set_session_timeout_ms(50_000).await;
    // It is not read, and is no reason not to start.
    assert!(topics::verify(bench.options()).await.is_ok());
}

#[tokio::test]
async fn a_broker_that_waits_long_for_the_dead_is_told() {
    on_kafka(impatient).await;
}

async fn another_count(bench: &Bench) {
    let few = format!("{}.few", bench.options().commands_topic);
    let options_of = |topic: &str| KafkaOptions {
        commands_topic: topic.to_owned(),
        ..bench.options().clone()
    };
    let admin: AdminClient<DefaultClientContext> = bench.client().create().unwrap();
    let limits = AdminOptions::new();
    let new = NewTopic::new(&few, 6, TopicReplication::Fixed(1));
    admin.create_topics([&new], &limits).await.unwrap();
    let mut verified = topics::verify(&options_of(&few)).await;
    // A topic is made before every broker knows of it.
    while verified
        .as_ref()
        .is_err_and(|error| error.to_string().contains("not there"))
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
        verified = topics::verify(&options_of(&few)).await;
    }
    let applied = topics::apply(&options_of(&few)).await.map(|_| ());
    let started = Consumer::kafka(&options_of(&few), sealer(), options(8)).unwrap();
    let started = started.next().await.map(|_| ());
    admin.delete_topics(&[&few], &limits).await.unwrap();
    for refused in [verified.map(|_| ()), applied, started] {
        let Err(Error::Misconfigured(reason)) = refused else {
            panic!("{refused:?}");
        };
        let said = format!("topic {few} has 6 partitions, and this release works with 12");
        assert!(reason.starts_with(&said), "{reason}");
    }
    let missing = topics::verify(&options_of("tidegate-test-missing")).await;
    let Err(Error::Misconfigured(reason)) = missing else {
        panic!("{missing:?}");
    };
    assert!(reason.ends_with("run `tidegate topics apply`"), "{reason}");
}

#[tokio::test]
async fn a_topic_with_another_number_of_partitions_is_refused_by_apply_and_at_start() {
    on_kafka(another_count).await;
}

async fn written(bench: &Bench) {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut command = cancel(order_in(11, 0), 1);
    command.traceparent = Some(trace.to_owned());
    bench.producer().produce(&command).await.unwrap();
    let (client, topic) = (bench.client(), bench.options().commands_topic.clone());
    let read = tokio::task::spawn_blocking(move || read_all(&client, &topic, 11));
    let found = read.await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0["traceparent"], trace);
    let record: serde_json::Value = serde_json::from_slice(&found[0].1).unwrap();
    assert_eq!(record["traceparent"], trace);
    assert_eq!(record["version"], 1);
}

#[tokio::test]
async fn a_record_bears_its_trace_context_in_its_header_as_in_its_envelope() {
    on_kafka(written).await;
}
