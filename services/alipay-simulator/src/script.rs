//! Reactions that someone asked for by an admin call, before the behavior's own.

use crate::reaction::{Api, Reaction};
use serde::{Deserialize, Serialize};

/// The next calls that fit meet this reaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// Of this API.
    pub(crate) api: Api,
    /// About this payment; any if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payment_request_id: Option<String>,
    /// Of this customer; any if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<String>,
    /// How many calls.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// How they are met.
    pub(crate) reaction: Reaction,
}

fn once() -> u32 {
    1
}

/// The scripts that wait for their calls.
#[derive(Default)]
pub(crate) struct Scripts(Vec<Script>);

impl Scripts {
    /// Adds one; earlier ones are met first.
    pub(crate) fn add(&mut self, script: Script) {
        self.0.push(script);
    }

    /// The reaction for this call, used up once.
    pub(crate) fn take(
        &mut self,
        api: Api,
        request: &str,
        customer: Option<&str>,
    ) -> Option<Reaction> {
        let fits = |script: &Script| {
            let this = |wanted: &Option<String>, given: Option<&str>| {
                wanted.as_deref().is_none_or(|wanted| Some(wanted) == given)
            };
            script.api == api
                && this(&script.payment_request_id, Some(request))
                && this(&script.customer, customer)
        };
        let place = self.0.iter().position(fits)?;
        let script = self.0.get_mut(place)?;
        script.times = script.times.saturating_sub(1);
        let reaction = script.reaction.clone();
        if script.times == 0 {
            self.0.remove(place);
        }
        Some(reaction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_met_by_fitting_calls_as_often_as_it_says() {
        let mut scripts = Scripts::default();
        let script = r#"{"api":"cancel","customer":"7","times":2,
            "reaction":{"acts":false,"says":"in_doubt","travels":"well"}}"#;
        scripts.add(serde_json::from_str(script).unwrap());
        assert_eq!(scripts.take(Api::Pay, "r", Some("7")), None);
        assert_eq!(scripts.take(Api::Cancel, "r", Some("8")), None);
        assert!(scripts.take(Api::Cancel, "r", Some("7")).is_some());
        assert!(scripts.take(Api::Cancel, "s", Some("7")).is_some());
        assert_eq!(scripts.take(Api::Cancel, "s", Some("7")), None);
    }
}
