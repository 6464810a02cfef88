//! Shows that the model and the simulation bite: a copy of the tree with seeded faults in it, one
//! switched on at a time, must not pass. Nothing of it is in the tree itself.

mod faults;

use anstyle::AnsiColor;
use anyhow::{Context, bail};
use faults::FAULTS;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The variable that names the fault that is switched on.
const SWITCH: &str = "TIDEGATE_TOOTH";

/// How many payments are simulated to find a fault; the run ends at the first that is wrong.
const PAYMENTS: &str = "200000";

/// What every fault asks whether it is on. Appended to the copy's core.
const SEEDED: &str = r#"
/// Whether the seeded fault of this name is switched on.
pub fn seeded(name: &str) -> bool {
    static ON: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("TIDEGATE_TOOTH").ok());
    ON.as_deref() == Some(name)
}
"#;

/// Builds the copy and tries every fault, or those whose names contain `only`.
pub(crate) fn run(only: Option<&str>) -> anyhow::Result<ExitCode> {
    let copy = copy_tree()?;
    seed(&copy)?;
    let binary = build(&copy)?;
    let sound = Found {
        simulation: simulation(&binary, "")?,
        model: model(&binary, "")?,
    };
    if sound.simulation || sound.model {
        bail!("without any fault the copy should pass, and does not");
    }
    let mut faults: Vec<&str> = FAULTS
        .iter()
        .map(|fault| fault.name)
        .filter(|name| only.is_none_or(|only| name.contains(only)))
        .collect();
    faults.dedup();
    let bar = ProgressBar::new(u64::try_from(faults.len())?);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?);
    let mut missed = 0_u32;
    say(&bar, &row("seeded fault", "simulation", "model", ""))?;
    for fault in faults {
        bar.set_message(fault);
        let found = Found {
            simulation: simulation(&binary, fault)?,
            model: model(&binary, fault)?,
        };
        missed = missed.saturating_add(u32::from(!found.simulation && !found.model));
        // A row as soon as it is known: the whole takes a while.
        say(&bar, &found.row(fault))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(ExitCode::from(u8::from(missed > 0)))
}

fn say(bar: &ProgressBar, line: &str) -> anyhow::Result<()> {
    bar.suspend(|| writeln!(anstream::stdout().lock(), "{line}"))
        .context("standard output is gone")
}

fn row(name: &str, simulation: &str, model: &str, verdict: &str) -> String {
    format!("{name:<44} {simulation:<12} {model:<8} {verdict}")
}

/// Who found a fault.
struct Found {
    simulation: bool,
    model: bool,
}

impl Found {
    fn row(&self, name: &str) -> String {
        let mark = |found| if found { "found" } else { "-" };
        let (color, verdict) = if self.simulation || self.model {
            (AnsiColor::Green, "ok")
        } else {
            (AnsiColor::Red, "MISSED")
        };
        let style = color.on_default();
        let verdict = format!("{style}{verdict}{style:#}");
        row(name, mark(self.simulation), mark(self.model), &verdict)
    }
}

/// The tree as git knows it, under `target/teeth`.
fn copy_tree() -> anyhow::Result<PathBuf> {
    let copy = crate::tree::root().join("target").join("teeth");
    for file in crate::tree::files()? {
        let to = copy.join(&file.path);
        // Left alone where nothing changed, so that cargo need not build it again.
        if fs::read_to_string(&to).is_ok_and(|old| old == file.text) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&to, file.text).with_context(|| format!("{} can't be written", to.display()))?;
    }
    Ok(copy)
}

fn seed(copy: &Path) -> anyhow::Result<()> {
    let mut files: Vec<&str> = FAULTS.iter().map(|fault| fault.file).collect();
    files.sort_unstable();
    files.dedup();
    for file in files {
        let path = copy.join(file);
        let mut text = fs::read_to_string(crate::tree::root().join(file))
            .with_context(|| format!("{file} can't be read"))?;
        for fault in FAULTS.iter().filter(|fault| fault.file == file) {
            if text.matches(fault.find).count() != 1 {
                bail!(
                    "`{}`: its text is not found once in {file}; follow the code",
                    fault.name
                );
            }
            text = text.replace(fault.find, fault.replace);
        }
        fs::write(path, text)?;
    }
    let core = copy.join("libs/payment/src/lib.rs");
    let mut text = fs::read_to_string(&core)?;
    text.push_str(SEEDED);
    fs::write(core, text)?;
    Ok(())
}

fn build(copy: &Path) -> anyhow::Result<PathBuf> {
    // A folder of its own. A crate has the same name there as in the tree, and cargo goes by files'
    // times: in a common folder the tree would be handed what was built with faults in it.
    let target = crate::tree::root().join("target").join("teeth-target");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "simulation"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(copy)
        .status()
        .context("cargo can't be run")?;
    if !built.success() {
        bail!("the copy with the faults can't be built; see above");
    }
    let binary = copy.join("simulation");
    fs::copy(target.join("debug").join("simulation"), &binary)?;
    Ok(binary)
}

fn simulation(binary: &Path, fault: &str) -> anyhow::Result<bool> {
    fails(binary, fault, &["--payments", PAYMENTS, "--wrong-max", "1"])
}

fn model(binary: &Path, fault: &str) -> anyhow::Result<bool> {
    fails(binary, fault, &["--model"])
}

/// Whether the run fails because something is wrong, and not for any other reason.
fn fails(binary: &Path, fault: &str, args: &[&str]) -> anyhow::Result<bool> {
    let status = Command::new(binary)
        .args(args)
        .env(SWITCH, fault)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("{} can't be run", binary.display()))?;
    match status.code() {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        code => bail!("`{fault}`: the run ended with {code:?}, not with a verdict"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_every_seeded_fault_is_found_once_where_it_is_said_to_be() {
        for fault in FAULTS {
            let path = crate::tree::root().join(fault.file);
            let text = fs::read_to_string(path).unwrap();
            let found = text.matches(fault.find).count();
            assert_eq!(
                found, 1,
                "`{}` in {}: follow the code",
                fault.name, fault.file
            );
        }
    }
}
