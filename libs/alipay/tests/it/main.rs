//! The protocol as its users see it: signatures made by Alipay's own SDK, and a small server that
//! answers well and badly. What nobody honest would send is in `hostile_*` and `corpus`.

#[cfg(test)]
mod asking;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod hostile_notifications;
#[cfg(test)]
mod hostile_signatures;
#[cfg(test)]
mod keep_alive;
#[cfg(test)]
mod notified;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod rotating;
#[cfg(test)]
mod second_reader;
#[cfg(test)]
mod vectors;
