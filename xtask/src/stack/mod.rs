//! `cargo xtask up`, `down` and `stack`: PostgreSQL, Redis and Kafka on this machine, without
//! containers, each as one process that is known by its pid file. Nothing here knows what Tidegate
//! does with them.

mod addresses;
pub(crate) mod command;
mod describe;
mod docker;
mod engine;
mod faults;
mod install;
mod kafka;
mod maven;
mod ports;
mod postgres;
mod process;
mod redis;
pub(crate) mod toxiproxy;
pub(crate) mod trial;
mod wait;

use anyhow::{Context, bail, ensure};
use engine::Engine;
use ports::{Asked, Ports};
use process::{Identity, Launch};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often an engine that ends before it answers is started: what a killed one left behind (a
/// session that still holds the shared memory) is gone a moment later.
const STARTS_MAX: u32 = 3;

/// One set of engines.
pub(crate) struct Stack {
    /// Data, logs and pid files.
    folder: PathBuf,
    /// Programs that were downloaded; survives the folder.
    cache: PathBuf,
    ports: Ports,
}

/// How a start went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    /// It ran and answered before.
    Before,
    /// It took this long.
    Now(Duration),
}

/// What is left of a stack when it is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Everything on disk.
    Data,
    /// What was downloaded.
    Nothing,
}

impl Stack {
    /// The stack in this folder, whether or not it was ever up.
    ///
    /// # Errors
    ///
    /// If the folder can't be made, or what is in it can't be read.
    pub(crate) fn open(folder: &Path, asked: &Asked) -> anyhow::Result<Self> {
        let folder = std::path::absolute(folder)?;
        make(&folder)?;
        Ok(Self {
            ports: Ports::of(&folder, asked)?,
            cache: cache(),
            folder,
        })
    }

    /// Installs what is missing and starts what does not run; `told` hears of each engine.
    ///
    /// # Errors
    ///
    /// At the first engine that does not come up, with the end of its log.
    pub(crate) fn up(&self, mut told: impl FnMut(Engine, Started)) -> anyhow::Result<()> {
        let _lock = self.lock()?;
        self.ensure_ports_stay()?;
        for engine in Engine::ALL {
            self.ensure_ports_free(engine)?;
        }
        install::ensure_installed(self)?;
        self.ports.remember(&self.folder)?;
        for engine in Engine::ALL {
            told(engine, self.start_locked(engine)?);
        }
        Ok(())
    }

    /// Stops what this stack started, and nothing else; `told` hears of each engine that ran.
    ///
    /// # Errors
    ///
    /// If a process can't be stopped, or its data not be removed.
    pub(crate) fn down(&self, leave: Leave, mut told: impl FnMut(Engine)) -> anyhow::Result<()> {
        let _lock = self.lock()?;
        for engine in Engine::ALL.into_iter().rev() {
            if let Some(identity) = self.running(engine)? {
                faults::stop(engine, &identity)?;
                told(engine);
            }
            remove(&self.pid_file(engine))?;
        }
        match leave {
            Leave::Data => Ok(()),
            Leave::Nothing => wait::spin("removing the data", || self.wipe()),
        }
    }

    /// Whether the engine's process is there, whether or not it answers.
    pub(crate) fn running(&self, engine: Engine) -> anyhow::Result<Option<Identity>> {
        let identity = Identity::read(&self.pid_file(engine))?;
        Ok(identity.filter(Identity::is_alive))
    }

    fn start_locked(&self, engine: Engine) -> anyhow::Result<Started> {
        if let Some(identity) = self.running(engine)? {
            if engine.answers(&self.ports)? {
                return Ok(Started::Before);
            }
            // It may stand still.
            identity.signal_family(process::Signal::Cont)?;
            let (answered, took) = wait::timed(|| self.comes_up(engine, &identity));
            ensure!(answered?, self.silent(engine));
            return Ok(Started::Now(took));
        }
        self.ensure_ports_free(engine)?;
        let (answered, took) = wait::timed(|| {
            let launch = engine.launch(self)?;
            self.start_anew(engine, &launch)
        });
        ensure!(answered?, self.silent(engine));
        Ok(Started::Now(took))
    }

