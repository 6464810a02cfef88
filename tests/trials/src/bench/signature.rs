//! The yardstick: one RSA-2048 signature, as the product makes them, timed on this machine in this
//! run. Costs told in signatures mean the same on another machine.

use anyhow::Context;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use tokio::time::Instant;

const BATCHES: u32 = 40;

const PER_BATCH: u32 = 25;

/// What one signature takes, in nanoseconds. The best of many batches: what else runs on the
/// machine makes some of them slower, and none faster.
///
/// # Errors
/// If no key can be made.
pub(super) fn signature_ns() -> anyhow::Result<u64> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048);
    let key = key.ok().context("no RSA key can be made")?;
    let random = SystemRandom::new();
    let mut signature = vec![0; key.public_modulus_len()];
    let mut best_ns = u64::MAX;
    for _ in 0..BATCHES {
        let began = Instant::now();
        for number in 0..PER_BATCH {
            let text = number.to_be_bytes();
            let signed = key.sign(&RSA_PKCS1_SHA256, &random, &text, &mut signature);
            signed.ok().context("an RSA key does not sign")?;
        }
        let took_ns = u64::try_from(began.elapsed().as_nanos())?;
        best_ns = best_ns.min(took_ns / u64::from(PER_BATCH));
    }
    Ok(best_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_takes_between_a_hundredth_and_a_hundred_milliseconds() {
        let took_ns = signature_ns().unwrap();
        assert!((10_000..100_000_000).contains(&took_ns), "{took_ns}");
    }
}
