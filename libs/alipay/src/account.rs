//! Who we are to Alipay: the account's id, keys and addresses, and each merchant's shop.

use crate::signature::{KeyFault, Signer, Verifier};
use crate::wire;
use serde::Deserialize;
use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Shorter, and hardly a connection would be used twice; longer, and most servers close first.
const IDLE_MS: RangeInclusive<u64> = 100..=60_000;

/// What an operator writes about the account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The account's id at Alipay. One that begins `SANDBOX_` speaks to the sandbox's paths.
    pub client_id: String,
    /// Our private key, RSA in PEM.
    pub private_key_file: PathBuf,
    /// Its `keyVersion` at Alipay.
    #[serde(default = "first_version")]
    pub key_version: u32,
    /// More of our private keys, each with its version. Where `key_version` is one of these, that
    /// one signs (decision 43).
    #[serde(default)]
    pub further_private_keys: Vec<NumberedKey>,
    /// Alipay's public key, in PEM.
    pub alipay_public_key_file: PathBuf,
    /// More of Alipay's public keys, each with its version: all are believed (decision 43).
    #[serde(default)]
    pub further_alipay_keys: Vec<NumberedKey>,
    /// Alipay's address, such as `https://open-sea-global.alipay.com`.
    pub base_url: String,
    /// Where Alipay notifies us (A2): this gateway's `/alipay/v1/notifications/payments` as Alipay
    /// reaches it, without a query.
    pub notify_url: String,
    /// The currency we are settled in, ISO 4217.
    pub settlement_currency: String,
    /// How long a connection to Alipay may stand idle before it is closed, in milliseconds: less
    /// than the other side keeps it, and that is often 5 seconds (decision 37).
    #[serde(default = "idle_ms")]
    pub idle_ms: u64,
    /// The country of the merchants, ISO 3166 in two capitals, where the contract with Alipay asks
    /// for `merchantRegion`.
    #[serde(default)]
    pub merchant_region: Option<String>,
}

/// A key with its version.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberedKey {
    /// Its `keyVersion` at Alipay.
    pub version: u32,
    /// The file it is in, PEM.
    pub file: PathBuf,
}

/// The merchant's shop as Alipay wants it named (protocol 3.1).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// The merchant's name.
    pub merchant_name: String,
    /// Its category (ISO 18245), four digits.
    pub merchant_mcc: String,
    /// The acquirer's id of the shop.
    pub store_id: String,
    /// The shop's name.
    pub store_name: String,
    /// The shop's category, four digits.
    pub store_mcc: String,
    /// Its country, where that is not `alipay.merchant_region`.
    #[serde(default)]
    pub merchant_region: Option<String>,
}

