//! The two topics: made where they are missing, and held to their settings where they are there;
//! and the group's patience with the dead. Nothing that exists is changed; what differs is told
//! with what to do.

use super::KafkaOptions;
use crate::{Error, LogError, PARTITIONS};
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How much of a topic's retention one segment covers: Kafka removes whole segments.
const SEGMENTS_KEPT: u64 = 4;

/// What [`apply`] did and found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The topics that were missing and are there now.
    pub created: Vec<String>,
    /// How those that were there differ from what they should be.
    pub differences: Vec<Difference>,
}

/// One setting that is not as it should be. Displays as a sentence with what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What it is a setting of: `topic NAME` or `group NAME`.
    pub of: String,
    /// Kafka's name of the setting.
    pub setting: &'static str,
    /// What it is.
    pub found: String,
    /// What it should be.
    pub wanted: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            of,
            setting,
            found,
            wanted,
            remedy,
        } = self;
        write!(f, "{of}: {setting} is {found}, wanted {wanted}; {remedy}")
    }
}

/// How long the group may wait for a member before it gives its partitions to others. Until then
/// nobody takes the commands of a worker that was killed, and a sale has 38 s.
const SESSION_TIMEOUT_MS_MAX: u64 = 10_000;

/// What a topic should be.
struct Wanted<'a> {
    name: &'a str,
    partitions: u16,
    replication: u16,
    settings: [(&'static str, String); 4],
}

/// Creates the topics that are missing, with their settings, and compares those that are there.
///
/// # Errors
/// [`Error::Misconfigured`] where the commands' topic has another number of partitions: start on a
/// new topic, since orders would change their partition. [`Error::Unavailable`].
pub async fn apply(options: &KafkaOptions) -> Result<Applied, Error> {
    let admin = connect(options)?;
    let patience = Duration::from_millis(options.admin_timeout_ms);
    let limits = AdminOptions::new()
        .request_timeout(Some(patience))
        .operation_timeout(Some(patience));
    let known = metadata(&admin, patience).await?;
    let (mut created, mut there) = (Vec::new(), Vec::new());
    for topic in wanted(options) {
        if found(&known, topic.name).is_some() || !create(&admin, &limits, &topic).await? {
            there.push(topic);
        } else {
            created.push(topic.name.to_owned());
        }
    }
    let mut differences = compare(&admin, &limits, &there).await?;
    differences.extend(patience_with_the_dead(&admin, &limits, &options.group).await?);
    Ok(Applied {
        created,
        differences,
    })
}

/// Compares the topics with what they should be; for a start-up. Nothing is created.
///
/// # Errors
/// [`Error::Misconfigured`] where one is missing, or the commands' topic has another number of
/// partitions. [`Error::Unavailable`]: Kafka is away, which is no reason not to start.
pub async fn verify(options: &KafkaOptions) -> Result<Vec<Difference>, Error> {
    let admin = connect(options)?;
    let patience = Duration::from_millis(options.admin_timeout_ms);
    let known = metadata(&admin, patience).await?;
    let there: Vec<Wanted<'_>> = wanted(options).into();
    for topic in &there {
        if found(&known, topic.name).is_none() {
            check_partitions(topic.name, 0)?;
        }
    }
    let limits = AdminOptions::new().request_timeout(Some(patience));
    let mut differences = compare(&admin, &limits, &there).await?;
    differences.extend(patience_with_the_dead(&admin, &limits, &options.group).await?);
    Ok(differences)
}

/// Whether the commands' topic can be used; `count` 0 is a topic that is not there.
pub(super) fn check_partitions(topic: &str, count: usize) -> Result<(), Error> {
    match count {
        0 => Err(Error::Misconfigured(format!(
            "topic {topic} is not there; run `tidegate topics apply`"
        ))),
        count if count == usize::from(PARTITIONS) => Ok(()),
        other => Err(Error::Misconfigured(format!(
            "topic {topic} has {other} partitions, and this release works with {PARTITIONS}; \
             orders would change their partition, so give it a new topic by `commands_topic` and \
             run `tidegate topics apply`"
        ))),
    }
}

fn wanted(options: &KafkaOptions) -> [Wanted<'_>; 2] {
    let topic = |name, partitions, retention_ms: u64| Wanted {
        name,
        partitions,
        replication: options.replication,
        settings: [
            ("retention.ms", retention_ms.to_string()),
            ("segment.ms", segment_ms(retention_ms).to_string()),
            (
                "min.insync.replicas",
                options.min_insync_replicas.to_string(),
            ),
            ("cleanup.policy", "delete".to_owned()),
        ],
    };
    [
        topic(
            &options.commands_topic,
            PARTITIONS,
            options.commands_retention_ms,
        ),
        topic(&options.dead_topic, 1, options.dead_retention_ms),
    ]
}

fn segment_ms(retention_ms: u64) -> u64 {
    (retention_ms / SEGMENTS_KEPT).max(1)
}

fn connect(options: &KafkaOptions) -> Result<Arc<AdminClient<DefaultClientContext>>, Error> {
    let config = options.checked()?.connecting();
    let admin = config.create();
    let admin = admin.map_err(|error: KafkaError| Error::Misconfigured(error.to_string()))?;
    Ok(Arc::new(admin))
}

/// All topics: asking for one by name may make it.
async fn metadata(
    admin: &Arc<AdminClient<DefaultClientContext>>,
    patience: Duration,
) -> Result<Metadata, Error> {
    let admin = Arc::clone(admin);
    let asked = tokio::task::spawn_blocking(move || admin.inner().fetch_metadata(None, patience));
    let answer = asked.await.map_err(|error| unavailable(&error))?;
    answer.map_err(|error| unavailable(&error))
}

/// How many partitions a topic has, and on how many brokers.
fn found(known: &Metadata, name: &str) -> Option<(usize, usize)> {
    let topic = known.topics().iter().find(|topic| topic.name() == name)?;
    let copies = topic.partitions().iter().map(|part| part.replicas().len());
    Some((topic.partitions().len(), copies.min().unwrap_or(0)))
}

/// Whether it was missing until now.
async fn create(
    admin: &AdminClient<DefaultClientContext>,
    limits: &AdminOptions,
    topic: &Wanted<'_>,
) -> Result<bool, Error> {
    let replication = TopicReplication::Fixed(i32::from(topic.replication));
    let mut new = NewTopic::new(topic.name, i32::from(topic.partitions), replication);
    for (setting, value) in &topic.settings {
        new = new.set(setting, value);
    }
    let answers = admin.create_topics([&new], limits).await;
    let answers = answers.map_err(|error| unavailable(&error))?;
    for answer in answers {
        match answer {
            Ok(_name) => {}
            Err((_name, RDKafkaErrorCode::TopicAlreadyExists)) => return Ok(false),
            Err((name, code @ RDKafkaErrorCode::InvalidReplicationFactor)) => {
                return Err(Error::Misconfigured(format!(
                    "topic {name} can't be made with `replication` {}: {code}",
                    topic.replication
                )));
            }
            Err((name, code)) => return Err(unavailable(&format!("topic {name}: {code}"))),
        }
    }
    Ok(true)
}

async fn compare(
    admin: &Arc<AdminClient<DefaultClientContext>>,
    limits: &AdminOptions,
    topics: &[Wanted<'_>],
) -> Result<Vec<Difference>, Error> {
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let known = metadata(admin, Duration::from_secs(10)).await?;
    let asked = topics
        .iter()
        .map(|topic| ResourceSpecifier::Topic(topic.name));
    let asked: Vec<_> = asked.collect();
    let answers = admin.describe_configs(&asked, limits).await;
    let answers = answers.map_err(|error| unavailable(&error))?;
    let mut differences = Vec::new();
    for (topic, answer) in topics.iter().zip(answers) {
        let config =
            answer.map_err(|code| unavailable(&format!("topic {}: {code}", topic.name)))?;
        let (partitions, replication) = found(&known, topic.name).unwrap_or((0, 0));
        if topic.partitions == PARTITIONS {
            check_partitions(topic.name, partitions)?;
        }
        differences.extend(differing(topic, &config, replication));
    }
    Ok(differences)
}

fn differing(topic: &Wanted<'_>, config: &ConfigResource, replication: usize) -> Vec<Difference> {
    let name = topic.name;
    let difference = |setting, found: String, wanted: &str, remedy: String| {
        (found != wanted).then(|| Difference {
            of: format!("topic {name}"),
            setting,
            found,
            wanted: wanted.to_owned(),
            remedy,
        })
    };
    let copies = difference(
        "replication.factor",
        replication.to_string(),
        &topic.replication.to_string(),
        "move it with kafka-reassign-partitions.sh".to_owned(),
    );
    let settings = topic.settings.iter().map(|(setting, wanted)| {
        let found = config.get(setting).and_then(|entry| entry.value.clone());
        let remedy = format!(
            "kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config \
             {setting}={wanted}, or change the options"
        );
        difference(setting, found.unwrap_or_default(), wanted, remedy)
    });
    copies.into_iter().chain(settings.flatten()).collect()
}

async fn patience_with_the_dead(
    admin: &AdminClient<DefaultClientContext>,
    limits: &AdminOptions,
    group: &str,
) -> Result<Option<Difference>, Error> {
    let setting = "consumer.session.timeout.ms";
    let asked = [ResourceSpecifier::Group(group)];
    let answers = match admin.describe_configs(&asked, limits).await {
        Ok(answers) => answers,
        // What rdkafka 0.39 makes of a group that was given a setting of its own; whoever gave it
        // knew what for.
        Err(KafkaError::AdminOpCreation(_)) => return Ok(None),
        Err(error) => return Err(unavailable(&error)),
    };
    // A broker that does not know the setting has no such group either.
    let config = answers.into_iter().find_map(Result::ok);
    let found = config.and_then(|config| config.get(setting)?.value.clone());
    let Some(found) = found else { return Ok(None) };
    let short = found
        .parse()
        .is_ok_and(|ms: u64| ms <= SESSION_TIMEOUT_MS_MAX);
    Ok((!short).then(|| Difference {
        of: format!("group {group}"),
        setting,
        found,
        wanted: format!("at most {SESSION_TIMEOUT_MS_MAX}"),
        remedy: "until then nobody takes the commands of a worker that was killed; set \
                 group.consumer.session.timeout.ms, group.consumer.min.session.timeout.ms, \
                 group.consumer.heartbeat.interval.ms and \
                 group.consumer.min.heartbeat.interval.ms on the brokers"
            .to_owned(),
    }))
}

fn unavailable(error: &impl fmt::Display) -> Error {
    Error::Unavailable(LogError(error.to_string()))
}
