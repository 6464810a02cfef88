//! The hostile tokens, one a row (RFC 8725, RFC 7515, RFC 6750): how each is made, and how it must
//! be answered. That each is withstood is `forgeries`' to see; how they are signed, `smith`'s.

use crate::smith::{Smith, with};
use reqwest::header::HeaderValue;
use serde_json::json;

/// What stands in the Authorization headers.
pub(crate) type Made = Vec<HeaderValue>;

/// One hostile token.
pub(crate) struct Forgery {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) make: fn(&Smith) -> Made,
}

const BAD: (u16, &str) = (401, "invalid_token");
const ALGORITHM: (u16, &str) = (401, "wrong_algorithm");
const KEY: (u16, &str) = (401, "unknown_key");
const MISSING: (u16, &str) = (401, "missing_token");
const EXPIRED: (u16, &str) = (401, "expired_token");
const EARLY: (u16, &str) = (401, "token_not_yet_valid");
const ISSUER: (u16, &str) = (401, "wrong_issuer");
const AUDIENCE: (u16, &str) = (401, "wrong_audience");
const SCOPE: (u16, &str) = (403, "insufficient_scope");
const STRANGER: (u16, &str) = (403, "merchant_not_configured");

// A row a line: rustfmt would make five of each, and the table could no longer be read as one.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident: $($answer:ident $what:literal $make:expr;)*) => {
        $(#[$doc])*
        pub(crate) fn $name() -> Vec<Forgery> {
            vec![$(Forgery { name: $what, status: $answer.0, code: $answer.1, make: $make },)*]
        }
    };
}

