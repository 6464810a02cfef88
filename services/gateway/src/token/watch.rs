//! Watches the issuer's key file, and tells operators what of it can't be used.

use super::Keys;
use chassis::health::Check;
use std::time::Duration;

/// How often the issuer's key file is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Takes in changed keys; never returns.
pub(crate) async fn watch(keys: Keys, check: Check) {
    let mut said: Option<String> = None;
    loop {
        tokio::time::sleep(EVERY).await;
        match keys.refresh() {
            Ok(true) => {
                said = None;
                tracing::info!("the token issuer's keys have changed");
                report(&keys, &check);
            }
            Ok(false) => {
                // As it was before it broke.
                if said.take().is_some() {
                    report(&keys, &check);
                }
            }
            Err(fault) => {
                let fault = fault.to_string();
                if said.as_ref() != Some(&fault) {
                    tracing::error!(%fault, "the old keys stay in force");
                    metrics::gauge!("gateway_token_keys_broken").set(1.0);
                    check.degraded(&format!(
                        "{fault}; the keys of before stay in force until it is mended"
                    ));
                }
                said = Some(fault);
            }
        }
    }
}

/// Tells how many keys are in force, and names those that are not.
pub(crate) fn report(keys: &Keys, check: &Check) {
    let counted = |keys: usize| f64::from(u32::try_from(keys).unwrap_or(u32::MAX));
    let skipped = keys.skipped();
    metrics::gauge!("gateway_token_keys").set(counted(keys.all().len()));
    metrics::gauge!("gateway_token_keys_skipped").set(counted(skipped.count()));
    metrics::gauge!("gateway_token_keys_broken").set(0.0);
    let told: Vec<String> = skipped.told().collect();
    if told.is_empty() {
        check.up();
        return;
    }
    for skipped in &told {
        tracing::warn!(%skipped, "no token of this key of the issuer's is believed");
    }
    check.degraded(&format!(
        "tokens of these keys in the JWKS file are not believed: {}",
        told.join("; ")
    ));
}
