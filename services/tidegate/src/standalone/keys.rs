//! The keys a first start makes for itself, each in a file of its own that only its owner may
//! read. Real deployments bring theirs; nothing here is used then.

use alipay::signature::FreshKeys;
use anyhow::Context;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A pair of RSA keys: who signs keeps the private one, who checks gets the public one.
pub(crate) struct RsaFiles {
    pub(crate) private: PathBuf,
    pub(crate) public: PathBuf,
}

/// The pair called `name`; made at the first start.
pub(crate) fn rsa(dir: &Path, name: &str) -> anyhow::Result<RsaFiles> {
    let files = RsaFiles {
        private: dir.join(format!("{name}.private.pem")),
        public: dir.join(format!("{name}.public.pem")),
    };
    if !(files.private.exists() && files.public.exists()) {
        let fresh = FreshKeys::make()?;
        keep(&files.public, fresh.public_pem.as_bytes())?;
        keep(&files.private, fresh.private_pem.as_bytes())?;
    }
    Ok(files)
}

/// The demo merchant's token key.
pub(crate) struct TokenKey {
    /// Its private half, PKCS#8 in PEM.
    pub(crate) private_pem: String,
    /// The JWKS file with its public half.
    pub(crate) jwks: PathBuf,
    /// Its name in there.
    pub(crate) key_id: &'static str,
}

impl TokenKey {
    const ID: &str = "demo-1";

    /// Where the private half and the JWKS are.
    fn files(dir: &Path) -> (PathBuf, PathBuf) {
        let private = dir.join("merchant-token.private.pem");
        (private, dir.join("jwks.json"))
    }

    /// The key that a start made in this directory; `None` if none did.
    pub(crate) fn kept_in(dir: &Path) -> anyhow::Result<Option<Self>> {
        let (private, jwks) = Self::files(dir);
        if !(private.exists() && jwks.exists()) {
            return Ok(None);
        }
        let private_pem = std::fs::read_to_string(&private)
            .with_context(|| format!("{} can't be read", private.display()))?;
        Ok(Some(Self {
            private_pem,
            jwks,
            key_id: Self::ID,
        }))
    }
}

/// The Ed25519 key that signs the demo merchant's tokens, and the JWKS the gateway reads.
pub(crate) fn token(dir: &Path) -> anyhow::Result<TokenKey> {
    let (private, jwks) = TokenKey::files(dir);
    if !(private.exists() && jwks.exists()) {
        let pair = Ed25519KeyPair::generate().context("a token key could not be made")?;
        let der = pair
            .to_pkcs8v1()
            .context("a token key could not be encoded")?;
        let set = serde_json::json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": TokenKey::ID,
            "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
        }]});
        keep(&jwks, format!("{set:#}\n").as_bytes())?;
        keep(
            &private,
            pem::encode(&pem::Pem::new("PRIVATE KEY", der.as_ref())).as_bytes(),
        )?;
    }
    let key = TokenKey::kept_in(dir)?;
    key.context("the token key that was just made is gone")
}

/// The key that seals payment codes in the command log.
pub(crate) fn sealing(dir: &Path) -> anyhow::Result<PathBuf> {
    let path = dir.join("sealing.key");
    if !path.exists() {
        let mut key = [0_u8; 32];
        SystemRandom::new()
            .fill(&mut key)
            .context("a sealing key could not be made")?;
        keep(&path, STANDARD.encode(key).as_bytes())?;
    }
    Ok(path)
}

/// Writes whole or not at all: a start that is killed leaves no half a key behind.
pub(crate) fn keep(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let dir = path.parent().context("a key file needs a directory")?;
    let said = || format!("{} can't be written", path.display());
    let mut file = tempfile::Builder::new()
        .prefix(".key-")
        .tempfile_in(dir)
        .with_context(said)?;
    file.write_all(content).with_context(said)?;
    file.as_file().sync_all().with_context(said)?;
    file.persist(path).with_context(said)?;
    Ok(())
}
