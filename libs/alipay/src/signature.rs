//! Signing and verifying over exact bytes (protocol 2.3): RSASSA-PKCS1-v1_5 with SHA-256, base64,
//! form-style URL-encoding. Nothing is parsed or re-serialized before it is verified.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicEncryptingKey};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a message is bound to besides its body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bound<'a> {
    /// The path of the request, query included; a response is bound to its request's.
    pub path: &'a str,
    /// `client-id`.
    pub client_id: &'a str,
    /// `request-time` or `response-time`, as it stands in the header: an opaque string.
    pub time: &'a str,
}

impl Bound<'_> {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        let head = format!("POST {}\n{}.{}.", self.path, self.client_id, self.time);
        let mut text = head.into_bytes();
        text.extend_from_slice(body);
        text
    }
}

/// Why a key can't be used. Holds nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyFault {
    /// Not PEM.
    #[error("it is not PEM; it begins with -----BEGIN")]
    NotPem,
    /// Another kind of key.
    #[error("it is not a private RSA key (PKCS#1 or PKCS#8) of at least 2048 bits")]
    NotPrivateRsa,
    /// Another kind of key.
    #[error("it is not a public RSA key (X.509 SubjectPublicKeyInfo) of at least 2048 bits")]
    NotPublicRsa,
    /// The machine gave no randomness.
    #[error("no key could be made")]
    NotMade,
    /// The signature could not be made.
    #[error("it does not sign")]
    DoesNotSign,
}

/// Why a signature is not believed (X30).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureFault {
    /// There is none.
    #[error("it is not signed")]
    Missing,
    /// The header can't be read, or says one thing twice.
    #[error("the signature header can't be read")]
    Unreadable,
    /// It says to be made in a way that is not RSA256: never a reason to check less.
    #[error("the signature is of another algorithm than RSA256")]
    OtherAlgorithm,
    /// What stands for its instant is none. Instant and body meet at a dot in the signed text, so
    /// an instant of any text would let signed bytes move from one to the other.
    #[error("the instant it is bound to is none")]
    NoInstant,
    /// Another key made it, or a byte was changed.
    #[error("the signature does not fit the bytes")]
    Wrong,
}

/// Signs as one party. Never prints its key.
#[derive(Clone)]
pub struct Signer {
    key: Arc<KeyPair>,
    version: u32,
}

/// Verifies what one party signed.
#[derive(Clone)]
pub struct Verifier {
    key: Arc<ParsedPublicKey>,
    /// Further ones of the same party, each with its version, while it goes from one to the next.
    further: Vec<(u32, Arc<ParsedPublicKey>)>,
}

/// A fresh pair of RSA-2048 keys in PEM, for demos, simulators and tests.
pub struct FreshKeys {
    /// PKCS#8.
    pub private_pem: Zeroizing<String>,
    /// X.509 `SubjectPublicKeyInfo`.
    pub public_pem: String,
}

impl FreshKeys {
    /// Makes a pair; takes a tenth of a second or so.
    ///
    /// # Errors
    /// [`KeyFault::NotMade`].
    pub fn make() -> Result<Self, KeyFault> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyFault::NotMade)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyFault::NotMade)?;
        let public = pair.public_key();
        let public: PublicKeyX509Der<'_> = public.as_der().map_err(|_| KeyFault::NotMade)?;
        let private = pem::Pem::new("PRIVATE KEY", private.as_ref());
        let public = pem::Pem::new("PUBLIC KEY", public.as_ref());
        Ok(Self {
            private_pem: Zeroizing::new(pem::encode(&private)),
            public_pem: pem::encode(&public),
        })
    }
}

impl Signer {
    /// Reads a private key in PEM, PKCS#1 or PKCS#8 (both are in use: protocol 9). `version` is
    /// its `keyVersion`.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_pem(pem: &str, version: u32) -> Result<Self, KeyFault> {
        let block = pem::parse(pem.trim()).map_err(|_| KeyFault::NotPem)?;
        let key = KeyPair::from_pkcs8(block.contents())
            .or_else(|_| KeyPair::from_der(block.contents()))
            .map_err(|_| KeyFault::NotPrivateRsa)?;
        if key.public_modulus_len().saturating_mul(8) < KEY_BITS_MIN {
            return Err(KeyFault::NotPrivateRsa);
        }
        Ok(Self {
            key: Arc::new(key),
            version,
        })
    }

    /// The value of the `signature` header for this message.
    ///
    /// # Errors
    /// [`KeyFault::DoesNotSign`]; not seen with a key that could be read.
    pub fn header_value(&self, bound: &Bound<'_>, body: &[u8]) -> Result<String, KeyFault> {
        let text = bound.string_to_sign(body);
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                &text,
                &mut signature,
            )
            .map_err(|_| KeyFault::DoesNotSign)?;
        let base64 = STANDARD.encode(signature);
        let encoded = utf8_percent_encode(&base64, NON_ALPHANUMERIC);
        Ok(format!(
            "algorithm=RSA256,keyVersion={},signature={encoded}",
            self.version
        ))
    }
}

