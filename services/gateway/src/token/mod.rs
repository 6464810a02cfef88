//! Bearer tokens (RFC 7519, with RFC 8725's cautions): who calls, for which merchant, and what
//! they may do. Time is the caller's; nothing here reads a clock or the network.

mod caller;
mod jwk;
mod keys;
mod watch;

pub(crate) use caller::{Caller, Reads, Writes};
pub(crate) use keys::Keys;
pub(crate) use watch::{report, watch};

use crate::config::TokenSettings;
use crate::fields::Fields;
use crate::problem::{Code, Problem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Header, Validation};
use keys::Key;
use payment::{MerchantId, Timestamp};
use serde_json::{Map, Value};

/// No honest token is longer.
const TOKEN_CHARS_MAX: usize = 8_192;

/// What an access token may call itself (RFC 9068, 2.1; RFC 7519, 5.1), in lower case. A logout
/// token or a proof of possession may bear the same issuer's signature (RFC 8725, 3.11).
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// What a token says, once it is believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Grant {
    pub(crate) merchant: MerchantId,
    pub(crate) scopes: Vec<String>,
}

/// Who believes tokens, and which.
#[derive(Clone)]
pub(crate) struct Tokens {
    settings: TokenSettings,
    keys: Keys,
}

impl Tokens {
    pub(crate) fn new(settings: TokenSettings, keys: Keys) -> Self {
        Self { settings, keys }
    }

    /// Believes a token, or says why not.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Grant, Problem> {
        if token.len() > TOKEN_CHARS_MAX {
            return Err(invalid("it is longer than 8192 characters"));
        }
        let header = header_of(token)?;
        let keys = self.keys.all();
        let key = pick(&keys, &header)?;
        let claims = verified(token, key)?;
        self.in_time(&claims, now)?;
        self.for_us(&claims)?;
        self.granted(&claims)
    }

    fn in_time(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), Problem> {
        let now_s = now.as_ms().div_euclid(1_000);
        let leeway_s = self.settings.leeway_s;
        let expires_s = seconds(claims, "exp")?
            .ok_or_else(|| invalid("it has no `exp`; tokens must expire"))?;
        if now_s >= expires_s.saturating_add(leeway_s) {
            return Err(Problem::new(
                Code::ExpiredToken,
                "Its `exp` has passed. Get a new token and send the same request with it.",
            ));
        }
        let begins_s = seconds(claims, "nbf")?;
        if begins_s.is_some_and(|begins_s| now_s < begins_s.saturating_sub(leeway_s)) {
            return Err(Problem::new(
                Code::TokenNotYetValid,
                "Its `nbf` has not come yet. Compare the issuer's clock with the right time.",
            ));
        }
        Ok(())
    }

    fn for_us(&self, claims: &Map<String, Value>) -> Result<(), Problem> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        if issuer != Some(self.settings.issuer.as_str()) {
            return Err(Problem::new(
                Code::WrongIssuer,
                format!("Its `iss` must be `{}`.", self.settings.issuer),
            ));
        }
        let ours = |said: &Value| said.as_str() == Some(self.settings.audience.as_str());
        let for_us = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        };
        if !for_us {
            return Err(Problem::new(
                Code::WrongAudience,
                format!("Its `aud` must name `{}`.", self.settings.audience),
            ));
        }
        Ok(())
    }

    fn granted(&self, claims: &Map<String, Value>) -> Result<Grant, Problem> {
        let claim = &self.settings.merchant_claim;
        let merchant = claims
            .get(claim)
            .and_then(Value::as_str)
            .and_then(|text| MerchantId::parse(text).ok())
            .ok_or_else(|| invalid(&format!("its claim `{claim}` must name a merchant")))?;
        // RFC 8693, 4.2: `scope` is one text; some issuers send a list, or call it `scp`.
        let mut scopes = Vec::new();
        for name in ["scope", "scp"] {
            scopes.extend(words(claims, name)?);
        }
        Ok(Grant { merchant, scopes })
    }
}

/// A claim that is one text of words, or a list of such.
fn words(claims: &Map<String, Value>, name: &str) -> Result<Vec<String>, Problem> {
    let texts: Option<Vec<&str>> = match claims.get(name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(text)) => Some(vec![text]),
        Some(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => None,
    };
    let texts = texts.ok_or_else(|| {
        invalid(&format!(
            "its `{name}` is neither a text nor a list of them"
        ))
    })?;
    // RFC 6749, 3.3: spaces alone part the words.
    let words = texts.into_iter().flat_map(|text| text.split(' '));
    Ok(words.map(str::to_owned).collect())
}

