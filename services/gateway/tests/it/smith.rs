//! Signs whatever it is told to, well formed or not. Which of it is hostile is `forgery`'s to say.

use crate::forgery::Made;
use crate::issuer::{self, IssuerKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};

/// The issuer's three keys, and what a forger may know of them.
pub(crate) struct Smith {
    pub(crate) ed: IssuerKey,
    pub(crate) ec: IssuerKey,
    pub(crate) rsa: IssuerKey,
    pub(crate) ed_jwk: String,
    pub(crate) rsa_pem: String,
    pub(crate) rsa_der: Vec<u8>,
    foreign: IssuerKey,
    pub(crate) foreign_jwk: Value,
    /// Where a server that fetches what a token names would come by.
    pub(crate) bait: String,
    /// An honest token's.
    pub(crate) claims: String,
}

/// These Authorization headers.
pub(crate) fn with(values: &[&str]) -> Made {
    let value = |text: &&str| HeaderValue::from_str(text).unwrap();
    values.iter().map(value).collect()
}

fn bearer(token: &str) -> Made {
    with(&[&format!("Bearer {token}")])
}

fn signed(key: &EncodingKey, algorithm: Algorithm, header: &[u8], claims: &[u8]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let message = format!("{}.{}", part(header), part(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

impl Smith {
    pub(crate) fn new(bait: String, claims: &Value) -> Self {
        let (ed, foreign) = (IssuerKey::ed25519("ed-1"), IssuerKey::ed25519("ed-1"));
        let (rsa_pem, rsa_der) = issuer::rsa_public();
        Self {
            ed_jwk: ed.jwk().to_string(),
            foreign_jwk: foreign.jwk(),
            ed,
            ec: IssuerKey::p256("ec-1"),
            rsa: IssuerKey::rsa("rsa-1"),
            rsa_pem,
            rsa_der,
            foreign,
            bait,
            claims: claims.to_string(),
        }
    }

    pub(crate) fn honest(&self) -> String {
        self.text(&json!({}), &self.claims)
    }

    fn text(&self, more: &Value, claims: &str) -> String {
        let mut header = json!({"alg": "EdDSA", "kid": "ed-1", "typ": "JWT"});
        merge(&mut header, more);
        let header = header.to_string();
        signed(
            self.ed.key(),
            Algorithm::EdDSA,
            header.as_bytes(),
            claims.as_bytes(),
        )
    }

    /// The honest token with this in its header.
    pub(crate) fn headed(&self, more: &Value) -> Made {
        bearer(&self.text(more, &self.claims))
    }

    /// These claims under an honest header.
    pub(crate) fn claiming(&self, claims: &str) -> Made {
        bearer(&self.text(&json!({}), claims))
    }

    pub(crate) fn claim(&self, name: &str, value: Value) -> Made {
        let mut claims: Map<String, Value> = serde_json::from_str(&self.claims).unwrap();
        claims.insert(name.to_owned(), value);
        self.claiming(&Value::from(claims).to_string())
    }

    pub(crate) fn without(&self, name: &str) -> Made {
        let mut claims: Map<String, Value> = serde_json::from_str(&self.claims).unwrap();
        claims.remove(name).unwrap();
        self.claiming(&Value::from(claims).to_string())
    }

    pub(crate) fn raw(&self, key: &IssuerKey, header: &str, claims: &str) -> Made {
        let (header, claims) = (header.as_bytes(), claims.as_bytes());
        bearer(&signed(key.key(), key.algorithm, header, claims))
    }

    pub(crate) fn bytes(&self, header: &[u8], claims: &[u8]) -> Made {
        bearer(&signed(self.ed.key(), Algorithm::EdDSA, header, claims))
    }

    pub(crate) fn unsigned(&self, algorithm: &str) -> Made {
        let header = format!("{{\"alg\":\"{algorithm}\",\"kid\":\"ed-1\"}}");
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        bearer(&format!("{}.{}.", part(&header), part(&self.claims)))
    }

    /// A public key taken for a secret.
    pub(crate) fn symmetric(&self, algorithm: &str, kid: &str, secret: &[u8]) -> Made {
        let header = json!({"alg": algorithm, "kid": kid}).to_string();
        let key = EncodingKey::from_secret(secret);
        let algorithm: Algorithm = algorithm.parse().unwrap();
        bearer(&signed(
            &key,
            algorithm,
            header.as_bytes(),
            self.claims.as_bytes(),
        ))
    }

    /// The key's own signature, said to be of another algorithm.
    pub(crate) fn under(&self, key: &IssuerKey, algorithm: &str) -> Made {
        self.misnamed(key, algorithm, key.id)
    }

    pub(crate) fn misnamed(&self, key: &IssuerKey, algorithm: &str, kid: &str) -> Made {
        self.raw(
            key,
            &json!({"alg": algorithm, "kid": kid}).to_string(),
            &self.claims,
        )
    }

    /// The honest token of this key with another signature.
    pub(crate) fn signature(&self, key: &IssuerKey, change: fn(&[u8]) -> Vec<u8>) -> Made {
        let header = json!({"alg": format!("{:?}", key.algorithm), "kid": key.id}).to_string();
        let (header, claims) = (header.as_bytes(), self.claims.as_bytes());
        let token = signed(key.key(), key.algorithm, header, claims);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = change(&URL_SAFE_NO_PAD.decode(signature).unwrap());
        bearer(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(crate) fn changed(&self, change: fn(&str) -> String) -> Made {
        bearer(&change(&self.honest()))
    }

    pub(crate) fn foreign(&self, header: &str) -> Made {
        self.raw(&self.foreign, header, &self.claims)
    }

    /// Signed by the forger, who names his own key besides.
    pub(crate) fn foreign_with(&self, name: &str, value: Value) -> Made {
        let mut header = json!({"alg": "EdDSA", "kid": "ed-1"});
        header[name] = value;
        self.foreign(&header.to_string())
    }

    /// Another merchant's claims between this token's header and signature.
    pub(crate) fn spliced(&self) -> Made {
        let honest = self.honest();
        let parts: Vec<&str> = honest.split('.').collect();
        let theirs = URL_SAFE_NO_PAD.encode(self.claims.replace("m-1", "m-2"));
        bearer(&format!("{}.{theirs}.{}", parts[0], parts[2]))
    }
}

fn merge(into: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        into[name] = value.clone();
    }
}

pub(crate) fn one_bit(signature: &[u8]) -> Vec<u8> {
    let mut all = signature.to_vec();
    all[9] ^= 1;
    all
}

/// RFC 8032, 8.4: the same signature in other words, if S is not held below the group's order.
pub(crate) fn order_added(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut all = signature.to_vec();
    let mut carry = 0;
    for (byte, more) in all[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    all
}

/// r and s as ASN.1 has them.
pub(crate) fn der(signature: &[u8]) -> Vec<u8> {
    let number = |half: &[u8]| [&[2, 33, 0], half].concat();
    let both = [number(&signature[..32]), number(&signature[32..])].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat()
}

/// The last letter of a signature of 64 bytes bears four bits that say nothing.
pub(crate) fn last_bits(token: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = token.split_at(token.len() - 1);
    let place = LETTERS.find(last).unwrap();
    format!("{rest}{}", &LETTERS[place + 1..place + 2])
}
