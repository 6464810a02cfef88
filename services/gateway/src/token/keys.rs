//! The issuer's public keys, from a JWKS file that is read again whenever it changes. A URL as a
//! second source comes with key rotation over the network; a file is what is read today.

use jsonwebtoken::Algorithm;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// No issuer publishes more keys at once.
const KEYS_MAX: usize = 64;

/// One public key and the one algorithm it may be used with (RFC 8725, 3.1).
pub(crate) struct Key {
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// The keys in force. Clones share them.
#[derive(Clone)]
pub(crate) struct Keys {
    path: Arc<PathBuf>,
    now: Arc<RwLock<Snapshot>>,
}

struct Snapshot {
    text: String,
    keys: Arc<Vec<Key>>,
}

/// Why a JWKS file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFault {
    #[error(transparent)]
    Unreadable(#[from] chassis::secret::Error),
    /// What stands there is not shown: it may be a private key.
    #[error(
        "{path} is not a JWKS (line {line}, column {column}); it looks like \
         {{\"keys\":[{{\"kty\":…}}]}}"
    )]
    NotJwks {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    #[error("{path} holds no key for RS256, ES256 or EdDSA; put the issuer's public keys into it")]
    NoKeys { path: PathBuf },
}

impl Keys {
    pub(crate) fn read(path: &Path) -> Result<Self, KeyFault> {
        let text = text_of(path)?;
        let keys = parse(path, &text)?;
        Ok(Self {
            path: Arc::new(path.to_owned()),
            now: Arc::new(RwLock::new(Snapshot {
                text,
                keys: Arc::new(keys),
            })),
        })
    }

    pub(crate) fn all(&self) -> Arc<Vec<Key>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now.keys)
    }

    /// Reads the file again; says whether it had changed. A broken file leaves the old keys.
    pub(crate) fn refresh(&self) -> Result<bool, KeyFault> {
        let text = text_of(&self.path)?;
        let same = {
            let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
            now.text == text
        };
        if same {
            return Ok(false);
        }
        let keys = Arc::new(parse(&self.path, &text)?);
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        *now = Snapshot { text, keys };
        Ok(true)
    }
}

/// Public keys, read as if they were secret: somebody may put a private one there.
fn text_of(path: &Path) -> Result<String, KeyFault> {
    let text = chassis::secret::read(path)?;
    Ok(text.expose_secret().to_owned())
}

fn parse(path: &Path, text: &str) -> Result<Vec<Key>, KeyFault> {
    let set: JwkSet = serde_json::from_str(text).map_err(|error| KeyFault::NotJwks {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })?;
    let keys: Vec<Key> = set.keys.iter().take(KEYS_MAX).filter_map(usable).collect();
    if keys.is_empty() {
        return Err(KeyFault::NoKeys {
            path: path.to_owned(),
        });
    }
    Ok(keys)
}

/// Keys for encryption, symmetric keys and other curves are passed over: an issuer may publish
/// them for others.
fn usable(jwk: &Jwk) -> Option<Key> {
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let algorithm = algorithm_of(&jwk.algorithm)?;
    let said = jwk.common.key_algorithm.map(|said| said.to_string());
    if said.is_some_and(|said| said != format!("{algorithm:?}")) {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some(Key {
        id: jwk.common.key_id.clone(),
        algorithm,
        key,
    })
}

fn algorithm_of(parameters: &AlgorithmParameters) -> Option<Algorithm> {
    if let AlgorithmParameters::RSA(_) = parameters {
        return Some(Algorithm::RS256);
    }
    if let AlgorithmParameters::EllipticCurve(key) = parameters {
        return (key.curve == EllipticCurve::P256).then_some(Algorithm::ES256);
    }
    if let AlgorithmParameters::OctetKeyPair(key) = parameters {
        return (key.curve == EllipticCurve::Ed25519).then_some(Algorithm::EdDSA);
    }
    None
}
