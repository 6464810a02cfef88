//! What a payment costs: CPU time of every process, commits, log written, records and commands, as
//! the difference between two looks at everything while sales go on.

use super::processes::Census;
use super::subject::Subject;
use crate::clock::Clock;
use crate::engines;
use anyhow::Context;
use reqwest::Url;
use serde::Serialize;
use std::process::Stdio;
use tokio::process::Command;

/// The load itself, in tables.
const LOAD: &str = "load";

/// Commits, bytes of log, and how often it was synced.
const DATABASE: &str = "SELECT xact_commit, pg_current_wal_lsn() - '0/0', \
     (SELECT wal_sync FROM pg_stat_wal) FROM pg_stat_database WHERE datname = current_database()";

/// Everything that is counted, at one moment.
pub(super) struct Look {
    /// When, in microseconds of the load's clock.
    pub(super) at_us: u64,
    cpu: Vec<(&'static str, u64)>,
    machine_us: u64,
    commands: u64,
    engines: Option<EngineCounts>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct EngineCounts {
    commits: u64,
    wal_bytes: u64,
    wal_syncs: u64,
    redis_commands: u64,
}

/// What one payment cost, on the average of all that were completed between two looks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cost {
    /// How many payments.
    pub payments: u64,
    /// CPU time per payment of each part, in microseconds; the load itself is the last.
    pub cpu: Vec<PartCost>,
    /// CPU time per second that others on the machine used meanwhile, in microseconds.
    pub others_us_per_s: u64,
    /// CPU time per second that everything of this run used, the load with it, in microseconds.
    pub ours_us_per_s: u64,
    /// Commands that orchestrators took from the log, in thousandths per payment.
    pub commands_thousandths: u64,
    /// Of the engines; nothing where there are none.
    pub engines: Option<EngineCost>,
}

/// CPU time of one part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PartCost {
    /// Which.
    pub part: String,
    /// Per payment, in microseconds.
    pub cpu_us: u64,
}

/// What PostgreSQL and Redis did per payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct EngineCost {
    /// Committed transactions, those that only read with them, in thousandths.
    pub commits_thousandths: u64,
    /// Bytes of write-ahead log.
    pub wal_bytes: u64,
    /// How often the log was synced to disk, in thousandths.
    pub wal_syncs_thousandths: u64,
    /// Commands that Redis carried out, in thousandths.
    pub redis_commands_thousandths: u64,
}

