//! The command line: what may be said to `tidegate`, and what it exits with.

use crate::config::Part;
use crate::exit::Unavailable;
use chassis::config::Faults;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  tidegate                                   everything on this machine, with a simulated Alipay
  tidegate demo                              a lunch hour at a counter, in about 50 seconds
  tidegate standalone --config tidegate.toml everything in one process, against the real Alipay
  tidegate --config tidegate.toml --check-config
                                             say everything that is wrong with a configuration
  tidegate rebuild --data-dir tidegate-data  derive lists, feed and totals anew from the history
  tidegate rebuild --config tidegate.toml    the same for a fleet, while it goes on
  tidegate payments list --needs-attention   what a person should look at; also --open
  tidegate payments show ID                  what happened to a payment, by any of its names
  tidegate payments resolve ID --reason TEXT stop the calls for it: a person settles it with Alipay
  tidegate dead-letters list                 commands that nobody could carry out
  tidegate dead-letters replay ID --reason TEXT
                                             have one tried again, once its cause is mended
  tidegate token --merchant demo-merchant    a token for curl, good for a week
  tidegate init --data-dir fleet             keys, a demo merchant and a configuration for a fleet
  tidegate migrate --config tidegate.toml    bring the database's tables up to date
  tidegate adopt --config tidegate.toml      take over a database restored on another server
  tidegate topics apply --config tidegate.toml
                                             create Kafka's topics, or say how they differ
  tidegate gateway --config tidegate.toml    one room of a fleet; likewise orchestrator, projector
  tidegate orchestrator --config tidegate.toml --check-config
                                             say everything that keeps this room from running

Exit codes: 0 done; 1 the demo found a disagreement; 64 the command line or configuration is
wrong; 69 a port, a file, the database or Kafka is not available; 70 a fault of Tidegate's own.";

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
    /// Whether the data directory was named, not only left at its default.
    #[arg(skip)]
    pub(crate) data_dir_given: bool,
}

impl Places {
    /// With a configuration that names PostgreSQL, a data directory would have no effect.
    ///
    /// # Errors
    /// When one was named all the same.
    pub(crate) fn one_database(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if self.data_dir_given {
            let problem = "would have no effect: the configuration names PostgreSQL \
                           ([store.postgres]). Leave it out";
            faults.add("--data-dir", problem);
        }
        faults.or(())
    }

    /// The file of a standalone's history.
    ///
    /// # Errors
    /// When there is none in the data directory.
    pub(crate) fn database(&self) -> Result<PathBuf, Unavailable> {
        let database = self.data_dir.join("tidegate.sqlite3");
        if database.exists() {
            return Ok(database);
        }
        Err(Unavailable(format!(
            "there is no database in {}; name the standalone's directory with --data-dir, or a \
             fleet's configuration with --config",
            self.data_dir.display()
        )))
    }
}

/// What to do.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Run gateway, orchestrator and projector in this one process, on one SQLite file.
    Standalone,
    /// Play a lunch hour at a counter against a temporary standalone, and check every sale against
    /// the customer's balance. Takes about 50 seconds.
    Demo,
    /// Derive lists, feed and totals anew from the history, and check that they agree: in the
    /// database that the configuration names, else in the data directory.
    Rebuild,
    /// Run the merchants' API and Alipay's notifications, as one process of a fleet.
    Gateway,
    /// Run a worker that drives payments against Alipay, as one process of a fleet.
    Orchestrator,
    /// Run what makes lists, feed and totals, as one process of a fleet.
    Projector,
    /// Run a simulated Alipay, for trials.
    AlipaySimulator,
    /// Bring the database's tables up to date.
    Migrate,
    /// Take over a PostgreSQL database that came from another server, by a dump or by logical
    /// replication. Run it once all of it is there and nothing writes to the other server.
    Adopt,
    /// Look after Kafka's topics.
    Topics {
        /// What to do with them.
        #[command(subcommand)]
        deed: TopicsDeed,
    },
    /// Write keys, a demo merchant's token and a configuration for a fleet into the data
    /// directory. What is there already is kept.
    Init(Engines),
    /// Print a token for a merchant of a trial: for the demo merchant of a data directory, or for a
    /// merchant of the configuration that `tidegate init` wrote.
    Token {
        /// The merchant's id.
        #[arg(long, value_name = "ID")]
        merchant: String,
    },
    /// Look at the payments of all merchants, and resolve one. Works on the data directory of a
    /// standalone, also while that runs, or on the PostgreSQL that the configuration names.
    Payments {
        /// What to look at.
        #[command(subcommand)]
        deed: PaymentsDeed,
    },
    /// Look at the commands that nobody could carry out, and have one tried again. Works where
    /// `payments` does.
    DeadLetters {
        /// What to do with them.
        #[command(subcommand)]
        deed: DeadLettersDeed,
    },
}

