//! The bus as its users see it: only the public words, over the log in memory and over Kafka.

#[cfg(test)]
mod bench;
mod consuming;
#[cfg(test)]
mod contract;
mod gated_log;
mod producing;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod world;