    /// Whether it answers in the end.
    fn start_anew(&self, engine: Engine, launch: &Launch) -> anyhow::Result<bool> {
        for _ in 1..STARTS_MAX {
            let started = process::start(launch, &self.log(engine), &self.pid_file(engine))?;
            if let Some(identity) = started {
                if self.comes_up(engine, &identity)? {
                    return Ok(true);
                }
                if identity.is_alive() {
                    return Ok(false);
                }
            }
            wait::before_trying_again();
        }
        let started = process::start(launch, &self.log(engine), &self.pid_file(engine))?;
        started.map_or(Ok(false), |identity| self.comes_up(engine, &identity))
    }

    /// Waits until it answers, or has ended, or patience is over.
    fn comes_up(&self, engine: Engine, identity: &Identity) -> anyhow::Result<bool> {
        let mut answered = false;
        wait::spin(
            &format!("{}: waiting for its answer", engine.name()),
            || {
                wait::until(engine.patience(), || {
                    let alive = identity.is_alive();
                    answered = alive && engine.answers(&self.ports)?;
                    Ok(answered || !alive)
                })
            },
        )?;
        Ok(answered)
    }

    fn silent(&self, engine: Engine) -> String {
        let log = self.log(engine);
        let name = engine.name();
        let end = process::last_lines(&log);
        let how = match self.running(engine) {
            Ok(Some(_)) => format!("did not answer within {} s", engine.patience().as_secs()),
            Ok(None) | Err(_) => "ended before it answered".to_owned(),
        };
        format!("{name} {how}; the end of its log:\n{end}")
    }

    /// Nobody else may listen where an engine is to be started.
    fn ensure_ports_free(&self, engine: Engine) -> anyhow::Result<()> {
        if self.running(engine)?.is_some() {
            return Ok(());
        }
        for (port, option) in engine.listens_on(&self.ports) {
            ports::ensure_free(port, option)?;
        }
        Ok(())
    }

    /// An engine that runs keeps its port; the others must not learn another one for it.
    fn ensure_ports_stay(&self) -> anyhow::Result<()> {
        if Ports::of(&self.folder, &Asked::default())? == self.ports {
            return Ok(());
        }
        for engine in Engine::ALL {
            if self.running(engine)?.is_some() {
                bail!(
                    "{} runs, and other ports were asked for: take this stack down first, or start \
                     another one beside it with --dir",
                    engine.name()
                );
            }
        }
        Ok(())
    }

    /// Two of these tools at once would start everything twice.
    fn lock(&self) -> anyhow::Result<File> {
        let lock = File::create(self.folder.join("lock"))?;
        if lock.try_lock().is_err() {
            wait::spin("waiting for another `cargo xtask` to finish", || {
                lock.lock()
            })?;
        }
        Ok(lock)
    }

    fn folder_of(&self, engine: Engine) -> PathBuf {
        self.folder.join(engine.name())
    }

    fn log(&self, engine: Engine) -> PathBuf {
        self.folder.join(format!("{}.log", engine.name()))
    }

    fn pid_file(&self, engine: Engine) -> PathBuf {
        self.folder.join(format!("{}.pid", engine.name()))
    }

    /// Removes what this tool made, by name: a folder that was chosen may hold other things too.
    fn wipe(&self) -> anyhow::Result<()> {
        if !self.folder.join(ports::FILE).exists() {
            return Ok(());
        }
        postgres::wipe(self)?;
        for engine in [Engine::Redis, Engine::Kafka] {
            remove(&self.folder_of(engine))?;
        }
        for engine in Engine::ALL {
            remove(&self.log(engine))?;
        }
        for name in ["install.log", "maven.log", addresses::FILE, ports::FILE] {
            remove(&self.folder.join(name))?;
        }
        Ok(())
    }
}

/// What was downloaded, for every stack of this checkout.
fn cache() -> PathBuf {
    crate::tree::root().join("target").join("stack-cache")
}

/// Makes a folder and those above it, where they are missing.
fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))
}

/// Removes a file or a folder with all that is in it; nothing there is fine.
fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path)
    } else if path.exists() {
        fs::remove_file(path)
    } else {
        Ok(())
    };
    removed.with_context(|| format!("{} can't be removed", path.display()))
}
