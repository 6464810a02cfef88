//! The bus as its users see it: only the public words, over the log in memory and over Kafka.

#[cfg(test)]
mod bench;
mod consuming;
#[cfg(test)]
mod contract;
mod gated_log;
#[cfg(test)]
mod kafka_away;
#[cfg(test)]
mod kafka_group;
#[cfg(test)]
mod kafka_topics;
#[cfg(test)]
mod kafka_volume;
mod producing;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod world;
