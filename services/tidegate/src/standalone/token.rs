//! The demo merchant's token. Kept in a file for `curl`, never printed.

use super::keys::TokenKey;
use anyhow::Context;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// Who issues the demo's tokens.
pub(crate) const ISSUER: &str = "https://tokens.tidegate.example";
/// Whom they are for.
pub(crate) const AUDIENCE: &str = "tidegate";
/// Long enough for an afternoon's trying; a new one is made at each start.
const LIFE_S: i64 = 7 * 86_400;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    merchant_id: &'a str,
    scope: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// A token for this merchant, good for a week from `now_ms`.
pub(crate) fn token(key: &TokenKey, merchant: &str, now_ms: i64) -> anyhow::Result<String> {
    let now_s = now_ms.div_euclid(1_000);
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key.key_id.to_owned());
    let claims = Claims {
        iss: ISSUER,
        aud: AUDIENCE,
        merchant_id: merchant,
        scope: "payments:read payments:write",
        iat: now_s,
        nbf: now_s,
        exp: now_s.saturating_add(LIFE_S),
    };
    let signing = EncodingKey::from_ed_pem(key.private_pem.as_bytes())
        .context("the demo merchant's token key can't be read; delete it to get another")?;
    jsonwebtoken::encode(&header, &claims, &signing).context("a token could not be made")
}
