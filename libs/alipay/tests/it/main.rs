//! The protocol as its users see it: signatures made by Alipay's own SDK, and a small server that
//! answers well and badly.

#[cfg(test)]
mod asking;
#[cfg(test)]
mod notified;
#[cfg(test)]
mod vectors;
