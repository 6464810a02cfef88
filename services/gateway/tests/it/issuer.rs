//! A token issuer and a signing Alipay, with keys made for the run.

use alipay::signature::{Bound, Signer, Verifier};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::LazyLock;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "tidegate";
pub(crate) const CLIENT_ID: &str = "SANDBOX_5Y0000000000000";

static RSA: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn rsa_private_pem() -> String {
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&*RSA).unwrap();
    pem("PRIVATE KEY", der.as_ref())
}

/// The public half of the RSA key, PEM and DER.
pub(crate) fn rsa_public() -> (String, Vec<u8>) {
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(RSA.public_key()).unwrap();
    (pem("PUBLIC KEY", der.as_ref()), der.as_ref().to_vec())
}

/// One key of the issuer.
pub(crate) struct IssuerKey {
    pub(crate) id: &'static str,
    pub(crate) algorithm: Algorithm,
    key: EncodingKey,
}

impl IssuerKey {
    pub(crate) fn ed25519(id: &'static str) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        Self {
            id,
            algorithm: Algorithm::EdDSA,
            key: EncodingKey::from_ed_der(pkcs8.as_ref()),
        }
    }

    pub(crate) fn p256(id: &'static str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Self {
            id,
            algorithm: Algorithm::ES256,
            key: EncodingKey::from_ec_der(pkcs8.unwrap().as_ref()),
        }
    }

    pub(crate) fn rsa(id: &'static str) -> Self {
        Self {
            id,
            algorithm: Algorithm::RS256,
            key: EncodingKey::from_rsa_pem(rsa_private_pem().as_bytes()).unwrap(),
        }
    }

    pub(crate) fn key(&self) -> &EncodingKey {
        &self.key
    }

    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    /// A token of these claims, naming this key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(Some(self.id), claims)
    }

    pub(crate) fn sign_as(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

impl IssuerKey {
    /// A token whose header demands that an extension be understood.
    pub(crate) fn sign_critical(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        header.extras.insert("exp", 1);
        header.crit = Some(vec!["exp".to_owned()]);
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

pub(crate) fn jwks(keys: &[&IssuerKey]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

/// A token without any signature.
pub(crate) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none"})), part(claims))
}

/// A token whose "secret" anyone may know.
pub(crate) fn symmetric(claims: &Value) -> String {
    let key = EncodingKey::from_secret(b"anyone");
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

/// Alipay, as far as notifications go.
pub(crate) fn alipay_verifier() -> Verifier {
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(RSA.public_key()).unwrap();
    Verifier::from_pem(&pem("PUBLIC KEY", der.as_ref())).unwrap()
}

pub(crate) fn alipay_signature(path: &str, time: &str, body: &[u8]) -> String {
    let signer = Signer::from_pem(&rsa_private_pem(), 1).unwrap();
    let bound = Bound {
        path,
        client_id: CLIENT_ID,
        time,
    };
    signer.header_value(&bound, body).unwrap()
}

/// The same by somebody else's key.
pub(crate) fn foreign_signature(path: &str, time: &str, body: &[u8]) -> String {
    static FOREIGN: LazyLock<alipay::signature::FreshKeys> =
        LazyLock::new(|| alipay::signature::FreshKeys::make().unwrap());
    let signer = Signer::from_pem(&FOREIGN.private_pem, 1).unwrap();
    let bound = Bound {
        path,
        client_id: CLIENT_ID,
        time,
    };
    signer.header_value(&bound, body).unwrap()
}
