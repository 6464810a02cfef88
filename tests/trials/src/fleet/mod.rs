//! A fleet: gateways, orchestrators, projectors and the simulated Alipay, each a process of its
//! own, with a database, topics and Redis keys that no other fleet uses.

mod member;
mod place;

pub use member::{Member, Role};
pub use place::Place;

use crate::engines::Engines;
use crate::postman::Postman;
use crate::wire::{Wire, Wires};
use anyhow::Context;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// What to start, and on what.
#[derive(Clone, Debug)]
pub struct FleetPlan {
    /// The `tidegate` binary.
    pub tidegate: PathBuf,
    /// The same of a newer release, to be mixed in.
    pub canary: Option<PathBuf>,
    /// Where keys, configuration, logs and the ledger are kept; made if it is missing.
    pub folder: PathBuf,
    /// PostgreSQL, Kafka and Redis.
    pub engines: Engines,
    /// How many gateways.
    pub gateways: usize,
    /// How many orchestrators.
    pub orchestrators: usize,
    /// How many projectors.
    pub projectors: usize,
    /// Whether connections can be harmed.
    pub wiring: Wiring,
    /// Settings beyond the usual, as `TIDEGATE__SECTION__SETTING` and its value.
    pub settings: Vec<(String, String)>,
}

/// How processes reach the engines and Alipay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wiring {
    /// As in production, but for notifications, which go by the postman.
    Direct,
    /// As in production, notifications too: straight to the first gateway.
    Bare,
    /// Through a proxy each, which can cut, delay and swallow. Kafka names its own address to its
    /// clients, so it is always reached directly.
    Harmable,
}

/// A fleet at work.
pub struct Fleet {
    /// Every process.
    pub members: Vec<Member>,
    /// The merchant's token.
    pub token: String,
    /// Where notifications arrive, and are kept for a storm.
    pub postman: Postman,
    /// The connections that can be harmed.
    pub wires: Wires,
    /// Its database, topics and keys.
    pub place: Place,
    plan: FleetPlan,
    settings: Vec<(String, String)>,
}

impl Fleet {
    /// Sets everything up and starts every process; when it returns, payments can be made.
    ///
    /// # Errors
    /// What did not start, with the end of its log.
    pub async fn start(plan: FleetPlan) -> anyhow::Result<Self> {
        tokio::fs::create_dir_all(&plan.folder)
            .await
            .with_context(|| format!("{} can't be made", plan.folder.display()))?;
        let place = Place::make(&plan.engines).await?;
        let simulator_port = free_port()?;
        let wires = Wires::lay(&plan.engines, simulator_port, plan.wiring).await?;
        let postman = Postman::open().await?;
        init(&plan, &place, &wires, simulator_port).await?;
        let token = tokio::fs::read_to_string(plan.folder.join("merchant.token")).await?;
        let mut settings = place.settings();
        let (notices, first_gateway) = match plan.wiring {
            Wiring::Direct | Wiring::Harmable => (postman.address().to_owned(), None),
            Wiring::Bare => {
                let address = format!("http://127.0.0.1:{}", free_port()?);
                (address.clone(), Some(address))
            }
        };
        settings.extend(redirected(&wires, &notices));
        settings.extend(plan.settings.clone());
        let mut fleet = Self {
            members: Vec::new(),
            token: token.trim().to_owned(),
            postman,
            wires,
            place,
            plan,
            settings,
        };
        let plan = &fleet.plan;
        let counts = [
            (Role::AlipaySimulator, 1),
            (Role::Orchestrator, plan.orchestrators),
            (Role::Projector, plan.projectors),
            (Role::Gateway, plan.gateways),
        ];
        fleet.ask(&["migrate"], &[]).await?;
        fleet.ask(&["topics", "apply"], &[]).await?;
        for (role, count) in counts {
            for number in 1..=count {
                let is_first_gateway = (role, number) == (Role::Gateway, 1);
                let address = first_gateway.clone().filter(|_| is_first_gateway);
                fleet.join_at(role, &[], address).await?;
            }
        }
        fleet.postman.serve(fleet.gateways());
        Ok(fleet)
    }

    /// A command that ends by itself, with settings of its own besides.
    ///
    /// # Errors
    /// What it says if it fails.
    pub async fn ask(&self, words: &[&str], own: &[(&str, &str)]) -> anyhow::Result<()> {
        let mut command = self.command(words);
        command.envs(own.iter().copied());
        done(command, &words.join(" ")).await
    }

