//! CPU time of processes, as Linux counts it: of a process, of all below it, and of the machine.

use anyhow::Context;
use std::collections::HashMap;
use std::fs;

/// Linux shows times in hundredths of a second, whatever its own clock's rate.
const TICK_US: u64 = 10_000;

/// A process and what it has used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Used {
    parent: u32,
    /// By itself, and by those children that ended and were waited for.
    ticks: u64,
}

/// What every process had used at one moment.
pub(super) struct Census {
    processes: HashMap<u32, Used>,
    /// What was used on the whole machine, by anyone, idle time left out.
    pub(super) machine_us: u64,
}

impl Census {
    /// Now.
    ///
    /// # Errors
    /// If `/proc` can't be read: this works on Linux alone.
    pub(super) fn take() -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("CPU time is read from /proc")?;
        let busy = stat.lines().next().and_then(busy_ticks);
        let busy = busy.context("/proc/stat can't be understood")?;
        let mut processes = HashMap::new();
        for entry in fs::read_dir("/proc")?.flatten() {
            let pid = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            // One that has just ended is gone; its parent has its time.
            if let Some(pid) = pid
                && let Ok(stat) = fs::read_to_string(entry.path().join("stat"))
                && let Some(used) = used(&stat)
            {
                processes.insert(pid, used);
            }
        }
        Ok(Self {
            processes,
            machine_us: busy.saturating_mul(TICK_US),
        })
    }

    /// What this process and all below it have used, in microseconds.
    pub(super) fn family_us(&self, root: u32) -> u64 {
        let all = self.processes.iter();
        let family = all.filter(|(pid, _)| self.is_below(**pid, root));
        let ticks: u64 = family.map(|(_, used)| used.ticks).sum();
        ticks.saturating_mul(TICK_US)
    }

    /// What this process alone has used, without what it started.
    pub(super) fn own_us(&self) -> anyhow::Result<u64> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        let ticks = fields(&stat).map(|fields| fields.own_ticks);
        let ticks = ticks.context("/proc/self/stat can't be understood")?;
        Ok(ticks.saturating_mul(TICK_US))
    }

    fn is_below(&self, pid: u32, root: u32) -> bool {
        let mut at = pid;
        // As deep as any tree of processes is; the parents of one moment make no circle.
        for _ in 0..64 {
            if at == root {
                return true;
            }
            match self.processes.get(&at) {
                Some(used) => at = used.parent,
                None => return false,
            }
        }
        false
    }
}

struct Fields {
    parent: u32,
    own_ticks: u64,
    reaped_ticks: u64,
}

fn used(stat: &str) -> Option<Used> {
    let fields = fields(stat)?;
    Some(Used {
        parent: fields.parent,
        ticks: fields.own_ticks.saturating_add(fields.reaped_ticks),
    })
}

/// Reads `/proc/PID/stat`. A name may hold spaces and brackets, so what follows the last one counts.
fn fields(stat: &str) -> Option<Fields> {
    let (_, behind) = stat.rsplit_once(')')?;
    let words: Vec<&str> = behind.split_whitespace().collect();
    let number = |place: usize| words.get(place)?.parse::<u64>().ok();
    Some(Fields {
        parent: u32::try_from(number(1)?).ok()?,
        own_ticks: number(11)?.saturating_add(number(12)?),
        reaped_ticks: number(13)?.saturating_add(number(14)?),
    })
}

/// Reads the first line of `/proc/stat`: everything but idling and waiting for disks.
fn busy_ticks(line: &str) -> Option<u64> {
    let words = line.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u64> = words.filter_map(|word| word.parse().ok()).collect();
    let [user, nice, system, _idle, _waiting, irq, softirq, ..] = ticks.as_slice() else {
        return None;
    };
    Some([user, nice, system, irq, softirq].into_iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let stat = "7 (a) b (c)) S 3 7 7 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 99 0 0";
        let used = used(stat).unwrap();
        assert_eq!((used.parent, used.ticks), (3, 100));
    }

    #[test]
    fn the_machine_is_busy_with_all_but_idling_and_waiting() {
        let line = "cpu  1 2 4 1000 5000 8 16 0 0 0";
        assert_eq!(busy_ticks(line), Some(31));
        assert_eq!(busy_ticks("cpu0 1 2 4"), None);
    }

    #[test]
    fn a_family_is_a_process_and_all_below_it() {
        let used = |parent, ticks| Used { parent, ticks };
        let census = Census {
            processes: HashMap::from([
                (1, used(0, 1)),
                (10, used(1, 2)),
                (11, used(10, 4)),
                (12, used(11, 8)),
                (20, used(1, 16)),
            ]),
            machine_us: 0,
        };
        assert_eq!(census.family_us(10), 14 * TICK_US);
        assert_eq!(census.family_us(99), 0);
    }

    #[test]
    fn this_machine_can_be_read() {
        let census = Census::take().unwrap();
        assert!(census.machine_us > 0);
        assert!(census.family_us(1) > 0);
        assert!(census.own_us().is_ok());
    }
}
