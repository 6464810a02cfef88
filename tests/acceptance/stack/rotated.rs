//! Every key changed while tills sell, in the order of docs/operations.md: process by process, and
//! no sale is lost on the way.

use super::{counted, engines, fleet, load};
use alipay::signature::FreshKeys;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;
use trials::fleet::{Fleet, Member, Role};
use trials::load::{Mix, Sale, Tills};
use trials::show;

const SEALING: &str = "TIDEGATE__BUS__SEALING_KEY_FILE";
const FORMER: &str = "TIDEGATE__BUS__FORMER_KEY_FILES";
const ALIPAYS: &str = "TIDEGATE__ALIPAY__ALIPAY_PUBLIC_KEY_FILE";
const FURTHER_ALIPAYS: &str = "TIDEGATE__ALIPAY__FURTHER_ALIPAY_KEYS";
const OURS: &str = "TIDEGATE__ALIPAY__PRIVATE_KEY_FILE";
const FURTHER_OURS: &str = "TIDEGATE__ALIPAY__FURTHER_PRIVATE_KEYS";
const OUR_VERSION: &str = "TIDEGATE__ALIPAY__KEY_VERSION";

/// A list that nothing is left of.
const NONE: &str = "[]";

/// Those that seal, open and verify.
const BOTH: &[Role] = &[Role::Gateway, Role::Orchestrator];

/// Those that sign.
const SIGNING: &[Role] = &[Role::Orchestrator];

/// What was sealed longer ago is not begun any more, though a worker can open it.
const LAST_BEGIN: Duration = Duration::from_secs(5);

/// So long the fleet sells with what a step brought.
const SELLING: Duration = Duration::from_millis(500);

/// All of these are sold if all that is signed is believed and all that is sealed is opened: they are
/// told by the answer to pay, by an inquiry, twice, or by the notification alone.
fn told_in_each_way() -> Mix {
    Mix::new(vec![("0000", 6), ("0101", 2), ("0301", 1), ("0307", 1)])
}

/// What a wrong order would lose, as the processes count it.
#[derive(Default, PartialEq, Eq, Debug)]
struct Lost {
    unbelieved: u64,
    parked: u64,
}

/// An operator at work, while tills sell.
struct Rotation<'a> {
    fleet: &'a mut Fleet,
    folder: PathBuf,
    lost: Lost,
}

