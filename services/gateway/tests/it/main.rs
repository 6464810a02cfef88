//! The gateway over real HTTP, built by its own `App::build`. Its worker is played by the tests.

mod bad_input;
mod cancels;
mod events;
mod house;
mod idempotency;
mod issuer;
mod looking;
mod notifications;
mod operations;
mod paying;
mod settings;
mod tokens;
mod waiting;