    /// The same command, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.plan.tidegate);
        command.args(words).arg("--config");
        command.arg(self.plan.folder.join("tidegate.toml"));
        command.envs(self.settings.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts one more of this role, with settings of its own besides; gives its number.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn join(&mut self, role: Role, own: &[(&str, &str)]) -> anyhow::Result<usize> {
        self.join_at(role, own, None).await
    }

    /// The same; at this address, if one is given.
    async fn join_at(
        &mut self,
        role: Role,
        own: &[(&str, &str)],
        address: Option<String>,
    ) -> anyhow::Result<usize> {
        let number = self.of(role).count().saturating_add(1);
        let mut member = Member::new(role, number, &self.plan, &self.settings);
        member.address = address;
        for (name, value) in own {
            member.set(name, value);
        }
        member.start().await?;
        self.members.push(member);
        Ok(number)
    }

    /// The gateways' addresses; they stay the same over restarts.
    pub fn gateways(&self) -> Vec<String> {
        self.of(Role::Gateway)
            .filter_map(|member| member.address.clone())
            .collect()
    }

    /// The simulated Alipay's address, beside any wire.
    pub fn simulator(&self) -> String {
        let first = self.of(Role::AlipaySimulator).next();
        first
            .and_then(|member| member.address.clone())
            .unwrap_or_default()
    }

    /// The member of this role and number, from 1.
    ///
    /// # Errors
    /// If there is none.
    pub fn member(&mut self, role: Role, number: usize) -> anyhow::Result<&mut Member> {
        let mut members = self.members.iter_mut();
        members
            .find(|member| member.role == role && member.number == number)
            .with_context(|| format!("there is no {role:?} {number}"))
    }

    /// Today's release, and a newer one if the fleet has it.
    pub fn releases(&self) -> (PathBuf, Option<PathBuf>) {
        (self.plan.tidegate.clone(), self.plan.canary.clone())
    }

    /// Finishes what was begun: every process of Tidegate becomes the newer release.
    ///
    /// # Errors
    /// If there is none, or one does not stop or start.
    pub async fn upgrade(&mut self) -> anyhow::Result<()> {
        let canary = self.plan.canary.clone();
        let canary = canary.context("there is no newer release")?;
        for member in &mut self.members {
            if member.role != Role::AlipaySimulator {
                member.stop().await?;
                member.become_another(canary.clone());
                member.start().await?;
            }
        }
        Ok(())
    }

    /// All members of this role.
    pub fn all(&mut self, role: Role) -> impl Iterator<Item = &mut Member> {
        let members = self.members.iter_mut();
        members.filter(move |member| member.role == role)
    }

    /// Starts every process that ended although nobody asked it to; gives their names.
    ///
    /// # Errors
    /// If one can't be started.
    pub async fn start_what_ended(&mut self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        for member in &mut self.members {
            if member.ended()?.is_some() {
                member.start().await?;
                names.push(member.name());
            }
        }
        Ok(names)
    }

    /// Stops everything in an orderly way, gateways first, and removes its database and keys.
    ///
    /// # Errors
    /// What did not stop, or ended with something else than 0.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for member in self.members.iter_mut().rev() {
            if let Err(error) = member.stop().await {
                outcome = Err(error);
            }
        }
        self.place.remove(&self.plan.engines).await?;
        outcome
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(move |member| member.role == role)
    }
}

/// A port that is free now; the next to ask gets another.
fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

/// Keys, token and configuration.
async fn init(
    plan: &FleetPlan,
    place: &Place,
    wires: &Wires,
    simulator_port: u16,
) -> anyhow::Result<()> {
    let mut command = Command::new(&plan.tidegate);
    command.arg("init").arg("--data-dir").arg(&plan.folder);
    command.args(["--postgres-url", &place.postgres_url(wires)?]);
    command.args(["--kafka", &plan.engines.kafka]);
    command.args(["--redis-url", &place.redis_url(&plan.engines, wires)?]);
    command.args(["--port", "0"]);
    command.args(["--simulator-port", &simulator_port.to_string()]);
    done(command, "init").await
}

/// Where Alipay is and where its notifications go, in place of what `init` wrote.
fn redirected(wires: &Wires, notices: &str) -> Vec<(String, String)> {
    let alipay = wires.address(Wire::Alipay);
    let set = |name: &str, value: String| (format!("TIDEGATE__ALIPAY__{name}"), value);
    vec![
        set("BASE_URL", format!("http://{alipay}")),
        set(
            "NOTIFY_URL",
            format!("{notices}/alipay/v1/notifications/payments"),
        ),
    ]
}

async fn done(mut command: Command, what: &str) -> anyhow::Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .await
        .context("the tidegate binary can't be run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "tidegate {what}: {said}");
    Ok(())
}
