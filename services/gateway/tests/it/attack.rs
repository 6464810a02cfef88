//! The attacks on the door for Alipay's notifications, one a row: how it is made, and how it must
//! be answered. That each is withstood is `attacks`' to see.

use crate::house::{House, Ids, ids, json_of, path, sale};
use crate::issuer::{self, CLIENT_ID};
use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;

pub(crate) const PATH: &str = "/alipay/v1/notifications/payments";
pub(crate) const TIME: &str = "2026-11-23T18:12:05+08:00";

/// A payment that waits for its outcome, and Alipay's own word of its success.
pub(crate) struct Genuine {
    pub(crate) ids: Ids,
    pub(crate) id: String,
    pub(crate) body: String,
}

impl Genuine {
    pub(crate) async fn begun(house: &House) -> Self {
        house.pay("k-1", &sale("o-1")).send().await.unwrap();
        house.work().await;
        let ids = ids("m-1", "k-1", "o-1");
        let view = json_of(house.get(&path(ids, "")).send().await.unwrap()).await;
        let id = view["payment_request_id"].as_str().unwrap().to_owned();
        let body = format!(
            "{{\"notifyType\":\"PAYMENT_RESULT\",\"result\":{{\"resultCode\":\"SUCCESS\",\
             \"resultStatus\":\"S\"}},\"paymentRequestId\":\"{id}\",\"paymentId\":\
             \"2026112311223344556677\",\"paymentAmount\":{{\"currency\":\"CNY\",\"value\":\"1988\"}}}}"
        );
        Self { ids, id, body }
    }

    pub(crate) fn signature(&self, path: &str) -> String {
        issuer::alipay_signature(path, TIME, self.body.as_bytes())
    }

    /// The right headers around this signature; no body yet.
    pub(crate) fn headers(&self, house: &House, path: &str, signature: &str) -> RequestBuilder {
        self.headed(house, path, CLIENT_ID, TIME)
            .header("signature", signature)
    }

    fn headed(&self, house: &House, path: &str, client: &str, time: &str) -> RequestBuilder {
        let request = house.bare("POST", path).header("client-id", client);
        request.header("request-time", time)
    }

    /// As Alipay sends it.
    pub(crate) fn send(&self, house: &House) -> RequestBuilder {
        self.signed(house, self.body.as_bytes())
    }

    /// Another body, signed by Alipay.
    pub(crate) fn signed(&self, house: &House, body: &[u8]) -> RequestBuilder {
        let signature = issuer::alipay_signature(PATH, TIME, body);
        self.headers(house, PATH, &signature)
            .header("content-type", "application/json; charset=UTF-8")
            .body(body.to_vec())
    }

    /// Another body under the genuine signature.
    fn altered(&self, house: &House, from: &str, to: &str) -> RequestBuilder {
        let body = self.body.replacen(from, to, 1);
        assert_ne!(body, self.body);
        self.headers(house, PATH, &self.signature(PATH)).body(body)
    }

    /// The genuine body under another `signature` header.
    fn under(&self, house: &House, signature: &str) -> RequestBuilder {
        self.headers(house, PATH, signature).body(self.body.clone())
    }
}

type Request = fn(&Genuine, &House) -> RequestBuilder;

/// One attack.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    /// As `gateway_notices_total` counts it; empty where nothing was there to be judged.
    pub(crate) verdict: &'static str,
    pub(crate) request: Request,
}

fn attack(
    (status, code, verdict): (u16, &'static str, &'static str),
    name: &'static str,
    request: Request,
) -> Attack {
    Attack {
        name,
        status,
        code,
        verdict,
        request,
    }
}

const NOT_VERIFIED: &str = "notification_not_verified";
const BAD: (u16, &str, &str) = (401, NOT_VERIFIED, "bad_signature");
const MISSING: (u16, &str, &str) = (401, NOT_VERIFIED, "header_missing");
const UNSIGNED: (u16, &str, &str) = (401, NOT_VERIFIED, "unsigned");
const OTHER: (u16, &str, &str) = (401, NOT_VERIFIED, "other_client");
const UNREADABLE: (u16, &str, &str) = (400, "notification_unreadable", "unreadable");

