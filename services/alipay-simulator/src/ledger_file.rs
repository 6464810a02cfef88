//! The books on disk: one entry a line, synced before anyone hears of it, so that a kill loses
//! nothing that was answered.

use crate::books::Entry;
use anyhow::Context;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// An open ledger. Clones write to the same file.
#[derive(Clone)]
pub(crate) struct LedgerFile {
    file: Arc<Mutex<File>>,
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
        let ledger = Self {
            file: Arc::new(Mutex::new(file)),
        };
        Ok((ledger, entries))
    }

    /// Writes entries behind what is there; on disk when it returns, unless all are mere counts.
    pub(crate) async fn write(&self, entries: &[Entry]) -> anyhow::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, entry)?;
            text.push(b'\n');
        }
        let counts_only = entries
            .iter()
            .all(|entry| matches!(entry, Entry::Called { .. }));
        let file = Arc::clone(&self.file);
        let written = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(&text)?;
            if counts_only {
                Ok(())
            } else {
                file.sync_data()
            }
        });
        written.await.context("the ledger's writer stopped")??;
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
        ledger.write(&[entry("a"), entry("b")]).await.unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"kind\":\"cal").unwrap();
        let (ledger, again) = LedgerFile::open(&path).unwrap();
        assert_eq!(again, [entry("a"), entry("b")]);
        ledger.write(&[entry("c")]).await.unwrap();
        assert_eq!(LedgerFile::open(&path).unwrap().1.len(), 3);
    }
}
