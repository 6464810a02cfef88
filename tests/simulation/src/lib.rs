//! Shows that no order of events makes the payment lie: a model checker over the real core, and a
//! simulation of the real driver. For tests only; nothing here is part of a release.

pub mod batch;
pub mod model;
pub mod sim;
