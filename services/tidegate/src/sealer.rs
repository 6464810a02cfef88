//! The keys that seal payment codes, from their files.

use crate::config::BusSettings;
use anyhow::Context;
use bus::{Sealer, SealingKey};
use secrecy::ExposeSecret;
use std::path::Path;

/// One key.
pub(crate) fn key(path: &Path) -> anyhow::Result<SealingKey> {
    let text = chassis::secret::read(path)?;
    SealingKey::parse(text.expose_secret()).with_context(|| path.display().to_string())
}

/// The key to seal with, and those of before to open with.
pub(crate) fn sealer(settings: &BusSettings) -> anyhow::Result<Sealer> {
    let seal_with = key(&settings.sealing_key_file)?;
    let former: anyhow::Result<Vec<SealingKey>> = settings
        .former_key_files
        .iter()
        .map(|path| key(path))
        .collect();
    Ok(Sealer::new(seal_with, former?))
}
