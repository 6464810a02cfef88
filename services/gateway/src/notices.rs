//! What the gateway needs to believe a notification: Alipay's public key and our own client id.

use alipay::signature::Verifier;

/// Where Alipay sends its notifications; also what it signs as the path.
pub(crate) const PATH: &str = "/alipay/v1/notifications/payments";

/// Alipay as the sender of notifications.
#[derive(Clone)]
pub struct Alipay {
    /// Verifies Alipay's signature.
    pub verifier: Verifier,
    /// The client id that notifications for us bear.
    pub client_id: String,
}
