//! The command line: what may be said to `tidegate`, and what it exits with.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  tidegate                                   everything on this machine, with a simulated Alipay
  tidegate demo                              a lunch hour at a counter, checked against the ledger
  tidegate standalone --config tidegate.toml everything in one process, against the real Alipay
  tidegate --config tidegate.toml --check-config
                                             say everything that is wrong with a configuration
  tidegate rebuild --data-dir tidegate-data  derive lists, feed and totals anew from the history

Exit codes: 0 done; 1 the demo found a disagreement; 64 the command line or configuration is
wrong; 69 a port, a file or the database is not available; 70 a fault of Tidegate's own.";

/// An acquirer's gateway for Alipay's user-presented mode: every payment ends with one answer that
/// customer, merchant, acquirer and Alipay agree on.
#[derive(Parser, Debug)]
#[command(name = "tidegate", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// What to do; `standalone` if nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Where from and where to.
    #[command(flatten)]
    pub(crate) places: Places,
    /// Only say whether the configuration is right, and everything that is wrong with it.
    #[arg(long, global = true)]
    pub(crate) check_config: bool,
}

/// Where settings come from and data goes to.
#[derive(Args, Debug, Clone)]
pub(crate) struct Places {
    /// The configuration file (TOML). Without one a demo merchant and a simulated Alipay are set up.
    #[arg(long, global = true, env = "TIDEGATE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where the database is, and without --config the keys made at the first start.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "tidegate-data"
    )]
    pub(crate) data_dir: PathBuf,
    /// The gateway's port, without --config; 0 takes a free one.
    #[arg(long, global = true, value_name = "PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// The simulated Alipay's port, without --config; 0 takes a free one.
    #[arg(long, global = true, value_name = "PORT", default_value_t = 8081)]
    pub(crate) simulator_port: u16,
}

/// What to do.
#[derive(Subcommand, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Run gateway, orchestrator and projector in this one process, on one SQLite file.
    Standalone,
    /// Play a lunch hour at a counter against a temporary standalone, and check every sale against
    /// the customer's balance. Takes about 70 seconds.
    Demo,
    /// Derive lists, feed and totals anew from the history, and check that they agree.
    Rebuild,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_word_it_is_standalone_on_its_usual_ports() {
        let cli = Cli::try_parse_from(["tidegate"]).unwrap();
        assert_eq!(cli.command, None);
        assert_eq!((cli.places.port, cli.places.simulator_port), (8080, 8081));
    }

    #[test]
    fn places_may_stand_behind_the_command() {
        let cli = Cli::try_parse_from(["tidegate", "rebuild", "--data-dir", "d"]).unwrap();
        assert_eq!(cli.command, Some(Command::Rebuild));
        assert_eq!(cli.places.data_dir, PathBuf::from("d"));
    }
}
