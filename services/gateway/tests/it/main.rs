//! The gateway over real HTTP, built by its own `App::build`. Its worker is played by the tests.

#[cfg(test)]
mod admission;
#[cfg(test)]
mod attack;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod cancels;
#[cfg(test)]
mod events;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod forgery;
#[cfg(test)]
mod hanging_up;
#[cfg(test)]
mod house;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod looking;
#[cfg(test)]
mod notifications;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod paying;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod smith;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod unreadable;
#[cfg(test)]
mod waiting;