/// What Alipay did not sign, or did not sign like this.
pub(crate) fn unverified() -> Vec<Attack> {
    let mut all = altered();
    all.extend(headers());
    all.extend(instants());
    all.extend(signatures());
    all
}

fn altered() -> Vec<Attack> {
    vec![
        attack(BAD, "signed by another key", |g, h| {
            g.under(h, &issuer::foreign_signature(PATH, TIME, g.body.as_bytes()))
        }),
        attack(BAD, "another amount", |g, h| {
            g.altered(h, "\"1988\"", "\"1\"")
        }),
        attack(BAD, "another currency", |g, h| g.altered(h, "CNY", "JPY")),
        attack(BAD, "one space more", |g, h| g.altered(h, "{", "{ ")),
        attack(BAD, "one space behind", |g, h| g.altered(h, "}}", "}} ")),
        attack(BAD, "a line end behind", |g, h| {
            g.altered(h, "}}", "}}\r\n")
        }),
        attack(BAD, "one space less than was signed", |g, h| {
            let longer = issuer::alipay_signature(PATH, TIME, format!("{} ", g.body).as_bytes());
            g.under(h, &longer)
        }),
        attack(BAD, "nothing but the head of it", |g, h| {
            g.altered(h, &g.body[20..], "")
        }),
        attack(BAD, "signed for another path", |g, h| {
            g.under(h, &g.signature("/alipay/v1/notifications/authorizations"))
        }),
        attack(BAD, "a query that was not signed", |g, h| {
            let path = format!("{PATH}?paymentAmount=1988");
            g.headers(h, &path, &g.signature(PATH)).body(g.body.clone())
        }),
        attack(BAD, "signed with a query, sent without", |g, h| {
            g.under(h, &g.signature(&format!("{PATH}?a=b")))
        }),
        attack(BAD, "signed in capitals", |g, h| {
            g.under(h, &g.signature(&PATH.to_uppercase()))
        }),
    ]
}

fn headers() -> Vec<Attack> {
    vec![
        attack(OTHER, "another client id", |g, h| {
            g.headed(h, PATH, "SANDBOX_OTHER", TIME)
                .header("signature", g.signature(PATH))
                .body(g.body.clone())
        }),
        attack(OTHER, "our client id in lower case", |g, h| {
            g.headed(h, PATH, &CLIENT_ID.to_lowercase(), TIME)
                .header("signature", g.signature(PATH))
                .body(g.body.clone())
        }),
        attack(OTHER, "an empty client id", |g, h| {
            g.headed(h, PATH, "", TIME)
                .header("signature", g.signature(PATH))
                .body(g.body.clone())
        }),
        attack(MISSING, "two client ids", |g, h| {
            g.send(h).header("client-id", "OTHER")
        }),
        attack(MISSING, "two instants", |g, h| {
            g.send(h).header("request-time", "1")
        }),
        attack(BAD, "two signatures", |g, h| {
            g.send(h).header("signature", "signature=AAAA")
        }),
        attack(MISSING, "no client id", |g, h| {
            h.bare("POST", PATH)
                .header("request-time", TIME)
                .header("signature", g.signature(PATH))
                .body(g.body.clone())
        }),
        attack(MISSING, "no instant", |g, h| {
            h.bare("POST", PATH)
                .header("client-id", CLIENT_ID)
                .header("signature", g.signature(PATH))
                .body(g.body.clone())
        }),
        attack(UNSIGNED, "unsigned", |g, h| {
            g.headed(h, PATH, CLIENT_ID, TIME).body(g.body.clone())
        }),
        attack(MISSING, "no headers at all", |g, h| {
            h.bare("POST", PATH).body(g.body.clone())
        }),
        attack(BAD, "a signature that is no text", |g, h| {
            let bytes = HeaderValue::from_bytes(b"signature=\xff\xfe").unwrap();
            g.headed(h, PATH, CLIENT_ID, TIME)
                .header("signature", bytes)
                .body(g.body.clone())
        }),
    ]
}

