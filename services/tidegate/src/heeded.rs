//! Which options a command heeds. One that would have no effect is refused: the operator who gave it
//! believes that it does something.

use crate::cli::{Cli, Command};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use std::ffi::OsString;

/// The options that stand before or behind any command.
const OPTIONS: [&str; 5] = [
    "config",
    "data_dir",
    "port",
    "simulator_port",
    "check_config",
];

/// Reads a command line.
///
/// # Errors
/// What is wrong with it, for clap to print.
pub(crate) fn parse<I, T>(arguments: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let matches = Cli::command().try_get_matches_from(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let command = cli.command.clone().unwrap_or(Command::Standalone);
    if !heeds(&command, false).contains(&"config") {
        // It may come from the environment, where it is meant for other commands.
        let asked = matches.value_source("config") == Some(ValueSource::CommandLine);
        cli.places.config = cli.places.config.filter(|_| asked);
    }
    let configured = cli.places.config.is_some();
    let heeded = heeds(&command, configured);
    let unheeded = OPTIONS
        .into_iter()
        .filter(|option| !heeded.contains(option) && given(&matches, option));
    let unheeded: Vec<String> = unheeded.map(spelled).collect();
    if !unheeded.is_empty() {
        return Err(refused(&command, configured, &unheeded));
    }
    let (port, other) = (cli.places.port, cli.places.simulator_port);
    if heeded.contains(&"port") && port == other && port != 0 {
        return Err(fault(format!(
            "--port and --simulator-port are both {port}; gateway and simulator need one each"
        )));
    }
    cli.places.data_dir_given = given(&matches, "data_dir");
    if let Some(Command::Init(engines)) = &mut cli.command {
        engines.given = written_by_init(&matches);
    }
    Ok(cli)
}

/// The options that `init` writes into the configuration, as far as they were given.
fn written_by_init(matches: &ArgMatches) -> Vec<String> {
    let own = matches.subcommand().map(|(_, own)| own);
    let engines = ["postgres_url", "kafka", "kafka_replication", "redis_url"];
    let engines = engines
        .into_iter()
        .filter(|option| own.is_some_and(|own| given(own, option)));
    let ports = ["port", "simulator_port"];
    let ports = ports.into_iter().filter(|option| given(matches, option));
    engines.chain(ports).map(spelled).collect()
}

fn given(matches: &ArgMatches, option: &str) -> bool {
    matches.value_source(option) == Some(ValueSource::CommandLine)
}

/// What this command heeds of [`OPTIONS`], with a configuration or without.
fn heeds(command: &Command, configured: bool) -> &'static [&'static str] {
    match command {
        Command::Standalone if configured => &["config", "data_dir", "check_config"],
        // A check without a configuration has its own answer.
        Command::Standalone => &[
            "config",
            "data_dir",
            "port",
            "simulator_port",
            "check_config",
        ],
        Command::Demo => &[],
        Command::Rebuild => &["config", "data_dir", "check_config"],
        Command::Token { .. } | Command::Payments { .. } | Command::DeadLetters { .. } => {
            &["config", "data_dir"]
        }
        Command::Gateway
        | Command::Orchestrator
        | Command::Projector
        | Command::AlipaySimulator
        | Command::Migrate
        | Command::Adopt
        | Command::Topics { .. } => &["config", "check_config"],
        Command::Init(_) => &["data_dir", "port", "simulator_port"],
    }
}

fn spelled(option: &str) -> String {
    format!("--{}", option.replace('_', "-"))
}

fn refused(command: &Command, configured: bool, unheeded: &[String]) -> clap::Error {
    let name = command.name();
    let ports = unheeded.iter().any(|option| option.ends_with("port"));
    let instead = if ports && configured {
        "; set `listen` in the configuration file instead"
    } else {
        ""
    };
    let with = if configured { " with --config" } else { "" };
    fault(format!(
        "{} would have no effect: `tidegate {name}`{with} does not use it{instead}. Leave it out",
        unheeded.join(", ")
    ))
}

fn fault(problem: String) -> clap::Error {
    Cli::command().error(ErrorKind::ArgumentConflict, problem)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn told(line: &str) -> Result<(), String> {
        let arguments = line.split(' ');
        let parsed = parse(arguments.map(str::to_owned));
        parsed.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_option_that_would_have_no_effect_is_refused_by_name() {
        for (line, option) in [
            ("tidegate demo --port 9000", "--port"),
            ("tidegate --port 9000 demo", "--port"),
            ("tidegate demo --data-dir d", "--data-dir"),
            ("tidegate demo --config c.toml", "--config"),
            ("tidegate demo --check-config", "--check-config"),
            ("tidegate --config c.toml --port 9000", "--port"),
            (
                "tidegate standalone --config c.toml --simulator-port 1",
                "--simulator-port",
            ),
            (
                "tidegate gateway --config c.toml --data-dir d",
                "--data-dir",
            ),
            ("tidegate migrate --config c.toml --port 1", "--port"),
            ("tidegate rebuild --port 1", "--port"),
            ("tidegate init --config c.toml", "--config"),
            ("tidegate dead-letters list --port 1", "--port"),
            (
                "tidegate payments resolve P --reason seen --operator o --check-config",
                "--check-config",
            ),
            ("tidegate init --check-config", "--check-config"),
        ] {
            let text = told(line).unwrap_err();
            let named = text.contains(&format!("{option} would have no effect"));
            assert!(named, "{line}: {text}");
        }
    }

    #[test]
    fn an_option_that_has_an_effect_is_taken() {
        for line in [
            "tidegate",
            "tidegate demo",
            "tidegate --port 0 --simulator-port 0 --data-dir d",
            "tidegate standalone --config c.toml --data-dir d --check-config",
            "tidegate rebuild --data-dir d",
            "tidegate gateway --config c.toml --check-config",
            "tidegate init --data-dir d --port 0 --simulator-port 9001",
        ] {
            told(line).unwrap();
        }
    }

    #[test]
    fn two_servers_do_not_share_a_port() {
        for line in [
            "tidegate --port 9000 --simulator-port 9000",
            "tidegate --port 8081",
        ] {
            let text = told(line).unwrap_err();
            assert!(text.contains("need one each"), "{text}");
        }
    }
}