/// Alipay's own; a shorter key is within reach of those who want to be Alipay.
const KEY_BITS_MIN: usize = 2_048;

impl Verifier {
    /// Reads a public key in PEM (X.509 `SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyFault> {
        let block = pem::parse(pem.trim()).map_err(|_| KeyFault::NotPem)?;
        // The verifier itself looks at the length only when it verifies.
        let read = PublicEncryptingKey::from_der(block.contents());
        if !read.is_ok_and(|key| key.key_size_bits() >= KEY_BITS_MIN) {
            return Err(KeyFault::NotPublicRsa);
        }
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, block.contents())
            .map_err(|_| KeyFault::NotPublicRsa)?;
        let (key, further) = (Arc::new(key), Vec::new());
        Ok(Self { key, further })
    }

    /// Believes this key of the same party too; `version` is its `keyVersion`.
    #[must_use]
    pub fn and(mut self, version: u32, other: &Self) -> Self {
        self.further.push((version, Arc::clone(&other.key)));
        self
    }

    /// Whether it is the other half of this key.
    pub(crate) fn is_of(&self, signer: &Signer) -> bool {
        let bound = Bound {
            path: "/",
            client_id: "",
            time: "0",
        };
        let signed = signer.header_value(&bound, b"");
        signed.is_ok_and(|header| self.verify(&bound, b"", &header).is_ok())
    }

    /// Whether the holder of the key signed exactly these bytes. `header` is the whole value of
    /// the `signature` header.
    ///
    /// # Errors
    /// [`SignatureFault`]: then not one byte of it is to be believed.
    pub fn verify(
        &self,
        bound: &Bound<'_>,
        body: &[u8],
        header: &str,
    ) -> Result<(), SignatureFault> {
        if !is_instant(bound.time) {
            return Err(SignatureFault::NoInstant);
        }
        let value = value_in(header)?;
        // Some senders leave base64 as it is (protocol 2.3); there `+` is not a space.
        let base64: Vec<u8> = percent_decode_str(value).collect();
        let signature = STANDARD
            .decode(base64)
            .map_err(|_| SignatureFault::Unreadable)?;
        let text = bound.string_to_sign(body);
        let fits = |key: &ParsedPublicKey| key.verify_sig(&text, &signature).is_ok();
        // Senders say version 1 whatever they use, so a version only says which to try first.
        let named = version_in(header);
        let (first, last): (Vec<_>, Vec<_>) = self
            .further
            .iter()
            .partition(|(version, _)| Some(*version) == named);
        let first = first.into_iter().map(|(_, key)| key);
        let last = last.into_iter().map(|(_, key)| key);
        let mut all = first.chain([&self.key]).chain(last);
        if all.any(|key| fits(key)) {
            Ok(())
        } else {
            Err(SignatureFault::Wrong)
        }
    }
}

/// No instant is written with more.
const INSTANT_CHARS_MAX: usize = 40;

/// Whether it could be an instant, in whichever way it is written (protocol 2.2).
fn is_instant(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b":+-.".contains(&byte);
    (1..=INSTANT_CHARS_MAX).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(fits)
}

/// The `keyVersion` that the value of a `signature` header says, if it is a number.
pub fn version_in(header: &str) -> Option<u32> {
    let parts = header.split(',').map(str::trim);
    let mut said = parts.filter_map(|part| part.strip_prefix("keyVersion="));
    said.next()?.parse().ok()
}

/// The `signature` part. Parts come in any order, with or without a space behind the comma.
fn value_in(header: &str) -> Result<&str, SignatureFault> {
    let mut value = None;
    let mut algorithm = None;
    for part in header.split(',').map(str::trim) {
        let (name, said) = part.split_once('=').unwrap_or((part, ""));
        let place = match name {
            "signature" => &mut value,
            "algorithm" => &mut algorithm,
            _ => continue,
        };
        if place.replace(said).is_some() {
            return Err(SignatureFault::Unreadable);
        }
    }
    if algorithm.is_some_and(|said| said != "RSA256") {
        return Err(SignatureFault::OtherAlgorithm);
    }
    value
        .filter(|value| !value.is_empty())
        .ok_or(SignatureFault::Missing)
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer([redacted])")
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}
