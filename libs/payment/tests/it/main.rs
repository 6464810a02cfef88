//! The core by its public words: given what happened, when this comes, then that follows. No IO
//! anywhere, so hours and races cost nothing.
//!
//! Not here, because the core can't show them: A1 and A2 (the wire: `alipay`), H3 (leases:
//! `orchestrator`), D2's shape is minted here but counted by `store`.

#[cfg(test)]
mod accepting;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod in_flight;
#[cfg(test)]
mod inquiring;
#[cfg(test)]
mod late_success;
#[cfg(test)]
mod play;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod refunding;
#[cfg(test)]
mod resolving;
#[cfg(test)]
mod reversing;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod walks;
#[cfg(test)]
mod withdrawing;
#[cfg(test)]
mod words;
