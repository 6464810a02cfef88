//! Tokens for a trial's merchants. A start keeps the demo merchant's in a file for `curl` and does
//! not print it.

use super::keys::TokenKey;
use anyhow::Context;
use gateway::TokenSettings;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

/// Who issues the demo's tokens.
pub(crate) const ISSUER: &str = "https://tokens.tidegate.example";
/// Whom they are for.
pub(crate) const AUDIENCE: &str = "tidegate";
/// The claim that names the merchant.
pub(crate) const MERCHANT_CLAIM: &str = "merchant_id";
/// Long enough for an afternoon's trying; a new one is made at each start.
const LIFE_S: i64 = 7 * 86_400;

/// What is written into a token besides the merchant.
pub(crate) struct Issuing<'a> {
    issuer: &'a str,
    audience: &'a str,
    merchant_claim: &'a str,
}

impl<'a> Issuing<'a> {
    /// As the demo's gateway wants it.
    pub(crate) fn demo() -> Self {
        Self {
            issuer: ISSUER,
            audience: AUDIENCE,
            merchant_claim: MERCHANT_CLAIM,
        }
    }

    /// As a configured gateway wants it.
    pub(crate) fn of(settings: &'a TokenSettings) -> Self {
        Self {
            issuer: &settings.issuer,
            audience: &settings.audience,
            merchant_claim: &settings.merchant_claim,
        }
    }

    /// A token for this merchant, good for a week from `now_ms`, and when it expires, in seconds.
    pub(crate) fn token(
        &self,
        key: &TokenKey,
        merchant: &str,
        now_ms: i64,
    ) -> anyhow::Result<(String, i64)> {
        let now_s = now_ms.div_euclid(1_000);
        let expires_at_s = now_s.saturating_add(LIFE_S);
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.key_id.to_owned());
        let mut claims = json!({
            "iss": self.issuer,
            "aud": self.audience,
            "scope": "payments:read payments:write",
            "iat": now_s,
            "nbf": now_s,
            "exp": expires_at_s,
        });
        if let Some(claims) = claims.as_object_mut() {
            claims.insert(self.merchant_claim.to_owned(), merchant.into());
        }
        let signing = EncodingKey::from_ed_pem(key.private_pem.as_bytes())
            .context("the demo merchant's token key can't be read; delete it to get another")?;
        let token = jsonwebtoken::encode(&header, &claims, &signing);
        Ok((token.context("a token could not be made")?, expires_at_s))
    }
}
