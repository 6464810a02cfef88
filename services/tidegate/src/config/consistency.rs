//! Settings that are right each by itself and wrong together: what one room is told must fit what
//! another does.

use super::Config;
use chassis::config::Faults;

impl Config {
    /// Adds each setting that contradicts another, with both.
    pub(super) fn check_consistency(&self, faults: &mut Faults) {
        self.check_notify_url(faults);
        self.check_drain(faults);
        self.check_shops(faults);
        self.check_simulator(faults);
    }

    /// The path is signed by Alipay as it calls it, and the gateway verifies it as it believes it to
    /// be called.
    fn check_notify_url(&self, faults: &mut Faults) {
        let Some(path) = path_of(&self.alipay.notify_url) else {
            return;
        };
        let served = gateway::notify_path_public();
        let public = &self.gateway.notify_path_public;
        // What is no path is told without being shown: a secret may have been pasted there.
        if path == public || !public.starts_with('/') {
            return;
        }
        let problem = if *public == served {
            format!(
                "its path is `{path}`, and the gateway serves `{served}`; write that, or set \
                 gateway.notify_path_public to `{path}` if a proxy in front changes the one to the \
                 other"
            )
        } else {
            format!("its path is `{path}`, and gateway.notify_path_public is `{public}`")
        };
        faults.add("alipay.notify_url", problem);
    }

    fn check_drain(&self, faults: &mut Faults) {
        let longest = self.merchants.iter().enumerate().map(|(place, merchant)| {
            let numbers = merchant.policy.numbers();
            [
                ("pay_timeout_ms", numbers.pay_timeout_ms),
                ("call_timeout_ms", numbers.call_timeout_ms),
            ]
            .map(|(name, ms)| (ms, format!("merchants[{place}].policy.{name}")))
        });
        let Some((timeout_ms, name)) = longest.flatten().max_by_key(|(ms, _)| *ms) else {
            return;
        };
        let drain_ms = i64::try_from(self.orchestrator.drain_ms).unwrap_or(i64::MAX);
        if drain_ms <= timeout_ms {
            let problem = format!(
                "is {drain_ms}; it must be more than {name}, which is {timeout_ms}, or a stopping \
                 worker leaves answers behind"
            );
            faults.add("orchestrator.drain_ms", problem);
        }
    }

    fn check_shops(&self, faults: &mut Faults) {
        for (place, merchant) in self.merchants.iter().enumerate() {
            let shop = &merchant.shop;
            for (name, text) in [
                ("merchant_name", &shop.merchant_name),
                ("store_id", &shop.store_id),
                ("store_name", &shop.store_name),
            ] {
                if text.trim().is_empty() || text.chars().any(char::is_control) {
                    let setting = format!("merchants[{place}].shop.{name}");
                    faults.add(setting, "must be 1 or more visible characters");
                }
            }
        }
    }

    fn check_simulator(&self, faults: &mut Faults) {
        let Some(simulator) = &self.alipay_simulator else {
            return;
        };
        if simulator.client_id != self.alipay.client_id {
            let problem = "is not alipay.client_id; the simulated Alipay knows one account alone";
            faults.add("alipay_simulator.client_id", problem);
        }
        if simulator.listen == self.gateway.listen && simulator.listen.port() != 0 {
            let problem = format!("is {}, and so is gateway.listen", simulator.listen);
            faults.add("alipay_simulator.listen", problem);
        }
    }
}

/// What stands behind the host of an address, if it is one.
fn path_of(url: &str) -> Option<&str> {
    let (_, behind) = url.split_once("://")?;
    let path = behind.find('/').and_then(|at| behind.get(at..));
    let path = path.unwrap_or("/");
    path.split(['?', '#']).next()
}
