//! How a body is encoded, by what its headers say and by its first bytes: JSON is UTF-8 without a
//! byte order mark (RFC 8259, 8.1), and nothing here takes a compression off.

use crate::problem::{Code, Problem};
use actix_web::http::header::{self, HeaderMap, HeaderName};

/// What the headers say of the body; no other than JSON in UTF-8, as it is, can be taken.
pub(super) fn said(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = text(headers, &header::CONTENT_TYPE);
    let mut parts = media_type.split(';').map(str::trim);
    if parts.next() != Some("application/json") {
        return Err(unsupported(
            "Send the header `Content-Type: application/json`, once.",
        ));
    }
    for part in parts {
        let Some(charset) = part.strip_prefix("charset") else {
            continue;
        };
        let charset = charset.trim_start().trim_start_matches('=').trim();
        if !["utf-8", "utf8", "us-ascii"].contains(&charset.trim_matches('"')) {
            let why = "JSON is UTF-8: send it so, and no other `charset` in `Content-Type`.";
            return Err(unsupported(why));
        }
    }
    let coding = text(headers, &header::CONTENT_ENCODING);
    let coded = coding.split(',').map(str::trim);
    if coded
        .clone()
        .any(|coding| !["", "identity"].contains(&coding))
    {
        let name = coded
            .clone()
            .find(|name| ["gzip", "x-gzip", "deflate", "br", "zstd"].contains(name));
        return Err(unsupported(&format!(
            "The body is compressed ({}). Send it as it is, without `Content-Encoding`.",
            name.unwrap_or("by a coding that the gateway does not know")
        )));
    }
    Ok(())
}

/// What the bytes themselves are, where they are not UTF-8.
pub(super) fn held(bytes: &[u8]) -> Result<(), Problem> {
    // UTF-32's little end begins as UTF-16's does.
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => {
            return Err(Problem::new(
                Code::InvalidJson,
                "The body begins with a byte order mark (the bytes EF BB BF). Send UTF-8 without it.",
            ));
        }
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => {
            return Err(unsupported("The body is UTF-32. Send it as UTF-8."));
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] => {
            return Err(unsupported("The body is UTF-16. Send it as UTF-8."));
        }
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            return Err(unsupported("The body is compressed. Send it as it is."));
        }
        _ => {}
    }
    std::str::from_utf8(bytes).map(|_| ()).map_err(|fault| {
        let place = fault.valid_up_to().saturating_add(1);
        unsupported(&format!(
            "The body is not UTF-8: its byte {place} begins no character there. It may be Latin-1 or \
             GBK, or was cut within a character; send UTF-8."
        ))
    })
}

/// A header in lower case; empty where it is not there, and where two of it differ no value fits.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let all = headers
        .get_all(name)
        .map(|value| value.to_str().unwrap_or("?"));
    all.collect::<Vec<_>>().join(",").to_ascii_lowercase()
}

fn unsupported(why: &str) -> Problem {
    Problem::new(Code::WrongMediaType, why)
}