table! {
    /// Algorithms: none, symmetric ones under public keys, and those of another key.
    algorithms:
    ALGORITHM "none" |s| s.unsigned("none");
    ALGORITHM "None" |s| s.unsigned("None");
    ALGORITHM "NONE" |s| s.unsigned("NONE");
    ALGORITHM "nOnE" |s| s.unsigned("nOnE");
    ALGORITHM "none behind a space" |s| s.unsigned(" none");
    ALGORITHM "none with a NUL" |s| s.unsigned("none\\u0000");
    ALGORITHM "none over a good signature" |s| s.headed(&json!({"alg": "none"}));
    ALGORITHM "an empty algorithm" |s| s.headed(&json!({"alg": ""}));
    ALGORITHM "no algorithm" |s| s.raw(&s.ed, r#"{"typ":"JWT","kid":"ed-1"}"#, &s.claims);
    ALGORITHM "a number for an algorithm" |s| s.headed(&json!({"alg": 1}));
    ALGORITHM "a list of algorithms" |s| s.headed(&json!({"alg": ["EdDSA", "none"]}));
    ALGORITHM "the algorithm in lower case" |s| s.headed(&json!({"alg": "eddsa"}));
    ALGORITHM "HS256 by the RSA key's PEM" |s| s.symmetric("HS256", "rsa-1", s.rsa_pem.as_bytes());
    ALGORITHM "HS256 by the RSA key's DER" |s| s.symmetric("HS256", "rsa-1", &s.rsa_der);
    ALGORITHM "HS256 by the key's JWK" |s| s.symmetric("HS256", "ed-1", s.ed_jwk.as_bytes());
    ALGORITHM "HS384 by the RSA key's PEM" |s| s.symmetric("HS384", "rsa-1", s.rsa_pem.as_bytes());
    ALGORITHM "HS512 by an empty secret" |s| s.symmetric("HS512", "rsa-1", b"");
    ALGORITHM "RS512 by the right key" |s| s.under(&s.rsa, "RS512");
    ALGORITHM "PS256 by the right key" |s| s.under(&s.rsa, "PS256");
    ALGORITHM "ES384" |s| s.under(&s.ec, "ES384");
    ALGORITHM "ES256 said of the Ed25519 key" |s| s.misnamed(&s.ec, "ES256", "ed-1");
    ALGORITHM "EdDSA said of the P-256 key" |s| s.misnamed(&s.ed, "EdDSA", "ec-1");
    ALGORITHM "RS256 said of the P-256 key" |s| s.misnamed(&s.rsa, "RS256", "ec-1");
}

table! {
    /// Signatures that are none, not over this, or not the only one of their kind.
    signatures:
    BAD "an empty signature" |s| s.signature(&s.ed, |_| Vec::new());
    BAD "a signature cut by a byte" |s| s.signature(&s.ed, |all| all[..63].to_vec());
    BAD "a byte more" |s| s.signature(&s.ed, |all| [all, &[0]].concat());
    BAD "one bit of it changed" |s| s.signature(&s.ed, crate::smith::one_bit);
    BAD "Ed25519: S with the group's order added" |s| s.signature(&s.ed, crate::smith::order_added);
    BAD "Ed25519: all zeros" |s| s.signature(&s.ed, |_| vec![0; 64]);
    BAD "ES256: r and s of zero" |s| s.signature(&s.ec, |_| vec![0; 64]);
    BAD "ES256: s of zero" |s| s.signature(&s.ec, |all| [&all[..32], &[0; 32]].concat());
    BAD "ES256: DER where raw belongs" |s| s.signature(&s.ec, crate::smith::der);
    BAD "RS256: all zeros" |s| s.signature(&s.rsa, |_| vec![0; 256]);
    BAD "RS256: a zero before it" |s| s.signature(&s.rsa, |all| [&[0], all].concat());
    BAD "another key under the right name" |s| s.foreign("{\"alg\":\"EdDSA\",\"kid\":\"ed-1\"}");
    BAD "another merchant's claims under it" |s| s.spliced();
    BAD "padded with =" |s| s.changed(|token| format!("{token}=="));
    BAD "bits behind the signature's last" |s| s.changed(crate::smith::last_bits);
    BAD "the signature in the other base64" |s| s.changed(|token| format!("{token}+/"));
    BAD "a dot behind" |s| s.changed(|token| format!("{token}."));
    BAD "a dot before" |s| s.changed(|token| format!(".{token}"));
    BAD "four parts" |s| s.changed(|token| format!("{token}.e30"));
    BAD "five parts, as if encrypted" |s| s.changed(|token| format!("{token}.e30.e30"));
    BAD "two parts" |s| s.changed(|token| token.rsplit_once('.').unwrap().0.to_owned());
    BAD "dots alone" |s| s.changed(|_| "..".to_owned());
    BAD "a token of 8193 characters" |s| s.changed(|token| format!("{token:A<8193}"));
    BAD "a token of 60,000 characters" |s| s.changed(|token| format!("{token:A<60000}"));
}

table! {
    /// Headers that say more, or something else, than who signed.
    headers:
    BAD "a header that is no JSON" |s| s.raw(&s.ed, "alg=EdDSA", &s.claims);
    BAD "a header cut short" |s| s.raw(&s.ed, r#"{"alg":"EdDSA""#, &s.claims);
    BAD "a header of two objects" |s| s.raw(&s.ed, r#"{"alg":"EdDSA"}{}"#, &s.claims);
    BAD "a header that is not UTF-8" |s|
        s.bytes(b"{\"alg\":\"EdDSA\",\"x\":\"\xff\"}", s.claims.as_bytes());
    BAD "two algorithms, none first" |s|
        s.raw(&s.ed, r#"{"alg":"none","alg":"EdDSA","kid":"ed-1"}"#, &s.claims);
    ALGORITHM "two algorithms, none last" |s|
        s.raw(&s.ed, r#"{"alg":"EdDSA","alg":"none","kid":"ed-1"}"#, &s.claims);
    BAD "two key names" |s| s.raw(&s.ed, r#"{"alg":"EdDSA","kid":"x","kid":"ed-1"}"#, &s.claims);
    BAD "two of a name nobody knows" |s|
        s.raw(&s.ed, r#"{"alg":"EdDSA","kid":"ed-1","x":1,"x":2}"#, &s.claims);
    BAD "what must be understood (crit)" |s| s.headed(&json!({"crit": ["exp"], "exp": 1}));
    BAD "an empty crit" |s| s.headed(&json!({"crit": []}));
    BAD "b64 false (RFC 7797, 7)" |s| s.headed(&json!({"b64": false}));
    BAD "b64 false, and critical" |s| s.headed(&json!({"b64": false, "crit": ["b64"]}));
    KEY "a key of another name" |s| s.headed(&json!({"kid": "ed-2"}));
    KEY "a path for a key's name" |s| s.headed(&json!({"kid": "../../../../dev/null"}));
    KEY "SQL for a key's name" |s| s.headed(&json!({"kid": "x' UNION SELECT 'ed-1"}));
    KEY "an empty name for a key" |s| s.headed(&json!({"kid": ""}));
    KEY "a key's name in capitals" |s| s.headed(&json!({"kid": "ED-1"}));
    KEY "a key's name with a NUL" |s| s.headed(&json!({"kid": "ed-1\u{0}"}));
    KEY "a key's name of 5000 characters" |s| s.headed(&json!({"kid": "k".repeat(5_000)}));
    KEY "no key's name where there are three" |s| s.raw(&s.ed, r#"{"alg":"EdDSA"}"#, &s.claims);
    BAD "a number for a key's name" |s| s.headed(&json!({"kid": 1}));
    BAD "a list for a key's name" |s| s.headed(&json!({"kid": ["ed-1"]}));
    BAD "the forger's own key within (jwk)" |s| s.foreign_with("jwk", s.foreign_jwk.clone());
    BAD "a place to fetch keys from (jku)" |s| s.foreign_with("jku", json!(s.bait));
    BAD "a place to fetch a certificate from (x5u)" |s| s.foreign_with("x5u", json!(s.bait));
    BAD "a certificate within (x5c)" |s| s.foreign_with("x5c", json!(["MIIB"]));
    BAD "a logout token" |s| s.headed(&json!({"typ": "logout+jwt"}));
    BAD "a proof of possession" |s| s.headed(&json!({"typ": "dpop+jwt"}));
    BAD "a security event" |s| s.headed(&json!({"typ": "secevent+jwt"}));
    BAD "a number for a type" |s| s.headed(&json!({"typ": 1}));
    BAD "said to hold another token (cty)" |s| s.headed(&json!({"cty": "JWT"}));
}

table! {
    /// Claims that the issuer signed and nobody should believe.
    claims:
    BAD "claims that are no JSON" |s| s.claiming("merchant_id=m-1");
    BAD "claims that are a list" |s| s.claiming("[]");
    BAD "claims that are null" |s| s.claiming("null");
    BAD "claims that are not UTF-8" |s|
        s.bytes(br#"{"alg":"EdDSA","kid":"ed-1"}"#, b"{\"x\":\"\xff\"}");
    BAD "claims 10,000 levels deep" |s| s.claiming(&"[".repeat(5_000));
    BAD "a token within the token" |s| s.claiming(&s.honest());
    BAD "two merchants" |s| s.claiming(&s.claims.replacen('{', r#"{"merchant_id":"m-2","#, 1));
    BAD "two ends" |s| s.claiming(&s.claims.replacen('{', r#"{"exp":1,"#, 1));
    BAD "two merchants, one spelt with an escape" |s|
        s.claiming(&s.claims.replacen('{', r#"{"merchant\u005fid":"m-2","#, 1));
    BAD "no end" |s| s.without("exp");
    BAD "an end that is a text" |s| s.claim("exp", json!("1895000000"));
    BAD "an end that is null" |s| s.claim("exp", json!(null));
    BAD "an end that is true" |s| s.claim("exp", json!(true));
    BAD "an end in a list" |s| s.claim("exp", json!([1_895_000_000])) ;
    BAD "an end beyond integers" |s| s.claim("exp", json!(u64::MAX));
    BAD "an end beyond sense" |s| s.claim("exp", json!(1e300));
    EXPIRED "an end before 1970" |s| s.claim("exp", json!(-1));
    EXPIRED "an end at 0" |s| s.claim("exp", json!(0));
    EXPIRED "an end long past, with a fraction" |s| s.claim("exp", json!(1.5));
    EARLY "a start next year" |s| s.claim("nbf", json!(1_826_600_000));
    EARLY "a start at the end of integers" |s| s.claim("nbf", json!(i64::MAX));
    BAD "a start beyond sense" |s| s.claim("nbf", json!(1.5e300));
    BAD "a start that is a text" |s| s.claim("nbf", json!("0"));
    ISSUER "no issuer" |s| s.without("iss");
    ISSUER "another issuer" |s| s.claim("iss", json!("https://evil.example"));
    ISSUER "our issuer with a slash" |s| s.claim("iss", json!("https://issuer.example/"));
    ISSUER "our issuer within a list" |s| s.claim("iss", json!(["https://issuer.example"]));
    ISSUER "our issuer in capitals" |s| s.claim("iss", json!("HTTPS://ISSUER.EXAMPLE"));
    AUDIENCE "no audience" |s| s.without("aud");
    AUDIENCE "another audience" |s| s.claim("aud", json!("tidegate-admin"));
    AUDIENCE "an empty list of audiences" |s| s.claim("aud", json!([]));
    AUDIENCE "our audience in a list in a list" |s| s.claim("aud", json!([["tidegate"]]));
    AUDIENCE "our audience as a name" |s| s.claim("aud", json!({"tidegate": true}));
    BAD "no merchant" |s| s.without("merchant_id");
    BAD "a list of merchants" |s| s.claim("merchant_id", json!(["m-1"]));
    BAD "an empty merchant" |s| s.claim("merchant_id", json!(""));
    BAD "a merchant with a NUL" |s| s.claim("merchant_id", json!("m-1\u{0}"));
    BAD "a merchant with a space" |s| s.claim("merchant_id", json!("m-1 "));
    BAD "a merchant of 65 characters" |s| s.claim("merchant_id", json!("m".repeat(65)));
    STRANGER "a merchant nobody set up" |s| s.claim("merchant_id", json!("m-9"));
    STRANGER "our merchant in capitals" |s| s.claim("merchant_id", json!("M-1"));
    SCOPE "no scope" |s| s.without("scope");
    SCOPE "a scope that only reads" |s| s.claim("scope", json!("payments:read"));
    SCOPE "a list of scopes that only reads" |s| s.claim("scope", json!(["payments:read", ""]));
    SCOPE "a scope in capitals" |s| s.claim("scope", json!("PAYMENTS:WRITE"));
    SCOPE "a longer word" |s| s.claim("scope", json!("payments:write:none"));
    SCOPE "a star" |s| s.claim("scope", json!("* payments:*"));
    SCOPE "words between commas" |s| s.claim("scope", json!("payments:read,payments:write"));
    SCOPE "one word of the issuer's, with a no-break space in it" |s|
        s.claim("scope", json!("not\u{a0}payments:write"));
}

table! {
    /// How the token is sent (RFC 6750, 2.1; RFC 9110, 11.6.2).
    manners:
    MISSING "no token" |_| with(&["Bearer"]);
    MISSING "an empty token" |_| with(&["Bearer   "]);
    MISSING "another scheme" |_| with(&["Basic bS0xOng="]);
    MISSING "a tab for the space" |s| with(&[&format!("Bearer\t{}", s.honest())]);
    MISSING "the token alone" |s| with(&[&s.honest()]);
    BAD "two tokens in one header" |s| with(&[&format!("Bearer {0} {0}", s.honest())]);
    BAD "two tokens with a comma" |s| with(&[&format!("Bearer {0},Bearer {0}", s.honest())]);
    BAD "a quoted token" |s| with(&[&format!("Bearer \"{}\"", s.honest())]);
    BAD "two headers, both good" |s|
        with(&[&format!("Bearer {}", s.honest()), &format!("Bearer {}", s.honest())]);
    BAD "two headers, a good one first" |s|
        with(&[&format!("Bearer {}", s.honest()), "Basic bS0xOng="]);
    BAD "two headers, a good one last" |s| with(&["Bearer x", &format!("Bearer {}", s.honest())]);
    MISSING "bytes that are no text" |_|
        vec![HeaderValue::from_bytes(b"Bearer \xff\xfe.e30.e30").unwrap()];
}
