//! How any process of ours is configured, reports, and stops. Knows nothing of payments.

pub mod clock;
pub mod config;
pub mod descriptors;
pub mod health;
pub mod kept;
pub mod logging;
pub mod metrics;
pub mod operations;
pub mod permissions;
pub mod secret;
pub mod shutdown;
