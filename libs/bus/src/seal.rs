//! Sealing of payment codes: AES-256-GCM, bound to the command they came in. A code in the log is
//! of use only to who has the key, and only within its own command.

use crate::Error;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use payment::{PaymentCode, PaymentId};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of GCM's tag.
const TAG_BYTES: usize = 16;
/// Bytes of the fingerprint that names a key.
const KEY_ID_BYTES: usize = 8;

/// One key. Its name is a fingerprint of itself, so a file with the wrong key in it can't pass
/// for the right one.
pub struct SealingKey {
    id: String,
    key: RandomizedNonceKey,
}

/// Seals with one key and opens with several, so that a key can be changed while commands wait.
/// Clones share the keys. Change the key before it has sealed 2^32 codes: nonces are random.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<Keys>,
}

struct Keys {
    seal_with: SealingKey,
    also_open: Vec<SealingKey>,
}

/// A sealed code, as the envelope carries it.
pub(crate) struct Sealed {
    /// Which key opens it.
    pub(crate) key_id: String,
    /// Nonce, ciphertext and tag in base64.
    pub(crate) sealed: String,
}

/// What a code is bound to; in another command it can't be opened.
#[derive(Clone, Copy)]
pub(crate) struct Binding {
    pub(crate) payment: PaymentId,
    pub(crate) command: Uuid,
}

/// Why a sealed code can't be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum OpenFault {
    /// Sealed with a key that is not here.
    UnknownKey(String),
    /// Not what was sealed, or not for this command.
    NotAuthentic,
}

impl SealingKey {
    /// Reads a key from a file's text: 64 hex digits or base64 of 32 bytes; white space around it
    /// is ignored.
    ///
    /// # Errors
    /// [`Error::BadKey`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let bytes = if text.len() == KEY_BYTES.saturating_mul(2) {
            from_hex(text).ok_or(Error::BadKey("64 characters, but not hex digits"))?
        } else {
            let decoded = STANDARD.decode(text);
            Zeroizing::new(decoded.map_err(|_| Error::BadKey("neither hex nor base64"))?)
        };
        let bytes: &[u8; KEY_BYTES] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| Error::BadKey("not 32 bytes long"))?;
        Self::from_bytes(bytes)
    }

    /// A key of these bytes.
    ///
    /// # Errors
    /// [`Error::BadKey`] if all bytes are the same, as of a key that was never generated.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, Error> {
        let [first, rest @ ..] = bytes;
        if rest.iter().all(|byte| byte == first) {
            return Err(Error::BadKey("all its bytes are the same"));
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes)
            .map_err(|_| Error::BadKey("the cipher refuses it"))?;
        Ok(Self {
            id: fingerprint(bytes),
            key,
        })
    }

    /// The key's name: 16 hex digits of a digest, which tell nothing of the key.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Sealer {
    /// Seals with the first key; opens with it and with the others.
    pub fn new(seal_with: SealingKey, also_open: Vec<SealingKey>) -> Self {
        Self {
            keys: Arc::new(Keys {
                seal_with,
                also_open,
            }),
        }
    }

    pub(crate) fn seal(&self, code: &PaymentCode, binding: Binding) -> Result<Sealed, Error> {
        let failed = |_| Error::NotSealable("the cipher failed");
        let plain = code.expose().as_bytes();
        // Room for the tag from the start: a buffer that grew would leave the code behind.
        let mut buffer = Zeroizing::new(Vec::with_capacity(plain.len().saturating_add(TAG_BYTES)));
        buffer.extend_from_slice(plain);
        let seal_with = &self.keys.seal_with;
        let nonce = seal_with
            .key
            .seal_in_place_append_tag(Aad::from(binding.bytes()), &mut *buffer)
            .map_err(failed)?;
        let nonce: &[u8; NONCE_LEN] = nonce.as_ref();
        Ok(Sealed {
            key_id: seal_with.id.clone(),
            sealed: STANDARD.encode([nonce, buffer.as_slice()].concat()),
        })
    }

    pub(crate) fn open(&self, sealed: &Sealed, binding: Binding) -> Result<PaymentCode, OpenFault> {
        let key = self.key(&sealed.key_id)?;
        let lost = OpenFault::NotAuthentic;
        let bytes = STANDARD.decode(&sealed.sealed).map_err(|_| lost.clone())?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(lost.clone())?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| lost.clone())?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = key
            .open_in_place(nonce, Aad::from(binding.bytes()), &mut body)
            .map_err(|_| lost.clone())?;
        let code = str::from_utf8(plain).map_err(|_| lost)?;
        Ok(PaymentCode::unsealed(code.to_owned()))
    }

    fn key(&self, id: &str) -> Result<&RandomizedNonceKey, OpenFault> {
        // A name that no key of ours could have is damage, not another key.
        if from_hex(id).is_none_or(|bytes| bytes.len() != KEY_ID_BYTES) {
            return Err(OpenFault::NotAuthentic);
        }
        [&self.keys.seal_with]
            .into_iter()
            .chain(&self.keys.also_open)
            .find(|key| key.id == id)
            .map(|key| &key.key)
            .ok_or_else(|| OpenFault::UnknownKey(id.to_owned()))
    }
}

impl Binding {
    fn bytes(self) -> Vec<u8> {
        let payment = self.payment.as_uuid();
        let parts: [&[u8]; 3] = [
            b"tidegate command 1",
            payment.as_bytes(),
            self.command.as_bytes(),
        ];
        parts.concat()
    }
}

fn fingerprint(key: &[u8; KEY_BYTES]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"tidegate sealing key");
    context.update(key);
    context
        .finish()
        .as_ref()
        .iter()
        .take(KEY_ID_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for pair in text.as_bytes().chunks(2) {
        let [high, low] = pair else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let value = digit(*high)?.checked_mul(16)?.checked_add(digit(*low)?)?;
        bytes.push(u8::try_from(value).ok()?);
    }
    Some(bytes)
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("seal_with", &self.keys.seal_with)
            .field("also_open", &self.keys.also_open)
            .finish()
    }
}