impl Rotation<'_> {
    /// A step: each process of these roles is stopped and started with these settings before the next
    /// one is.
    async fn step(&mut self, roles: &[Role], settings: &[(&str, &str)]) {
        for role in roles {
            for member in self.fleet.all(*role) {
                self.lost.look_at(member).await;
                member.stop().await.unwrap();
                for (name, value) in settings {
                    member.set(name, value);
                }
                member.start().await.unwrap();
            }
        }
        tokio::time::sleep(SELLING).await;
    }

    /// A file that its owner alone may read.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What `init` wrote.
    fn first(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// Nobody has this key any more.
    fn forget(&self, path: &str) {
        std::fs::remove_file(path).unwrap();
    }

    /// What Alipay's dashboard is for.
    async fn at_alipay(&self, method: &str, party: &str, body: String) -> Value {
        let url = format!("{}/simulator/keys/{party}", self.fleet.simulator());
        let request = reqwest::Client::new().request(method.parse().unwrap(), url);
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// By the three steps of docs/operations.md.
    async fn sealing_key(&mut self) {
        let old = self.first("sealing.key");
        let new = self.write("next.sealing.key", &("5a".repeat(16) + &"c3".repeat(16)));
        self.step(BOTH, &[(FORMER, &new)]).await;
        self.step(BOTH, &[(SEALING, &new), (FORMER, &old)]).await;
        tokio::time::sleep(LAST_BEGIN).await;
        self.lost.look(self.fleet).await;
        assert_eq!(self.lost, Lost::default());
        self.step(BOTH, &[(FORMER, NONE)]).await;
        self.forget(&old);
    }

    /// By the two steps, with Alipay's change between them.
    async fn alipays_key(&mut self) {
        let made = self.at_alipay("POST", "alipay", String::new()).await;
        let new = self.write("next.alipay.pem", made["public_key"].as_str().unwrap());
        let listed = numbered(&made["version"], &new);
        self.step(BOTH, &[(FURTHER_ALIPAYS, &listed)]).await;
        // Alipay has many processes too: some sign with the new key before others do.
        let both = json!([1, made["version"]]);
        self.at_alipay("PUT", "alipay", both.to_string()).await;
        tokio::time::sleep(SELLING).await;
        let only = json!([made["version"]]);
        self.at_alipay("PUT", "alipay", only.to_string()).await;
        self.step(BOTH, &[(ALIPAYS, &new), (FURTHER_ALIPAYS, NONE)])
            .await;
        self.forget(&self.first("alipay.public.pem"));
    }

    /// By the three steps.
    async fn our_key(&mut self) {
        let fresh = FreshKeys::make().unwrap();
        let new = self.write("next.acquirer.pem", &fresh.private_pem);
        let listed = numbered(&json!(2), &new);
        self.step(SIGNING, &[(FURTHER_OURS, &listed)]).await;
        let taken = self.at_alipay("POST", "account", fresh.public_pem).await;
        assert_eq!(taken["version"], 2);
        self.step(SIGNING, &[(OUR_VERSION, "2")]).await;
        self.at_alipay("PUT", "account", json!([2]).to_string())
            .await;
        self.step(SIGNING, &[(OURS, &new), (FURTHER_OURS, NONE)])
            .await;
        self.forget(&self.first("acquirer.private.pem"));
    }
}

fn numbered(version: &Value, file: &str) -> String {
    format!("[{{ version = {version}, file = {file:?} }}]")
}

impl Lost {
    async fn look(&mut self, fleet: &mut Fleet) {
        for role in BOTH {
            for member in fleet.all(*role) {
                self.look_at(member).await;
            }
        }
    }

    async fn look_at(&mut self, member: &Member) {
        let address = member.operations().await.unwrap();
        for counter in [
            "alipay_answers_unbelieved_total",
            "gateway_notices_total{verdict=\"bad_signature\"",
            "gateway_notices_total{verdict=\"unsigned\"",
        ] {
            self.unbelieved += counted(&address, counter).await;
        }
        self.parked += counted(&address, "orchestrator_commands_parked").await;
    }
}

/// Everything is final and right, nobody's sale is lost, and none is left waiting for a key.
async fn nothing_is_lost(fleet: &mut Fleet, tills: &Tills, sales: &[Sale]) {
    let report = show::judging_fleet(fleet, tills, sales).await.unwrap();
    let told = show::report(&report, sales);
    assert!(
        report.wrong.is_empty() && report.untold.is_empty(),
        "{told}"
    );
    let kept = sales.iter().filter(|sale| !sale.cancel_was_asked());
    let lost: Vec<&Sale> = kept.filter(|sale| !is_paid(sale)).collect();
    assert!(lost.is_empty(), "{} lost: {lost:#?}", lost.len());
    assert_eq!(fleet.postman.refused(), 0, "notifications refused");
    let mut at_end = Lost::default();
    at_end.look(fleet).await;
    assert_eq!(at_end, Lost::default());
}

fn is_paid(sale: &Sale) -> bool {
    let mut heard = sale.heard.iter();
    heard.any(|heard| heard.said.outcome() == Some("paid"))
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_real_engines_each_key_is_changed_under_load_in_the_documented_order_and_no_sale_is_lost()
 {
    let Some((engines, _turn)) = engines("every key changed under load").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = fleet(dir.path(), &engines).await;
    let (selling, tills) = load(&fleet, 4, told_in_each_way());
    let mut rotation = Rotation {
        fleet: &mut fleet,
        folder: dir.path().to_owned(),
        lost: Lost::default(),
    };
    rotation.sealing_key().await;
    rotation.alipays_key().await;
    rotation.our_key().await;
    assert_eq!(rotation.lost, Lost::default());
    let changed_us = selling.clock().now_us();
    tokio::time::sleep(SELLING).await;
    let sales = selling.stop().await.unwrap();
    nothing_is_lost(&mut fleet, &tills, &sales).await;
    let later = sales.iter().filter(|sale| sale.began_us > changed_us);
    assert!(later.filter(|sale| is_paid(sale)).count() > 0);
    fleet.stop().await.unwrap();
}