/// Why the account can't be used. What it is about stands first, what to do last.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key file can't be read.
    #[error("{setting}: {problem}")]
    KeyFile {
        /// Which setting names it.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A key file holds no such key.
    #[error("{setting}: {path}: {fault}")]
    Key {
        /// Which setting names it.
        setting: &'static str,
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// An address can't be used.
    #[error("{setting}{}: {problem}", shown(.value))]
    Address {
        /// Which setting.
        setting: &'static str,
        /// What it is; empty where it may hold a password.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A setting can't be what it is; its value is not shown.
    #[error("{setting}: {problem}")]
    Name {
        /// Which setting.
        setting: &'static str,
        /// What to write instead.
        problem: &'static str,
    },
    /// The machine's own trust in certificates can't be read.
    #[error("no HTTPS connection can be made: {0}; check the machine's root certificates")]
    Tls(#[source] rustls::Error),
}

fn shown(value: &str) -> String {
    if value.is_empty() {
        String::new()
    } else {
        format!(" is `{value}`")
    }
}

impl Error {
    /// The setting at fault.
    pub fn setting(&self) -> &'static str {
        match self {
            Self::KeyFile { setting, .. }
            | Self::Key { setting, .. }
            | Self::Address { setting, .. }
            | Self::Name { setting, .. } => setting,
            Self::Tls(_) => "alipay",
        }
    }

    /// What is wrong, where the setting's name stands before it.
    pub fn problem(&self) -> String {
        let told = self.to_string();
        let behind = told.strip_prefix(self.setting()).unwrap_or(&told);
        behind.trim_start_matches([':', ' ']).to_owned()
    }
}

/// The account, ready for use.
#[derive(Clone)]
pub struct Account {
    pub(crate) client_id: String,
    pub(crate) signer: Signer,
    pub(crate) verifier: Verifier,
    pub(crate) origin: String,
    pub(crate) prefix: &'static str,
    pub(crate) notify_url: String,
    pub(crate) settlement_currency: String,
    pub(crate) merchant_region: Option<String>,
    pub(crate) idle: Duration,
}

impl Account {
    /// Reads the keys and checks the addresses.
    ///
    /// # Errors
    /// The first of [`Account::faults`].
    pub fn open(options: &Options) -> Result<Self, Error> {
        let signer = signer(options)?;
        let verifier = verifier(options)?;
        if let Some(fault) = Self::faults(options).into_iter().next() {
            return Err(fault);
        }
        let sandbox = options.client_id.starts_with("SANDBOX_");
        Ok(Self {
            client_id: options.client_id.clone(),
            signer,
            verifier,
            origin: options.base_url.trim_end_matches('/').to_owned(),
            prefix: if sandbox {
                wire::path::SANDBOX
            } else {
                wire::path::PRODUCTION
            },
            notify_url: options.notify_url.clone(),
            settlement_currency: options.settlement_currency.clone(),
            merchant_region: options.merchant_region.clone(),
            idle: Duration::from_millis(options.idle_ms),
        })
    }

    /// Everything that keeps the account from being opened.
    pub fn faults(options: &Options) -> Vec<Error> {
        let mut faults = Vec::new();
        match (signer(options), verifier(options)) {
            (Ok(signer), Ok(verifier)) if verifier.is_of(&signer) => {
                faults.push(Error::Name {
                    setting: PUBLIC_KEY,
                    problem: "this is the public half of our own key; put Alipay's there, as its \
                              dashboard shows it",
                });
            }
            (signer, _) => faults.extend(signer.err()),
        }
        faults.extend(Self::faults_without_private_key(options));
        faults
    }

    /// Everything that keeps Alipay's messages from being verified: for a process that makes no
    /// calls, and so needs no private key.
    pub fn faults_without_private_key(options: &Options) -> Vec<Error> {
        let mut faults = Vec::new();
        faults.extend(verifier(options).err());
        faults.extend(names(options));
        let [base, notify] = [base_url(&options.base_url), notify_url(&options.notify_url)];
        if let (Ok(base), Ok(notify)) = (&base, &notify)
            && !is_local(base)
            && is_local(notify)
        {
            faults.push(Error::Address {
                setting: NOTIFY_URL,
                value: options.notify_url.clone(),
                problem: "Alipay, which is not on this machine, can't reach it there",
            });
        }
        faults.extend(base.err());
        faults.extend(notify.err());
        faults
    }

    /// What verifies Alipay's signatures, without any private key.
    ///
    /// # Errors
    /// [`Error`] of a public key.
    pub fn verifier_of(options: &Options) -> Result<Verifier, Error> {
        verifier(options)
    }

    /// What verifies Alipay's signatures.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The account's id at Alipay.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("client_id", &self.client_id)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

fn first_version() -> u32 {
    1
}

fn idle_ms() -> u64 {
    4_000
}

const PRIVATE_KEY: &str = "alipay.private_key_file";
const PUBLIC_KEY: &str = "alipay.alipay_public_key_file";
const BASE_URL: &str = "alipay.base_url";
const NOTIFY_URL: &str = "alipay.notify_url";

/// The key that signs. All others are read too, so that changing `key_version` can't fail.
fn signer(options: &Options) -> Result<Signer, Error> {
    let read = |setting, path: &Path, version| {
        Signer::from_pem(&key(setting, path)?, version)
            .map_err(|fault| wrong_key(setting, path, fault))
    };
    let version = options.key_version;
    let mut active = read(PRIVATE_KEY, &options.private_key_file, version)?;
    for further in &options.further_private_keys {
        let signer = read(
            "alipay.further_private_keys",
            &further.file,
            further.version,
        )?;
        if further.version == version {
            active = signer;
        }
    }
    Ok(active)
}

fn verifier(options: &Options) -> Result<Verifier, Error> {
    let read = |setting, path: &Path| {
        Verifier::from_pem(&key(setting, path)?).map_err(|fault| wrong_key(setting, path, fault))
    };
    let mut verifier = read(PUBLIC_KEY, &options.alipay_public_key_file)?;
    for further in &options.further_alipay_keys {
        let other = read("alipay.further_alipay_keys", &further.file)?;
        verifier = verifier.and(further.version, &other);
    }
    Ok(verifier)
}

fn names(options: &Options) -> Vec<Error> {
    let mut faults = Vec::new();
    let mut wrong = |setting, problem| faults.push(Error::Name { setting, problem });
    let id = &options.client_id;
    if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        wrong("alipay.client_id", "it must be 1 to 64 visible characters");
    }
    if payment::Currency::parse(&options.settlement_currency).is_err() {
        let problem = "it must be an ISO 4217 code in capitals, such as USD";
        wrong("alipay.settlement_currency", problem);
    }
    if !IDLE_MS.contains(&options.idle_ms) {
        wrong("alipay.idle_ms", "it must be 100 to 60000 milliseconds");
    }
    if !options.merchant_region.as_deref().is_none_or(is_region) {
        wrong("alipay.merchant_region", NO_REGION);
    }
    if options.key_version == 0 {
        wrong("alipay.key_version", "Alipay counts versions from 1");
    }
    for (setting, keys) in [
        ("alipay.further_private_keys", &options.further_private_keys),
        ("alipay.further_alipay_keys", &options.further_alipay_keys),
    ] {
        let mut versions = HashSet::new();
        if !keys.iter().all(|key| versions.insert(key.version)) {
            wrong(setting, "two keys have the same version; each has its own");
        }
    }
    faults
}

/// What to write for a region that is none.
pub const NO_REGION: &str = "it must be an ISO 3166 code of two capitals, such as SG";

/// Whether it is written like an ISO 3166 code.
pub fn is_region(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn key(setting: &'static str, path: &Path) -> Result<zeroize::Zeroizing<String>, Error> {
    std::fs::read_to_string(path)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| {
            if looks_like_a_key(&path.to_string_lossy()) {
                let problem = "this looks like the key itself; put it into a file, and write the \
                               file's name here";
                return Error::Name { setting, problem };
            }
            let problem = format!(
                "{} can't be read ({error}); check the path and who may read it",
                path.display()
            );
            Error::KeyFile { setting, problem }
        })
}

/// A key where its file's name belongs, as PEM or, as Alipay hands keys out, as bare base64: it is
/// not shown.
fn looks_like_a_key(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let bare = name.len() >= 32 && !name.starts_with('/') && name.chars().all(letter);
    bare || name.contains("-----BEGIN") || name.lines().count() > 1
}

fn wrong_key(setting: &'static str, path: &Path, fault: KeyFault) -> Error {
    Error::Key {
        setting,
        path: path.to_owned(),
        fault,
    }
}

/// Only a host: the paths are Alipay's, and a path before them would be signed and not be known.
fn base_url(value: &str) -> Result<url::Url, Error> {
    let url = address(BASE_URL, value)?;
    if url.path() != "/" || url.query().is_some() {
        let problem = "it must end behind host and port; the paths are added";
        return Err(wrong_address(BASE_URL, value, problem));
    }
    Ok(url)
}

fn notify_url(value: &str) -> Result<url::Url, Error> {
    let url = address(NOTIFY_URL, value)?;
    if url.query().is_some() {
        let problem = "it must have no query: some of Alipay's systems don't sign it";
        return Err(wrong_address(NOTIFY_URL, value, problem));
    }
    // What is written is what Alipay is told; what it calls and signs must not differ from it.
    let written = value
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    if written != Some(url.path()) {
        let problem = "its path must be written as it is called: no dots, spaces or bare letters \
                       beyond ASCII, and a / where there is nothing else";
        return Err(wrong_address(NOTIFY_URL, value, problem));
    }
    Ok(url)
}

fn wrong_address(setting: &'static str, value: &str, problem: &'static str) -> Error {
    Error::Address {
        setting,
        value: value.to_owned(),
        problem,
    }
}

fn is_local(url: &url::Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// Only this machine may be spoken to without TLS: keys and codes would travel in clear.
fn address(setting: &'static str, value: &str) -> Result<url::Url, Error> {
    let wrong = |problem| wrong_address(setting, value, problem);
    let url = url::Url::parse(value).map_err(|_| wrong("it is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        let problem = "it must hold no user and no password; Alipay knows us by our signature";
        return Err(wrong_address(setting, "", problem));
    }
    if value.trim() != value || value.contains(['\t', '\n', '\r']) {
        return Err(wrong("it must have no white space in it"));
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_local(&url)) {
        return Err(wrong(
            "it must begin with https:// (http:// only on 127.0.0.1)",
        ));
    }
    if url.fragment().is_some() {
        return Err(wrong("it must have no # part, which is never sent"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