fn invalid(why: &str) -> Problem {
    Problem::new(
        Code::InvalidToken,
        format!("The token can't be believed: {why}. Get a new one from the issuer."),
    )
}

fn wrong_algorithm() -> Problem {
    Problem::new(
        Code::WrongAlgorithm,
        "Tokens must be signed with RS256, ES256 or EdDSA, as the key they name is made for.",
    )
}

/// The header, if its algorithm is on the list. The name is looked at before the library reads the
/// header: it has no word for `none` and for others that an attacker may try.
fn header_of(token: &str) -> Result<Header, Problem> {
    let unreadable = || invalid("it is not three base64url parts with dots between");
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(unreadable());
    };
    let json = URL_SAFE_NO_PAD.decode(header).map_err(|_| unreadable())?;
    let Fields { all: json, twice } = serde_json::from_slice(&json).map_err(|_| unreadable())?;
    let name = json.get("alg").and_then(Value::as_str).unwrap_or_default();
    if !["RS256", "ES256", "EdDSA"].contains(&name) {
        return Err(wrong_algorithm());
    }
    if json.get("crit").is_some() {
        return Err(invalid(
            "it demands an extension that the gateway does not know",
        ));
    }
    if twice.is_some() {
        return Err(invalid("a name stands twice in its header"));
    }
    // RFC 7797, 7: never in a token; one that says so would be read in two ways.
    if json.contains_key("b64") || json.contains_key("cty") {
        return Err(invalid("its content is not said to be plain claims"));
    }
    if json.get("typ").is_some_and(|kind| !is_access_token(kind)) {
        return Err(invalid("its `typ` is that of another kind of token"));
    }
    jsonwebtoken::decode_header(token).map_err(|_| unreadable())
}

fn is_access_token(kind: &Value) -> bool {
    let kind = kind.as_str().unwrap_or_default().to_ascii_lowercase();
    let short = kind.strip_prefix("application/").unwrap_or(&kind);
    TYPES.contains(&short)
}

/// The key the token names; one that names none is believed only where there is just one.
fn pick<'a>(keys: &'a [Key], header: &Header) -> Result<&'a Key, Problem> {
    let key = match (&header.kid, keys) {
        (Some(kid), _) => {
            let mut named = keys.iter().filter(|key| key.id.as_deref() == Some(kid));
            // Keys of two kinds may share a name (RFC 7517, 4.5).
            let fits = named.clone().find(|key| key.algorithm == header.alg);
            fits.or_else(|| named.next())
        }
        (None, [only]) => Some(only),
        (None, _) => {
            return Err(Problem::new(
                Code::UnknownKey,
                "The issuer has several keys, so the token's header must name one as `kid`.",
            ));
        }
    };
    let key = key.ok_or_else(|| {
        Problem::new(
            Code::UnknownKey,
            "No key of the issuer has the token's `kid`. After a key change, get a new token; \
             if the key is new, put it into the JWKS file.",
        )
    })?;
    if key.algorithm != header.alg {
        return Err(wrong_algorithm());
    }
    Ok(key)
}

/// The claims, if the signature is right. Times and names are compared by us: they need our clock
/// and an answer of their own each.
fn verified(token: &str, key: &Key) -> Result<Map<String, Value>, Problem> {
    let mut validation = Validation::new(key.algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let Fields { all, twice } = jsonwebtoken::decode(token, &key.key, &validation)
        .map(|data| data.claims)
        .map_err(|_| invalid("its signature does not fit its content and key"))?;
    if twice.is_some() {
        return Err(invalid("a claim stands twice in it"));
    }
    Ok(all)
}

/// A NumericDate; parts of a second are cut. One so large that it is written with an exponent is no
/// time: cut at its point, the start of a token in a far future would be its first digit.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Problem> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let text = value.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    let plain = value.is_number() && !text.contains(['e', 'E']);
    let seconds = plain.then(|| whole.parse().ok()).flatten();
    match seconds {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(invalid(&format!("its `{name}` is not a time"))),
    }
}