fn instants() -> Vec<Attack> {
    vec![
        attack(BAD, "another instant", |g, h| {
            at(g, h, "2026-11-23T18:12:06+08:00")
        }),
        attack(BAD, "the same instant written otherwise", |g, h| {
            at(g, h, "1795429925000")
        }),
        attack(BAD, "an instant long past", |g, h| at(g, h, "0")),
        attack(BAD, "an instant far ahead", |g, h| {
            at(g, h, "99999999999999999999999")
        }),
        attack(BAD, "an instant that is none, and signed", |g, h| {
            signed_at(g, h, "yesterday")
        }),
        attack(BAD, "an empty instant, and signed", |g, h| {
            signed_at(g, h, "")
        }),
        attack(BAD, "an instant that swallows the body's start", |g, h| {
            let signature =
                issuer::alipay_signature(PATH, "1", format!("{{}}.{}", g.body).as_bytes());
            g.headed(h, PATH, CLIENT_ID, "1.{}")
                .header("signature", signature)
                .body(g.body.clone())
        }),
    ]
}

fn at(g: &Genuine, h: &House, time: &str) -> RequestBuilder {
    let headed = g.headed(h, PATH, CLIENT_ID, time);
    headed
        .header("signature", g.signature(PATH))
        .body(g.body.clone())
}

fn signed_at(g: &Genuine, h: &House, time: &str) -> RequestBuilder {
    let signature = issuer::alipay_signature(PATH, time, g.body.as_bytes());
    let headed = g.headed(h, PATH, CLIENT_ID, time);
    headed.header("signature", signature).body(g.body.clone())
}

fn signatures() -> Vec<Attack> {
    fn instead(g: &Genuine, h: &House, algorithm: &str) -> RequestBuilder {
        g.under(h, &g.signature(PATH).replace("RSA256", algorithm))
    }
    vec![
        attack(BAD, "algorithm none", |g, h| instead(g, h, "none")),
        attack(BAD, "algorithm None", |g, h| instead(g, h, "None")),
        attack(BAD, "algorithm RSA1", |g, h| instead(g, h, "RSA1")),
        attack(BAD, "algorithm HS256", |g, h| instead(g, h, "HS256")),
        attack(BAD, "an empty algorithm", |g, h| instead(g, h, "")),
        attack(BAD, "none, and no value", |g, h| {
            g.under(h, "algorithm=none,signature=")
        }),
        attack(UNSIGNED, "an empty signature", |g, h| g.under(h, "")),
        attack(BAD, "no base64", |g, h| {
            g.under(h, "algorithm=RSA256,signature=%%%***")
        }),
        attack(BAD, "a signature of zeros", |g, h| {
            g.under(
                h,
                &format!("algorithm=RSA256,signature={}%3D%3D", "A".repeat(342)),
            )
        }),
        attack(BAD, "a signature of 30 kB", |g, h| {
            g.under(
                h,
                &format!("algorithm=RSA256,signature={}", "AAAA".repeat(7_500)),
            )
        }),
        attack(BAD, "a signature cut by one letter", |g, h| {
            let mut signature = g.signature(PATH);
            signature.pop();
            g.under(h, &signature)
        }),
        attack(BAD, "two signatures in one header", |g, h| {
            g.under(h, &format!("{},signature=AAAA", g.signature(PATH)))
        }),
        attack(BAD, "another key's, of a version nobody knows", |g, h| {
            let signature = issuer::foreign_signature(PATH, TIME, g.body.as_bytes());
            g.under(h, &signature.replace("keyVersion=1", "keyVersion=2"))
        }),
        attack(BAD, "our own answer's signature", |g, h| {
            g.under(h, &issuer::alipay_signature(PATH, TIME, b"{}"))
        }),
    ]
}

