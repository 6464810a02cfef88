//! One key of a JWKS: what it may be used for, or why for nothing here (RFC 7517, RFC 7518).

use super::keys::Key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// RFC 7518, 3.3; the libraries verify by nothing smaller or larger.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// A key's name is shown no longer than this.
const NAME_CHARS_MAX: usize = 64;

/// Why a key verifies no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unusable {
    /// It is not for signatures; an issuer may publish it for others.
    ForOthers,
    /// It is meant for signatures, as far as can be seen.
    Because(&'static str),
}

/// The key, if tokens can be verified by it.
pub(super) fn usable(jwk: &Value) -> Result<Key, Unusable> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|what| what != "sig") {
        return Err(Unusable::ForOthers);
    }
    let operations = jwk.get("key_ops").and_then(Value::as_array);
    if operations.is_some_and(|all| !all.iter().any(|one| one == "verify")) {
        return Err(Unusable::ForOthers);
    }
    let algorithm = algorithm_of(jwk)?;
    // RFC 9864 names the curve; RFC 8037 did not.
    let fits = |said: &str| {
        said == format!("{algorithm:?}") || (said == "Ed25519" && algorithm == Algorithm::EdDSA)
    };
    if !text("alg").is_none_or(fits) {
        return Err(Unusable::Because(
            "is for another algorithm than RS256, ES256 or EdDSA (its `alg`)",
        ));
    }
    let mut plain = jwk.clone();
    // What we have looked at, and what the library has no word for.
    if let Some(fields) = plain.as_object_mut() {
        fields.retain(|name, _| ["kty", "kid", "n", "e", "crv", "x", "y"].contains(&name.as_str()));
    }
    let unreadable = Unusable::Because("can't be read; look at its fields");
    let read: Jwk = serde_json::from_value(plain).map_err(|_| unreadable)?;
    Ok(Key {
        id: text("kid").map(str::to_owned),
        algorithm,
        key: DecodingKey::from_jwk(&read).map_err(|_| unreadable)?,
    })
}

/// A key as a person finds it in the file.
pub(super) fn name(jwk: &Value, place: usize) -> String {
    let visible = |c: &char| c.is_ascii_graphic() && *c != '`';
    let kid = jwk.get("kid").and_then(Value::as_str);
    let kid: Option<String> =
        kid.map(|kid| kid.chars().filter(visible).take(NAME_CHARS_MAX).collect());
    match kid.filter(|kid| !kid.is_empty()) {
        Some(kid) => format!("key `{kid}`"),
        None => format!("key number {}", place.saturating_add(1)),
    }
}

fn algorithm_of(jwk: &Value) -> Result<Algorithm, Unusable> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)).unwrap_or_default();
    match (text("kty"), text("crv")) {
        ("RSA", _) => {
            if RSA_BITS.contains(&bits(&bytes("n"))) {
                Ok(Algorithm::RS256)
            } else {
                Err(Unusable::Because(
                    "is an RSA key of fewer than 2048 bits or more than 8192",
                ))
            }
        }
        ("EC", "P-256") if bytes("x").len() == 32 && bytes("y").len() == 32 => Ok(Algorithm::ES256),
        ("OKP", "Ed25519") if bytes("x").len() == 32 => Ok(Algorithm::EdDSA),
        ("EC", "P-256") | ("OKP", "Ed25519") => Err(Unusable::Because(
            "has coordinates that are not of its curve",
        )),
        ("EC" | "OKP", _) => Err(Unusable::Because(
            "is of a curve other than P-256 or Ed25519",
        )),
        ("oct", _) => Err(Unusable::Because(
            "is symmetric: whoever may verify by it may sign too; take it out of the file",
        )),
        _ => Err(Unusable::Because("is of no known kind (its `kty`)")),
    }
}

fn bits(number: &[u8]) -> usize {
    let mut number = number.iter().skip_while(|byte| **byte == 0);
    let first = number
        .next()
        .map_or(0, |first| 8_u32.saturating_sub(first.leading_zeros()));
    let first = usize::try_from(first).unwrap_or(0);
    number.count().saturating_mul(8).saturating_add(first)
}
