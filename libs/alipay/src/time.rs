//! Alipay's ways to write an instant: ISO 8601 with an offset, or epoch milliseconds (protocol
//! 2.2). No clock is read here.

use payment::Timestamp;

/// Reads either way; nothing when it is neither.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp::from_ms);
    }
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_ms(instant.as_millisecond()))
}

/// ISO 8601 in UTC, to the second, as Alipay's own messages have it.
pub fn iso8601(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_ms().div_euclid(1_000)).map_or_else(
        |_| at.as_ms().to_string(),
        |instant| format!("{instant:.0}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_an_instant_are_read() {
        let noon = Some(Timestamp::from_ms(1_795_406_400_000));
        assert_eq!(parse("2026-11-23T12:00:00+08:00"), noon);
        assert_eq!(parse("2026-11-22T21:00:00-07:00"), noon);
        assert_eq!(parse("2026-11-23T04:00:00Z"), noon);
        assert_eq!(parse("1795406400000"), noon);
        assert_eq!(parse("noon"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn an_instant_is_written_to_the_second() {
        let at = Timestamp::from_ms(1_795_406_400_999);
        assert_eq!(iso8601(at), "2026-11-23T04:00:00Z");
    }
}
