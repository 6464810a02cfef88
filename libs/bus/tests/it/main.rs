//! The bus as its users see it: only the public words, over the log in memory.

mod consuming;
mod gated_log;
mod producing;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod world;
