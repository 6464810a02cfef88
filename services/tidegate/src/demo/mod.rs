//! `tidegate demo`.

mod till;
use std::process::ExitCode;
pub(crate) async fn play() -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
