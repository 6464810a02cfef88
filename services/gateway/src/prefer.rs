//! `Prefer: wait=n` (RFC 7240): how long a caller keeps its connection open for a final answer.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use std::time::Duration;

/// The wait that is granted; none where none was asked for. What can't be read is no preference
/// (RFC 7240, 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wait {
    pub(crate) seconds: Option<u64>,
}

impl Wait {
    pub(crate) fn asked(request: &HttpRequest, wait_s_max: u64) -> Self {
        Self::of(request.headers(), wait_s_max)
    }

    fn of(headers: &HeaderMap, wait_s_max: u64) -> Self {
        let seconds = headers
            .get_all("prefer")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split([',', ';']))
            .filter_map(|preference| preference.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
            .and_then(|(_, value)| value.trim().trim_matches('"').parse::<u64>().ok());
        Self {
            seconds: seconds.map(|seconds| seconds.min(wait_s_max)),
        }
    }

    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(0))
    }

    /// What `Preference-Applied` says.
    pub(crate) fn applied(self) -> Option<String> {
        self.seconds.map(|seconds| format!("wait={seconds}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Wait;
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    fn asked(values: &[&str]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static("prefer"), value);
        }
        Wait::of(&headers, 60).seconds
    }

    #[test]
    fn a_wait_is_read_among_other_preferences_and_cut_to_the_longest() {
        assert_eq!(asked(&["wait=25"]), Some(25));
        assert_eq!(asked(&["respond-async, Wait = \"7\""]), Some(7));
        assert_eq!(asked(&["respond-async", "wait=3"]), Some(3));
        assert_eq!(asked(&["wait=86400"]), Some(60));
    }

    #[test]
    fn what_can_not_be_read_is_no_preference() {
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&["wait=soon"]), None);
        assert_eq!(asked(&["wait"]), None);
        assert_eq!(asked(&["wait=-1"]), None);
    }
}