/// What Alipay signed, and what can't be believed all the same.
pub(crate) fn unreadable() -> Vec<Attack> {
    let mut all = ambiguous();
    all.extend(senseless());
    all
}

/// The genuine body with something else in place of a part of it, signed.
fn with(g: &Genuine, h: &House, from: &str, to: &str) -> RequestBuilder {
    let body = g.body.replacen(from, to, 1);
    assert_ne!(body, g.body);
    g.signed(h, body.as_bytes())
}

fn ambiguous() -> Vec<Attack> {
    vec![
        attack(UNREADABLE, "two amounts", |g, h| {
            with(
                g,
                h,
                "{",
                "{\"paymentAmount\":{\"currency\":\"CNY\",\"value\":\"1\"},",
            )
        }),
        attack(
            UNREADABLE,
            "two amounts, one spelt with an escape",
            |g, h| {
                with(
                    g,
                    h,
                    "{",
                    "{\"payment\\u0041mount\":{\"currency\":\"CNY\",\"value\":\"1\"},",
                )
            },
        ),
        attack(UNREADABLE, "two values in one amount", |g, h| {
            with(g, h, "\"value\":", "\"value\":\"1\",\"value\":")
        }),
        attack(UNREADABLE, "two currencies in one amount", |g, h| {
            with(g, h, "\"currency\":", "\"currency\":\"JPY\",\"currency\":")
        }),
        attack(UNREADABLE, "two results, the failure first", |g, h| {
            with(
                g,
                h,
                "{",
                "{\"result\":{\"resultCode\":\"X\",\"resultStatus\":\"F\"},",
            )
        }),
        attack(UNREADABLE, "two statuses in one result", |g, h| {
            with(
                g,
                h,
                "\"resultStatus\":",
                "\"resultStatus\":\"F\",\"resultStatus\":",
            )
        }),
        attack(UNREADABLE, "two payments", |g, h| {
            with(g, h, "{", "{\"paymentRequestId\":\"another\",")
        }),
        attack(UNREADABLE, "two ids of Alipay's", |g, h| {
            with(g, h, "{", "{\"paymentId\":\"A\",")
        }),
        attack(UNREADABLE, "two kinds", |g, h| {
            with(g, h, "{", "{\"notifyType\":\"PAYMENT_PENDING\",")
        }),
        attack(UNREADABLE, "two payment statuses", |g, h| {
            with(
                g,
                h,
                "{",
                "{\"paymentStatus\":\"SUCCESS\",\"paymentStatus\":\"FAIL\",",
            )
        }),
        attack(
            UNREADABLE,
            "a payment status that says otherwise",
            |g, h| with(g, h, "{", "{\"paymentStatus\":\"FAIL\","),
        ),
        attack(UNREADABLE, "lists in place of objects", |g, h| {
            let amount = "{\"currency\":\"CNY\",\"value\":\"1988\"}";
            with(g, h, amount, "[\"CNY\",\"1988\"]")
        }),
    ]
}

