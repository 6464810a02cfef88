//! The simulator as a gateway sees it: over HTTP, through the real client.

#[cfg(test)]
mod counter;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod playing;
#[cfg(test)]
mod rotating;
#[cfg(test)]
mod telling;