impl Look {
    /// Now.
    ///
    /// # Errors
    /// If someone can't be asked.
    pub(super) async fn take(subject: &Subject, clock: Clock) -> anyhow::Result<Self> {
        let census = Census::take()?;
        let at_us = clock.now_us();
        let mut cpu: Vec<(&'static str, u64)> = Vec::new();
        for (part, pid) in subject.parts()? {
            let used_us = census.family_us(pid);
            match cpu.iter_mut().find(|(known, _)| *known == part) {
                Some((_, sum_us)) => *sum_us = sum_us.saturating_add(used_us),
                None => cpu.push((part, used_us)),
            }
        }
        cpu.push((LOAD, census.own_us()?));
        let mut commands = 0_u64;
        for address in subject.metrics() {
            let text = reqwest::get(&address).await?.text().await?;
            commands = commands.saturating_add(counted(&text, "orchestrator_commands_total"));
        }
        let engines = match subject.engines() {
            Some((database, redis)) => Some(EngineCounts::now(database, redis).await?),
            None => None,
        };
        Ok(Self {
            at_us,
            cpu,
            machine_us: census.machine_us,
            commands,
            engines,
        })
    }

    /// What each of these payments cost since.
    pub(super) fn until(&self, later: &Self, payments: u64) -> Cost {
        let each = |from: u64, to: u64| to.saturating_sub(from) / payments.max(1);
        let thousandths =
            |from: u64, to: u64| to.saturating_sub(from).saturating_mul(1_000) / payments.max(1);
        let ours = |look: &Self| look.cpu.iter().map(|(_, us)| us).sum::<u64>();
        let ours_us = ours(later).saturating_sub(ours(self));
        let machine_us = later.machine_us.saturating_sub(self.machine_us);
        let passed_ms = (later.at_us.saturating_sub(self.at_us) / 1_000).max(1);
        let per_s = |us: u64| us.saturating_mul(1_000) / passed_ms;
        let engines = self
            .engines
            .zip(later.engines)
            .map(|(from, to)| EngineCost {
                commits_thousandths: thousandths(from.commits, to.commits),
                wal_bytes: each(from.wal_bytes, to.wal_bytes),
                wal_syncs_thousandths: thousandths(from.wal_syncs, to.wal_syncs),
                redis_commands_thousandths: thousandths(from.redis_commands, to.redis_commands),
            });
        let parts = self.cpu.iter().zip(&later.cpu);
        Cost {
            payments,
            cpu: parts
                .map(|((part, from), (_, to))| PartCost {
                    part: (*part).to_owned(),
                    cpu_us: each(*from, *to),
                })
                .collect(),
            others_us_per_s: per_s(machine_us.saturating_sub(ours_us)),
            ours_us_per_s: per_s(ours_us),
            commands_thousandths: thousandths(self.commands, later.commands),
            engines,
        }
    }
}

impl EngineCounts {
    async fn now(database: &Url, redis: &Url) -> anyhow::Result<Self> {
        let row = engines::sql(database, DATABASE).await?;
        let mut columns = row.split('|').map(|text| text.trim().parse::<u64>());
        let mut next = || columns.next().and_then(Result::ok);
        let counts = next().zip(next()).zip(next());
        let ((commits, wal_bytes), wal_syncs) =
            counts.with_context(|| format!("PostgreSQL's counts can't be read: {row}"))?;
        let said = Command::new("redis-cli")
            .args(["-u", redis.as_str(), "INFO", "stats"])
            .stdin(Stdio::null())
            .output()
            .await
            .context("redis-cli can't be run; is it installed?")?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let redis_commands = redis_commands(&said).context("Redis's counts can't be read")?;
        Ok(Self {
            commits,
            wal_bytes,
            wal_syncs,
            redis_commands,
        })
    }
}

fn redis_commands(info: &str) -> Option<u64> {
    let mut lines = info.lines();
    let count = lines.find_map(|line| line.strip_prefix("total_commands_processed:"))?;
    count.trim().parse().ok()
}

/// The sum of a counter over all its labels, in Prometheus' text form.
fn counted(text: &str, name: &str) -> u64 {
    let lines = text.lines().filter(|line| line.starts_with(name));
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_summed_over_its_labels() {
        let text = "# TYPE c counter\nc{kind=\"pay\"} 7\nc{kind=\"notice\"} 5\nd 100\n";
        assert_eq!(counted(text, "c"), 12);
    }

    #[test]
    fn redis_tells_how_many_commands_it_carried_out() {
        let info = "# Stats\r\ntotal_connections_received:3\r\ntotal_commands_processed:45\r\n";
        assert_eq!(redis_commands(info), Some(45));
        assert_eq!(redis_commands(""), None);
    }

    fn look(at_us: u64, cpu: [u64; 2], machine_us: u64, commands: u64) -> Look {
        Look {
            at_us,
            cpu: vec![("gateway", cpu[0]), (LOAD, cpu[1])],
            machine_us,
            commands,
            engines: Some(EngineCounts {
                commits: commands,
                wal_bytes: commands.saturating_mul(100),
                wal_syncs: 0,
                redis_commands: 0,
            }),
        }
    }

    #[test]
    fn a_cost_is_what_came_on_between_two_looks_by_payments() {
        let before = look(1_000_000, [100_000, 50_000], 1_000_000, 10);
        let after = look(3_000_000, [300_000, 150_000], 2_000_000, 30);
        let cost = before.until(&after, 10);
        let cpu: Vec<u64> = cost.cpu.iter().map(|part| part.cpu_us).collect();
        assert_eq!(cpu, [20_000, 10_000]);
        // Of a second's CPU that all used in two seconds, three tenths were ours.
        assert_eq!(
            (cost.ours_us_per_s, cost.others_us_per_s),
            (150_000, 350_000)
        );
        assert_eq!(cost.commands_thousandths, 2_000);
        assert_eq!(cost.engines.unwrap().wal_bytes, 200);
    }
}