fn senseless() -> Vec<Attack> {
    vec![
        attack(UNREADABLE, "an empty body", |g, h| g.signed(h, b"")),
        attack(UNREADABLE, "an empty list", |g, h| g.signed(h, b"[]")),
        attack(UNREADABLE, "half a body", |g, h| {
            g.signed(h, &g.body.as_bytes()[..g.body.len() / 2])
        }),
        attack(UNREADABLE, "two bodies", |g, h| {
            g.signed(h, g.body.repeat(2).as_bytes())
        }),
        attack(UNREADABLE, "10,000 levels", |g, h| {
            g.signed(h, "[".repeat(10_000).as_bytes())
        }),
        attack(UNREADABLE, "10,000 levels in the amount", |g, h| {
            with(
                g,
                h,
                "\"1988\"",
                &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
            )
        }),
        attack(UNREADABLE, "invalid UTF-8", |g, h| {
            g.signed(h, &[b"{\"x\":\"\xff\"", g.body.as_bytes()].concat())
        }),
        attack(UNREADABLE, "a byte order mark", |g, h| {
            g.signed(h, &[b"\xef\xbb\xbf", g.body.as_bytes()].concat())
        }),
        attack(UNREADABLE, "a NUL behind", |g, h| {
            g.signed(h, &[g.body.as_bytes(), b"\0"].concat())
        }),
        attack(UNREADABLE, "an amount of nothing", |g, h| {
            with(g, h, "\"1988\"", "\"0\"")
        }),
        attack(UNREADABLE, "a negative amount", |g, h| {
            with(g, h, "\"1988\"", "\"-1988\"")
        }),
        attack(UNREADABLE, "an amount with a point", |g, h| {
            with(g, h, "\"1988\"", "\"19.88\"")
        }),
        attack(UNREADABLE, "an amount beyond floats", |g, h| {
            with(g, h, "\"1988\"", "1e400")
        }),
        attack(UNREADABLE, "an amount beyond integers", |g, h| {
            with(g, h, "\"1988\"", "99999999999999999999")
        }),
        attack(UNREADABLE, "no such currency", |g, h| {
            with(g, h, "CNY", "XXX")
        }),
        attack(UNREADABLE, "no amount", |g, h| {
            with(g, h, "paymentAmount", "amount")
        }),
        attack(UNREADABLE, "no id of Alipay's", |g, h| {
            with(g, h, "paymentId", "id")
        }),
        attack(UNREADABLE, "a path for a payment's id", |g, h| {
            with(g, h, &g.id, "../../etc/passwd")
        }),
        attack(UNREADABLE, "SQL for a payment's id", |g, h| {
            with(g, h, &g.id, "' OR '1'='1")
        }),
        attack(UNREADABLE, "a half surrogate", |g, h| {
            with(g, h, &g.id, "\\ud800")
        }),
    ]
}

/// What never comes to be judged, or is about nobody's payment.
pub(crate) fn misplaced() -> Vec<Attack> {
    const LARGE: (u16, &str, &str) = (413, "body_too_large", "");
    const NOWHERE: (u16, &str, &str) = (404, "route_not_found", "");
    const METHOD: (u16, &str, &str) = (405, "method_not_allowed", "");
    const STRANGER: (u16, &str, &str) = (404, "notification_unknown_payment", "unknown_payment");
    fn elsewhere(g: &Genuine, h: &House, path: &str) -> RequestBuilder {
        g.headers(h, path, &g.signature(path)).body(g.body.clone())
    }
    vec![
        attack(LARGE, "a body of a million letters", |g, h| {
            with(
                g,
                h,
                "{",
                &format!("{{\"x\":\"{}\",", "x".repeat(1_000_000)),
            )
        }),
        attack(LARGE, "a body one letter too long", |g, h| {
            g.signed(h, &b" ".repeat(65_537))
        }),
        attack(STRANGER, "a payment nobody began", |g, h| {
            with(g, h, &g.id, "P-1")
        }),
        attack(STRANGER, "a payment's id in capitals", |g, h| {
            with(g, h, &g.id, &g.id.to_uppercase())
        }),
        attack(NOWHERE, "a slash behind the path", |g, h| {
            elsewhere(g, h, &format!("{PATH}/"))
        }),
        attack(NOWHERE, "the path in capitals", |g, h| {
            elsewhere(g, h, &PATH.to_uppercase())
        }),
        attack(NOWHERE, "two slashes", |g, h| {
            elsewhere(g, h, "//alipay/v1/notifications/payments")
        }),
        attack(METHOD, "a GET", |_, h| h.bare("GET", PATH)),
        attack(METHOD, "a PUT", |g, h| {
            h.bare("PUT", PATH).body(g.body.clone())
        }),
    ]
}
