//! A step that needs nothing but a processor, beside steps that mostly wait.

use super::table::Step;
use anyhow::Context;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A step that runs beside others, on what of the processor they leave. What it says is kept until
/// it is waited for; it is ended if it is not.
pub(super) struct Beside {
    pub(super) step: Step,
    said: PathBuf,
    child: Child,
}

impl Beside {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If it can't be run.
    pub(super) fn start(step: Step) -> anyhow::Result<Self> {
        let shown = step.shown();
        super::say(&format!("{shown}, beside what follows"))?;
        let said = crate::tree::target().join("beside.out");
        let out = File::create(&said).context("a file for its output can't be made")?;
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(step.program.path()?);
        command.args(&step.args).current_dir(crate::tree::root());
        command.stdin(Stdio::null());
        command.stderr(out.try_clone()?).stdout(out);
        let child = command.spawn();
        let child = child.with_context(|| format!("{shown} can't be run"))?;
        Ok(Self { step, said, child })
    }

    /// Whether all was right, if it has ended by now.
    ///
    /// # Errors
    ///
    /// If the system can't say.
    pub(super) fn verdict(&mut self) -> anyhow::Result<Option<bool>> {
        let status = self.child.try_wait().context("its state can't be read")?;
        Ok(status.map(|status| status.success()))
    }

    /// Waits for its end and shows what it said, its time among it; whether all was right.
    pub(super) fn finish(&mut self) -> anyhow::Result<bool> {
        let status = self.child.wait().context("it can't be waited for")?;
        super::say(&self.step.shown())?;
        super::say(std::fs::read_to_string(&self.said)?.trim_end())?;
        Ok(status.success())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Nothing to be done about one that has ended already.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
