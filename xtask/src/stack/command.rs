//! The words on the command line, and what is said on the terminal. Standard output holds the piece
//! of configuration alone, so that it can be sent to a file.

use super::engine::Engine;
use super::faults::Act;
use super::ports::Asked;
use super::{Leave, Stack, Started, addresses, docker, ports};
use anstyle::AnsiColor;
use anyhow::{Context, bail};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

const UP_EXAMPLES: &str = "\
Examples:
  cargo xtask up                            start what does not run, and wait until each answers
  cargo xtask up >stack.toml                the same; Tidegate's piece of configuration in a file
  cargo xtask up --docker                   in containers (deploy/compose.yaml)
  cargo xtask up --dir target/second --postgres-port 29432 --redis-port 29379 \\
    --kafka-port 29192 --kafka-controller-port 29193      a second stack beside the first

On Debian, root's first run installs what is missing (postgresql, redis-server, a Java, Maven),
and gets Kafka from Maven Central, once. Logs are in target/stack/NAME.log. Running it again is
safe: what answers is left alone, and what died is started on the data that it had.";

const DOWN_EXAMPLES: &str = "\
Examples:
  cargo xtask down           stop exactly the processes that `up` started; their data stays
  cargo xtask down --wipe    and remove the data; what was downloaded stays in target/stack-cache";

const STACK_EXAMPLES: &str = "\
Examples:
  cargo xtask stack                   what runs, where, and whether it answers
  cargo xtask stack kafka kill        kill -9
  cargo xtask stack kafka start       start it again on the same data, and wait until it answers
  cargo xtask stack redis pause       SIGSTOP: connections stay open, and nothing answers
  cargo xtask stack redis resume      SIGCONT
  cargo xtask stack postgres stop     an orderly stop that ends its clients' sessions";

/// Where a stack is.
#[derive(Args)]
struct Place {
    /// The folder of its data, logs and pid files [default: target/stack].
    #[arg(long, env = "TIDEGATE_STACK_DIR")]
    dir: Option<PathBuf>,
    /// In containers, by deploy/compose.yaml; the folder then holds nothing but the ports.
    #[arg(long)]
    docker: bool,
}

/// Start PostgreSQL, Redis and Kafka on private ports of this machine.
#[derive(Args)]
#[command(after_help = UP_EXAMPLES)]
pub(crate) struct Up {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    ports: Asked,
}

/// Stop what `up` started.
#[derive(Args)]
#[command(after_help = DOWN_EXAMPLES)]
pub(crate) struct Down {
    #[command(flatten)]
    place: Place,
    /// Remove the data too.
    #[arg(long)]
    wipe: bool,
}

/// Say what runs, or do something to one engine.
#[derive(Args)]
#[command(after_help = STACK_EXAMPLES)]
pub(crate) struct One {
    #[command(flatten)]
    place: Place,
    /// Which one.
    #[arg(requires = "act")]
    engine: Option<Engine>,
    /// What to do to it.
    act: Option<Act>,
}

impl Place {
    fn folder(&self) -> PathBuf {
        let usual = || crate::tree::root().join("target").join("stack");
        self.dir.clone().unwrap_or_else(usual)
    }

    /// The stack that was up there before, on the ports that it had.
    fn existing(&self) -> anyhow::Result<Option<Stack>> {
        let folder = self.folder();
        if !folder.join(ports::FILE).exists() {
            return Ok(None);
        }
        Stack::open(&folder, &Asked::default()).map(Some)
    }
}

impl Up {
    /// Starts them and prints where they are.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let stack = Stack::open(&self.place.folder(), &self.ports)?;
        if self.place.docker {
            stack.ports.remember(&stack.folder)?;
            docker::up(&stack.ports)?;
        } else {
            stack.up(|engine, started| {
                let how = match started {
                    Started::Before => "runs".to_owned(),
                    Started::Now(took) => format!("started in {} ms", took.as_millis()),
                };
                tell(&stack, engine, AnsiColor::Green, &how);
            })?;
        }
        addresses::write(&stack)?;
        let mut out = anstream::stdout().lock();
        out.write_all(addresses::configuration(&stack.ports).as_bytes())
            .context("standard output is gone")?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Down {
    /// Stops them.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let Some(stack) = self.place.existing()? else {
            return Ok(ExitCode::SUCCESS);
        };
        let leave = if self.wipe {
            Leave::Nothing
        } else {
            Leave::Data
        };
        if self.place.docker {
            docker::down(&stack.ports, leave)?;
        } else {
            stack.down(leave, |engine| {
                tell(&stack, engine, AnsiColor::Yellow, "stopped");
            })?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl One {
    /// Does it; fails, without an engine named, when one does not answer.
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let Some(stack) = self.place.existing()? else {
            bail!("there is no stack here; `cargo xtask up` starts one");
        };
        match (self.engine.zip(self.act), self.place.docker) {
            (None, false) => return state(&stack),
            (None, true) => docker::state(&stack.ports)?,
            (Some((engine, act)), false) => stack.act(engine, act)?,
            (Some((engine, act)), true) => docker::act(&stack.ports, engine, act)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn state(stack: &Stack) -> anyhow::Result<ExitCode> {
    let mut all = true;
    let mut out = anstream::stdout().lock();
    for engine in Engine::ALL {
        let answers = engine.answers(&stack.ports).unwrap_or(false);
        let runs = stack.running(engine)?.is_some();
        all &= answers;
        let (color, word) = match (runs, answers) {
            (true, true) => (AnsiColor::Green, "answers"),
            (true, false) => (AnsiColor::Red, "runs, and does not answer"),
            (false, true) => (
                AnsiColor::Yellow,
                "answers, but is not a process of this stack",
            ),
            (false, false) => (AnsiColor::Red, "does not run"),
        };
        writeln!(out, "{}", line(stack, engine, color, word))?;
    }
    Ok(ExitCode::from(u8::from(!all)))
}

/// To standard error. That it may be gone stops nothing.
fn tell(stack: &Stack, engine: Engine, color: AnsiColor, word: &str) {
    let line = line(stack, engine, color, word);
    let _gone = writeln!(anstream::stderr().lock(), "{line}");
}

/// The color is taken out again where it isn't written to a terminal.
fn line(stack: &Stack, engine: Engine, color: AnsiColor, word: &str) -> String {
    let name = engine.name();
    let port = engine.port(&stack.ports);
    let style = color.on_default();
    format!("{name:<9} 127.0.0.1:{port:<6} {style}{word}{style:#}")
}
