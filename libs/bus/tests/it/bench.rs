//! The two ways of the bus behind the few words that the contract needs. Kafka's runs where
//! TIDEGATE_TEST_KAFKA names a broker, on topics of its own, and says so loudly where it can't.

use crate::world::{consumer, options, producer, sealer};
use bus::{
    CommandLog, Consumer, KafkaOptions, MemoryLog, PARTITIONS, Producer, Sealer, partition_of,
    topics,
};
use payment::OrderId;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

pub(crate) const KAFKA: &str = "TIDEGATE_TEST_KAFKA";
/// Longer than a busy machine keeps a living member from saying so, and than a restart takes; the
/// stack's broker gives a silent one's partitions away after a second.
const SESSION_TIMEOUT_MS: u32 = 10_000;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) enum Bench {
    Memory { log: MemoryLog, first: Producer },
    Kafka(Box<KafkaOptions>),
}

/// A dead letter as a person finds it: what it says beside the record, and the record.
pub(crate) type DeadLetter = (BTreeMap<String, String>, Vec<u8>);

/// Runs a case on topics of its own, if there is a Kafka.
pub(crate) async fn on_kafka(case: impl AsyncFnOnce(&Bench)) {
    let Ok(bootstrap) = std::env::var(KAFKA) else {
        // Straight to the terminal: what a test prints is shown only if it fails.
        let skipped = format!("SKIPPED, NOT PASSED: {KAFKA} names no broker");
        let _shown = writeln!(std::io::stderr(), "{skipped}");
        return;
    };
    let bench = Bench::kafka(&bootstrap);
    bench.make_topics().await;
    bench.set_session_timeout_ms(SESSION_TIMEOUT_MS).await;
    case(&bench).await;
}

impl Bench {
    pub(crate) fn memory() -> Self {
        let log = MemoryLog::new();
        let first = producer(&log);
        Self::Memory { log, first }
    }

    fn kafka(bootstrap: &str) -> Self {
        let name = format!("tidegate-test-{}", Uuid::new_v4());
        Self::Kafka(Box::new(KafkaOptions {
            group: name.clone(),
            commands_topic: name.clone(),
            dead_topic: format!("{name}.dead"),
            replication: 1,
            min_insync_replicas: 1,
            ..KafkaOptions::at(vec![bootstrap.to_owned()])
        }))
    }

