//! The `Idempotency-Key` (IETF draft): the merchant's own name of an attempt, its `reference`.

use crate::problem::{Code, Problem};
use actix_web::HttpRequest;
use payment::Reference;

/// The key, with or without the quotes that the draft asks for.
pub(crate) fn key_of(request: &HttpRequest) -> Result<Reference, Problem> {
    let mut values = request.headers().get_all("idempotency-key");
    let Some(value) = values.next() else {
        return Err(Problem::new(
            Code::MissingIdempotencyKey,
            "Send the header `Idempotency-Key` with a name of your own for this attempt, such as \
             a UUID. Keep it: a repeat with the same key never charges twice.",
        ));
    };
    if values.next().is_some() {
        return Err(invalid("it was sent more than once"));
    }
    let text = value.to_str().map_err(|_| invalid("it is not ASCII"))?;
    parse(text)
}

fn parse(text: &str) -> Result<Reference, Problem> {
    let text = text.trim();
    let bare = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    if bare.contains(['"', '\\']) {
        return Err(invalid("quotes and backslashes may not stand within it"));
    }
    Reference::parse(bare).map_err(|fault| {
        let fault = fault.to_string().replace("reference", "the key");
        invalid(&fault)
    })
}

/// E1: a key is stored and shown; a code may be spent by whoever reads it.
pub(crate) fn holds_the_code() -> Problem {
    invalid("it holds the payment code; a repeat would need a new one, and codes are not stored")
}

fn invalid(why: &str) -> Problem {
    Problem::new(
        Code::InvalidIdempotencyKey,
        format!(
            "The Idempotency-Key can't be used: {why}. Send 1 to 128 visible ASCII characters."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        let bare = parse("till-3:000017").unwrap();
        assert_eq!(parse("\"till-3:000017\"").unwrap(), bare);
        assert_eq!(bare.as_str(), "till-3:000017");
    }

    #[test]
    fn empty_long_and_odd_keys_are_refused_with_what_to_send() {
        for text in ["", "\"\"", "a b", "a\"b", "käse", &"x".repeat(129)] {
            let problem = parse(text).unwrap_err();
            assert!(problem.detail.contains("1 to 128"), "{text}: {problem}");
        }
    }
}
