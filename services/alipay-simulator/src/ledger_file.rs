//! The books on disk: one entry a line, synced before anyone hears of it, so that a kill loses
//! nothing that was answered. Calls that come at the same time share a sync.

use crate::books::Entry;
use anyhow::{Context, ensure};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An open ledger. Clones write to the same file.
#[derive(Clone)]
pub(crate) struct LedgerFile {
    shared: Arc<Shared>,
}

struct Shared {
    file: Mutex<File>,
    /// How many writes must be on disk before anyone hears of them.
    written: AtomicU64,
    /// How many of them are; taken by whoever syncs, for all who wait.
    synced: tokio::sync::Mutex<u64>,
    /// What a failed sync lost may never come to be on disk, so nothing may be told any more.
    broken: AtomicBool,
}

impl LedgerFile {
    /// Opens or begins a ledger and reads what it holds. A last line that was cut off by a kill was
    /// never told to anyone and is dropped.
    pub(crate) fn open(path: &Path) -> anyhow::Result<(Self, Vec<Entry>)> {
        let said = || format!("the ledger {} can't be used", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .with_context(said)?;
        let mut entries = Vec::new();
        let mut whole_bytes: u64 = 0;
        let mut reader = BufReader::new(&file);
        let mut line = String::new();
        while reader.read_line(&mut line).with_context(said)? > 0 {
            if !line.ends_with('\n') {
                break;
            }
            entries.push(serde_json::from_str(&line).with_context(said)?);
            whole_bytes = whole_bytes.saturating_add(u64::try_from(line.len())?);
            line.clear();
        }
        file.set_len(whole_bytes).with_context(said)?;
        file.flush().with_context(said)?;
        let shared = Shared {
            file: Mutex::new(file),
            written: AtomicU64::new(0),
            synced: tokio::sync::Mutex::new(0),
            broken: AtomicBool::new(false),
        };
        let ledger = Self {
            shared: Arc::new(shared),
        };
        Ok((ledger, entries))
    }

    /// Writes entries behind what is there. Nobody may hear of them before [`Self::settled`].
    pub(crate) fn write(&self, entries: &[Entry]) -> anyhow::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, entry)?;
            text.push(b'\n');
        }
        let file = self.shared.file.lock();
        let mut file = file.unwrap_or_else(PoisonError::into_inner);
        self.shared.whole()?;
        if let Err(error) = file.write_all(&text) {
            // Half a line may stand there. Behind it nothing could be read again.
            self.shared.broken.store(true, Ordering::SeqCst);
            return Err(error.into());
        }
        drop(file);
        // A count that is lost is no lie, and what was acknowledged is notified once more.
        let matters = entries.iter().any(|entry| match entry {
            Entry::Called { .. } | Entry::Acknowledged { .. } => false,
            Entry::Opened(_)
            | Entry::Charged { .. }
            | Entry::Failed { .. }
            | Entry::Cancelled { .. }
            | Entry::Refunded { .. } => true,
        });
        if matters {
            self.shared.written.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Returns once everything that was written so far is on disk. Who waits at the same moment
    /// shares one sync: the disk, not the number of customers, says how long it takes.
    pub(crate) async fn settled(&self) -> anyhow::Result<()> {
        let shared = &self.shared;
        let wanted = shared.written.load(Ordering::SeqCst);
        let mut synced = shared.synced.lock().await;
        shared.whole()?;
        if *synced >= wanted {
            return Ok(());
        }
        let covered = shared.written.load(Ordering::SeqCst);
        let disk = Arc::clone(shared);
        let done = tokio::task::spawn_blocking(move || {
            let file = disk.file.lock();
            let file = file.unwrap_or_else(PoisonError::into_inner).try_clone()?;
            // Beside the lock, so that others may write meanwhile.
            let done = file.sync_data();
            // Here, since whoever waits for it may be gone.
            if done.is_err() {
                disk.broken.store(true, Ordering::SeqCst);
            }
            done
        });
        let done = done.await.context("the ledger's writer stopped")?;
        done.context("the ledger can't be brought to disk")?;
        *synced = covered;
        Ok(())
    }
}

impl Shared {
    fn whole(&self) -> anyhow::Result<()> {
        let broken = self.broken.load(Ordering::SeqCst);
        ensure!(!broken, "a write or a sync failed before; start again");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reaction::Api;

    #[tokio::test]
    async fn what_was_written_is_read_again_and_half_a_line_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        let entry = |request: &str| Entry::Called {
            request: request.to_owned(),
            api: Api::Pay,
        };
        let (ledger, before) = LedgerFile::open(&path).unwrap();
        assert!(before.is_empty());
        ledger.write(&[entry("a"), entry("b")]).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"kind\":\"cal").unwrap();
        let (ledger, again) = LedgerFile::open(&path).unwrap();
        assert_eq!(again, [entry("a"), entry("b")]);
        ledger.write(&[entry("c")]).unwrap();
        assert_eq!(LedgerFile::open(&path).unwrap().1.len(), 3);
    }

    #[tokio::test]
    async fn calls_at_the_same_time_share_a_sync_and_counts_need_none() {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, _) = LedgerFile::open(&dir.path().join("ledger")).unwrap();
        let called = Entry::Called {
            request: "a".to_owned(),
            api: Api::Inquiry,
        };
        ledger.write(&[called]).unwrap();
        ledger.settled().await.unwrap();
        assert_eq!(*ledger.shared.synced.lock().await, 0);
        let charged = |request: &str| Entry::Charged {
            request: request.to_owned(),
            at_ms: 1,
        };
        ledger.write(&[charged("a")]).unwrap();
        ledger.write(&[charged("b")]).unwrap();
        let (one, two) = tokio::join!(ledger.settled(), ledger.settled());
        one.unwrap();
        two.unwrap();
        assert_eq!(*ledger.shared.synced.lock().await, 2);
    }

    #[tokio::test]
    async fn nothing_is_written_behind_what_may_be_half_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        let (ledger, _) = LedgerFile::open(&path).unwrap();
        let entry = Entry::Called {
            request: "a".to_owned(),
            api: Api::Pay,
        };
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let usable = std::mem::replace(&mut *ledger.shared.file.lock().unwrap(), full);
        assert!(ledger.write(std::slice::from_ref(&entry)).is_err());
        *ledger.shared.file.lock().unwrap() = usable;
        assert!(ledger.write(&[entry]).is_err());
        assert!(ledger.settled().await.is_err());
        assert!(LedgerFile::open(&path).unwrap().1.is_empty());
    }
}
