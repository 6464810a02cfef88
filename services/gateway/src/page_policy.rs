//! What a browser may do with an answer. Only the documentation's pages do anything: their scripts
//! are files of their own; their styles also stand in attributes, which the page sets by script.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

const PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                     img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
                     form-action 'none'; frame-ancestors 'none'";

const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The policy for what stands at this path.
pub(crate) fn of(path: &str) -> &'static str {
    if path == "/docs" || path.starts_with("/docs/") {
        PAGES
    } else {
        NOTHING
    }
}

/// Adds it, and what goes with it.
pub(crate) fn add(headers: &mut HeaderMap, policy: &'static str) {
    let policy = HeaderValue::from_static(policy);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}
