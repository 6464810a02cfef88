//! `tidegate token`: a token for a merchant of a trial, signed with the key that a first start or
//! `tidegate init` made. Real merchants get theirs from the identity provider that the configuration
//! names.

use crate::cli::Places;
use crate::config::Config;
use crate::exit::Unavailable;
use crate::standalone::{Issuing, Made, TokenKey};
use anyhow::Context;
use chassis::clock::{Clock, System};
use chassis::config::Faults;
use payment::Timestamp;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Prints a token to standard output, and to standard error until when it is good.
///
/// # Errors
/// A merchant that is not served, a key that is not there or that the gateway does not believe.
pub(crate) fn issue(
    config: Option<&Config>,
    places: &Places,
    merchant: &str,
) -> anyhow::Result<ExitCode> {
    served(config, merchant)?;
    let key = TokenKey::kept_in(&places.data_dir)?.ok_or_else(|| {
        Unavailable(format!(
            "there is no token key in {}: a first `tidegate` or `tidegate init` makes one; name \
             its directory with --data-dir. Merchants of a real deployment get their tokens from \
             its identity provider",
            places.data_dir.display()
        ))
    })?;
    let issuing = match config {
        Some(config) => {
            believed(&config.gateway.tokens.jwks_file, &key)?;
            Issuing::of(&config.gateway.tokens)
        }
        None => Issuing::demo(),
    };
    let (token, expires_at_s) = issuing.token(&key, merchant, System.now_ms())?;
    let until = Timestamp::from_ms(expires_at_s.saturating_mul(1_000)).rfc3339();
    let mut out = anstream::stdout().lock();
    writeln!(out, "{token}")?;
    out.flush()?;
    let mut err = anstream::stderr().lock();
    // The token is out; who reads it need not read this.
    let _gone = writeln!(
        err,
        "A token for {merchant}, good until {until}, to read and to write."
    );
    Ok(ExitCode::SUCCESS)
}

fn served(config: Option<&Config>, merchant: &str) -> Result<(), Faults> {
    let known: Vec<&str> = match config {
        Some(config) => config
            .merchants
            .iter()
            .map(|known| known.id.as_str())
            .collect(),
        None => vec![Made::MERCHANT],
    };
    let mut faults = Faults::default();
    if !known.contains(&merchant) {
        let where_from = match config {
            Some(_) => "the configuration's merchants are",
            None => "without --config there is only",
        };
        let problem = format!(
            "no merchant is called `{merchant}`; {where_from} {}",
            known.join(", ")
        );
        faults.add("--merchant", problem);
    }
    faults.or(())
}

/// Whether the gateway believes what this key signs.
fn believed(jwks_file: &Path, key: &TokenKey) -> anyhow::Result<()> {
    let read = |path: &Path| -> anyhow::Result<Value> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} can't be read", path.display()))?;
        let set = serde_json::from_str(&text);
        set.with_context(|| format!("{} is not a JWKS", path.display()))
    };
    let (believed, ours) = (read(jwks_file)?, read(&key.jwks)?);
    let keys = |set: &Value| set["keys"].as_array().cloned().unwrap_or_default();
    let ours: Vec<Value> = keys(&ours).iter().map(|key| key["x"].clone()).collect();
    if keys(&believed).iter().any(|key| ours.contains(&key["x"])) {
        return Ok(());
    }
    let mut faults = Faults::default();
    let problem = format!(
        "{} does not hold the key of {}, so the gateway would not believe this token; get one from \
         the identity provider whose keys these are",
        jwks_file.display(),
        key.jwks.display()
    );
    faults.add("gateway.tokens.jwks_file", problem);
    Err(faults.into())
}