/// What to look at.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub(crate) enum PaymentsDeed {
    /// List the payments that have no end yet, the longest-standing first.
    List(Listing),
    /// Tell what happened to a payment, and what Alipay's support asks for.
    Show(Showing),
    /// Stop the calls for a payment that needs attention, because a person settles it with Alipay's
    /// support. Its status and outcome stay, and what Alipay says later is heeded; who resolved it
    /// and why is kept in its history.
    Resolve(Resolving),
}

/// Which payment is resolved, and why.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolving {
    /// Any name of the payment, as for `show`.
    pub(crate) id: String,
    /// Only this merchant's, where several use the same order number.
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: Option<String>,
    /// Who and why.
    #[command(flatten)]
    pub(crate) audit: Audit,
}

/// What to do with the dead letters.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeadLettersDeed {
    /// List them, the oldest first, each with why it could not be carried out and who had it tried
    /// again.
    List {
        /// As JSON, for a program.
        #[arg(long)]
        json: bool,
    },
    /// Have some tried again, by the next worker that looks. A pay that is past its time is not
    /// sent. Who asked for it and why is kept.
    Replay(Replaying),
}

/// Which dead letters are tried again, and why.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replaying {
    /// Their ids, as `list` tells them.
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<uuid::Uuid>,
    /// Who and why.
    #[command(flatten)]
    pub(crate) audit: Audit,
}

/// Who does something by hand, and why.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audit {
    /// Why; kept for an audit.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who; kept for an audit.
    #[arg(long, value_name = "NAME", env = "USER")]
    pub(crate) operator: String,
}

/// Which payments are listed, and how.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Those that are neither paid nor ended; this is also what is listed if nothing is said.
    #[arg(long, conflicts_with = "needs_attention")]
    pub(crate) open: bool,
    /// Only those whose reversal takes so long that a person should look.
    #[arg(long)]
    pub(crate) needs_attention: bool,
    /// Only this merchant's.
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// As JSON, for a program.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which payment is shown, and how.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub(crate) struct Showing {
    /// The payment's id, its payment_request_id, Alipay's payment id, the merchant's order number or
    /// its reference (Idempotency-Key).
    pub(crate) id: String,
    /// Only this merchant's, where several use the same order number.
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: Option<String>,
    /// As JSON, for a program.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with the topics.
#[derive(Subcommand, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopicsDeed {
    /// Create what is missing; say how what is there differs from what is wanted.
    Apply,
}

/// Where the engines are.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub(crate) struct Engines {
    /// The database, which must exist.
    #[arg(
        long,
        value_name = "URL",
        default_value = "postgres://tidegate@127.0.0.1:5432/tidegate"
    )]
    pub(crate) postgres_url: String,
    /// Kafka's brokers.
    #[arg(
        long,
        value_name = "HOST:PORT",
        value_delimiter = ',',
        default_value = "127.0.0.1:9092"
    )]
    pub(crate) kafka: Vec<String>,
    /// On how many brokers each command is kept.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) kafka_replication: u16,
    /// Redis.
    #[arg(long, value_name = "URL", default_value = "redis://127.0.0.1:6379")]
    pub(crate) redis_url: String,
    /// Which options that `init` writes down were given.
    #[arg(skip)]
    pub(crate) given: Vec<String>,
}

impl Command {
    /// Its name on the command line.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Adopt => "adopt",
            Self::Init(_) => "init",
            Self::Token { .. } => "token",
            Self::Payments { .. } => "payments",
            Self::DeadLetters { .. } => "dead-letters",
            Self::Standalone
            | Self::Rebuild
            | Self::Gateway
            | Self::Orchestrator
            | Self::Projector
            | Self::AlipaySimulator
            | Self::Migrate
            | Self::Topics { .. } => self.part().map_or("", Part::name),
        }
    }

    /// Which part the process is; `None` if it is none that is configured by a file.
    pub(crate) fn part(&self) -> Option<Part> {
        match self {
            Self::Standalone => Some(Part::Standalone),
            Self::Gateway => Some(Part::Gateway),
            Self::Orchestrator => Some(Part::Orchestrator),
            Self::Projector => Some(Part::Projector),
            Self::AlipaySimulator => Some(Part::Simulator),
            Self::Migrate | Self::Adopt => Some(Part::Schema),
            Self::Topics {
                deed: TopicsDeed::Apply,
            } => Some(Part::Topics),
            Self::Rebuild => Some(Part::Rebuild),
            Self::Token { .. } | Self::Payments { .. } | Self::DeadLetters { .. } => {
                Some(Part::Operator)
            }
            Self::Demo | Self::Init(_) => None,
        }
    }
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