    async fn make_topics(&self) {
        let applied = topics::apply(self.options()).await.unwrap();
        assert_eq!(applied.created.len(), 2);
        // A topic is made before every broker knows of it.
        for _ in 0..100 {
            if topics::verify(self.options()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the topics did not appear");
    }

    /// How long its group keeps the partitions of a member that says nothing.
    pub(crate) async fn set_session_timeout_ms(&self, ms: u32) {
        let group = ResourceSpecifier::Group(&self.options().group);
        let ms = ms.to_string();
        let set = AlterConfig::new(group).set("consumer.session.timeout.ms", &ms);
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let altered = admin.alter_configs([&set], &AdminOptions::new()).await;
        assert!(altered.unwrap().iter().all(Result::is_ok));
    }

    pub(crate) fn options(&self) -> &KafkaOptions {
        match self {
            Self::Kafka(options) => options,
            Self::Memory { .. } => panic!("no Kafka here"),
        }
    }

    pub(crate) fn producer(&self) -> Producer {
        match self {
            Self::Memory { first, .. } => first.clone(),
            Self::Kafka(options) => Producer::kafka(options, sealer()).unwrap(),
        }
    }

    pub(crate) fn consumer(&self, in_flight_max: usize) -> Consumer {
        match self {
            Self::Memory { log, first } => consumer(log, first, in_flight_max),
            Self::Kafka(_) => self.consumer_with(sealer(), in_flight_max),
        }
    }

    pub(crate) fn consumer_with(&self, sealer: Sealer, in_flight_max: usize) -> Consumer {
        let options = options(in_flight_max);
        match self {
            Self::Memory { log, first } => {
                Consumer::embedded(Arc::new(log.clone()), sealer, &first.doorbell(), options)
            }
            Self::Kafka(kafka) => Consumer::kafka(kafka, sealer, options).unwrap(),
        }
    }

    /// A record that no producer of ours wrote.
    pub(crate) async fn put(&self, order: OrderId, record: &[u8]) {
        let partition = partition_of(order);
        match self {
            Self::Memory { log, .. } => {
                log.put(partition, order.as_uuid(), record).await.unwrap();
            }
            Self::Kafka(options) => {
                let producer: FutureProducer = self.client().create().unwrap();
                let key = order.to_string();
                let record = FutureRecord::to(&options.commands_topic)
                    .partition(i32::from(partition))
                    .key(&key)
                    .payload(record);
                producer.send(record, PATIENCE).await.unwrap();
            }
        }
    }

    /// Waits until this many records of a partition are left to be committed.
    pub(crate) async fn left_becomes(&self, partition: u16, wanted: i64) {
        let mut left = 0;
        for _ in 0..200 {
            left = self.left(partition).await;
            if left == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{left} are left in partition {partition}, not {wanted}");
    }

    /// How many records of a partition are not committed.
    pub(crate) async fn left(&self, partition: u16) -> i64 {
        match self {
            Self::Memory { log, .. } => {
                let committed = log.committed(partition).await.unwrap();
                let left = log.read(partition, committed, 100_000).await.unwrap();
                i64::try_from(left.len()).unwrap()
            }
            Self::Kafka(options) => {
                let (client, topic) = (self.client(), options.commands_topic.clone());
                let asked = tokio::task::spawn_blocking(move || left(&client, &topic, partition));
                asked.await.unwrap()
            }
        }
    }

    /// Long enough for a record that should not come to come.
    pub(crate) async fn is_quiet(&self, consumer: &Consumer) -> bool {
        let patience = match self {
            Self::Memory { .. } => Duration::from_millis(80),
            Self::Kafka(_) => Duration::from_millis(600),
        };
        tokio::time::timeout(patience, consumer.next())
            .await
            .is_err()
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        match self {
            Self::Memory { log, .. } => {
                let all = (0..PARTITIONS).flat_map(|partition| log.dead_letters(partition));
                let reason = |text| BTreeMap::from([("reason".to_owned(), text)]);
                all.map(|(_, text, record)| (reason(text), record))
                    .collect()
            }
            Self::Kafka(options) => {
                let (client, topic) = (self.client(), options.dead_topic.clone());
                let read = tokio::task::spawn_blocking(move || read_all(&client, &topic, 0));
                read.await.unwrap()
            }
        }
    }

    /// A client that is not ours.
    pub(crate) fn client(&self) -> ClientConfig {
        let options = self.options();
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", options.bootstrap_servers.join(","))
            .set("group.id", &options.group);
        config
    }
}

fn left(client: &ClientConfig, topic: &str, partition: u16) -> i64 {
    let client: BaseConsumer = client.create().unwrap();
    let partition = i32::from(partition);
    let (low, high) = client.fetch_watermarks(topic, partition, PATIENCE).unwrap();
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, partition);
    let committed = client.committed_offsets(asked, PATIENCE).unwrap();
    let next = committed.elements()[0].offset().to_raw().unwrap();
    // Nothing is committed yet where it is none.
    let next = if next < 0 { low } else { next };
    high - next
}

/// Everything in a partition.
pub(crate) fn read_all(client: &ClientConfig, topic: &str, partition: i32) -> Vec<DeadLetter> {
    let reader: BaseConsumer = client.create().unwrap();
    let (low, high) = reader.fetch_watermarks(topic, partition, PATIENCE).unwrap();
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(topic, partition, Offset::Offset(low))
        .unwrap();
    reader.assign(&all).unwrap();
    let mut found = Vec::new();
    for _ in low..high {
        let message = reader.poll(PATIENCE).unwrap().unwrap();
        let mut said = BTreeMap::new();
        for header in message.headers().into_iter().flat_map(|all| all.iter()) {
            let value = String::from_utf8(header.value.unwrap().to_vec()).unwrap();
            said.insert(header.key.to_owned(), value);
        }
        found.push((said, message.payload().unwrap().to_vec()));
    }
    found
}

impl Drop for Bench {
    fn drop(&mut self) {
        let Self::Kafka(options) = self else {
            return;
        };
        let (commands, dead) = (options.commands_topic.clone(), options.dead_topic.clone());
        let client = self.client();
        // Also after a case that failed; a runtime can't be entered from within another.
        let deleting = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let admin: AdminClient<DefaultClientContext> = client.create().unwrap();
            let topics = [commands.as_str(), dead.as_str()];
            let limits = AdminOptions::new().request_timeout(Some(PATIENCE));
            let deleted = admin.delete_topics(&topics, &limits);
            let _best_effort = runtime.build().unwrap().block_on(deleted);
        });
        let _best_effort = deleting.join();
    }
}
