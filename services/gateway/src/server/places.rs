//! How many connections are taken: fewer than the process may open files, less a reserve for what
//! goes out. Without it a crowd at the door keeps payments under way from reaching Alipay.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes out may have this much at least: Alipay, the database, the log, Redis, key files.
const RESERVE_MIN: u64 = 64;

/// And needs no more than this, however many files may be open.
const RESERVE_MAX: u64 = 1_024;

/// The places for connections. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    most: usize,
    taken: Arc<AtomicUsize>,
}

/// One connection's place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
}

impl Places {
    /// As many as are set, if the process may open so many files; `files_max` is its limit.
    pub(crate) fn of(connections_max: usize, files_max: u64) -> Self {
        let reserve = files_max.div_euclid(4).clamp(RESERVE_MIN, RESERVE_MAX);
        let room = usize::try_from(files_max.saturating_sub(reserve)).unwrap_or(usize::MAX);
        let most = connections_max.min(room).max(1);
        if most < connections_max {
            tracing::warn!(
                files_max,
                reserve,
                connections_max = most,
                "fewer connections are taken than limits.connections_max says: the process may \
                 open too few files; raise its hard limit (ulimit -Hn, LimitNOFILE)"
            );
        } else {
            tracing::info!(
                files_max,
                reserve,
                connections_max = most,
                "connections are taken"
            );
        }
        let places = Self {
            most,
            taken: Arc::default(),
        };
        metrics::gauge!("gateway_connections_max").set(counted(most));
        metrics::gauge!("gateway_connections").set(0.0);
        places
    }

    /// How many there are.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Takes one; the server takes in no connection for which there is none.
    pub(crate) fn take(&self) -> Place {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("gateway_connections").set(counted(before.saturating_add(1)));
        Place {
            places: self.clone(),
        }
    }

    /// Whether few are left: who says nothing must make room for who does.
    fn are_few(&self) -> bool {
        self.taken.load(Ordering::Relaxed) >= self.most.saturating_sub(self.most.div_euclid(4))
    }
}

impl Place {
    pub(crate) fn is_among_the_last(&self) -> bool {
        self.places.are_few()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let before = self.places.taken.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("gateway_connections").set(counted(before.saturating_sub(1)));
    }
}

fn counted(connections: usize) -> f64 {
    f64::from(u32::try_from(connections).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_out_keeps_a_part_of_the_files_and_a_crowd_is_known() {
        for (set, files, most) in [
            (25_000, 1_024, 768),
            (25_000, 256, 192),
            (25_000, 1_048_576, 25_000),
            (100, 1_024, 100),
            (25_000, 10, 1),
        ] {
            assert_eq!(Places::of(set, files).most(), most, "{set} of {files}");
        }
        let places = Places::of(4, 1_024);
        let first = places.take();
        let _second = places.take();
        assert!(!first.is_among_the_last());
        let third = places.take();
        assert!(first.is_among_the_last());
        drop(third);
        assert!(!first.is_among_the_last());
    }
}
