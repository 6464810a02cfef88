//! The issuer's public keys, from a JWKS file that is read again whenever it changes. A URL as a
//! second source comes with key rotation over the network; a file is what is read today.

use super::jwk::{self, Unusable};
use jsonwebtoken::Algorithm;
use jsonwebtoken::DecodingKey;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// No issuer publishes more keys at once.
const KEYS_MAX: usize = 64;

/// No person reads more of them.
const SKIPPED_NAMED_MAX: usize = 64;

/// No JWKS of so many keys is longer.
const BYTES_MAX: usize = 262_144;

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
    skipped: Arc<Skipped>,
}

/// The keys of a file that no token can be verified by, each with why.
#[derive(Default)]
pub(crate) struct Skipped {
    named: Vec<String>,
    more: usize,
}

impl Skipped {
    fn add(&mut self, why: String) {
        if self.named.len() < SKIPPED_NAMED_MAX {
            self.named.push(why);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.named.len().saturating_add(self.more)
    }

    /// Each with why, as many as a person would read, and how many more there are.
    pub(crate) fn told(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| format!("{} more keys", self.more));
        self.named.iter().cloned().chain(more)
    }
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
    #[error("{path} is JSON, but no JWKS; it looks like {{\"keys\":[{{\"kty\":…}}]}}")]
    NoSet { path: PathBuf },
    #[error("{path} has {bytes} bytes; a JWKS of 64 keys has 262144 at most")]
    TooLarge { path: PathBuf, bytes: usize },
    #[error(
        "{path} holds no key for RS256, ES256 or EdDSA{skipped}; put the issuer's public keys into it"
    )]
    NoKeys { path: PathBuf, skipped: String },
}

impl Keys {
    pub(crate) fn read(path: &Path) -> Result<Self, KeyFault> {
        let snapshot = Snapshot::read(path, text_of(path)?)?;
        Ok(Self {
            path: Arc::new(path.to_owned()),
            now: Arc::new(RwLock::new(snapshot)),
        })
    }

    pub(crate) fn all(&self) -> Arc<Vec<Key>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now.keys)
    }

    /// The keys of the file that no token can be verified by, each with why.
    pub(crate) fn skipped(&self) -> Arc<Skipped> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&now.skipped)
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
        let snapshot = Snapshot::read(&self.path, text)?;
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        *now = snapshot;
        Ok(true)
    }
}

/// Public keys, read as if they were secret: somebody may put a private one there.
fn text_of(path: &Path) -> Result<String, KeyFault> {
    let text = chassis::secret::read(path)?;
    let bytes = text.expose_secret().len();
    if bytes > BYTES_MAX {
        return Err(KeyFault::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    Ok(text.expose_secret().to_owned())
}

impl Snapshot {
    /// Each key for itself: one that can't be used must not keep the others from being used.
    fn read(path: &Path, text: String) -> Result<Self, KeyFault> {
        let set: Value = serde_json::from_str(&text).map_err(|error| KeyFault::NotJwks {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        })?;
        let Some(all) = set.get("keys").and_then(Value::as_array) else {
            return Err(KeyFault::NoSet {
                path: path.to_owned(),
            });
        };
        let (mut keys, mut skipped) = (Vec::<Key>::new(), Skipped::default());
        for (place, jwk) in all.iter().enumerate() {
            let usable = if place < KEYS_MAX {
                jwk::usable(jwk)
            } else {
                Err(Unusable::Because("is past the 64th"))
            };
            let usable = usable.and_then(|key| match twin(&keys, &key) {
                true => Err(Unusable::Because("bears another key's `kid`")),
                false => Ok(key),
            });
            match usable {
                Ok(key) => keys.push(key),
                Err(Unusable::ForOthers) => {}
                Err(Unusable::Because(why)) => {
                    skipped.add(format!("{} {why}", jwk::name(jwk, place)));
                }
            }
        }
        if keys.is_empty() {
            return Err(KeyFault::NoKeys {
                path: path.to_owned(),
                skipped: skipped.told().map(|why| format!("; {why}")).collect(),
            });
        }
        Ok(Self {
            text,
            keys: Arc::new(keys),
            skipped: Arc::new(skipped),
        })
    }
}

/// Whether a token could not tell the two apart.
fn twin(keys: &[Key], key: &Key) -> bool {
    keys.iter()
        .any(|other| other.id.is_some() && other.id == key.id && other.algorithm == key.algorithm)
}
