//! Configuration: one TOML file, single settings overridden from the environment
//! (`TIDEGATE__GATEWAY__LISTEN`), everything that is wrong reported at once.

mod environment;
mod node;
mod stand_in;

use node::Node;
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

/// One thing that is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The setting, as in `gateway.jwt.issuer`; empty when it is about the whole.
    pub setting: String,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

/// Everything that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Faults(pub Vec<Fault>);

/// A configuration that can tell what is wrong with its values, beyond their types.
pub trait Check {
    /// Adds every fault to `faults`.
    fn check(&self, faults: &mut Faults);
}

impl Faults {
    /// Notes a fault of a setting.
    pub fn add(&mut self, setting: impl Into<String>, problem: impl fmt::Display) {
        self.0.push(Fault {
            setting: setting.into(),
            problem: problem.to_string(),
        });
    }

    /// The value if nothing is wrong.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            if fault.setting.is_empty() {
                write!(f, "- {}", fault.problem)?;
            } else {
                write!(f, "- {}: {}", fault.setting, fault.problem)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Reads the file, if one is given, and the environment's overrides.
///
/// # Errors
/// Every fault that could be found: of syntax alone, else of names and types, else of values.
pub fn load<T: DeserializeOwned + Check>(path: Option<&Path>) -> Result<T, Faults> {
    load_checked(path, T::check)
}

/// As [`load`], with a check of the caller's own: of several processes that share a file each
/// checks what it uses.
///
/// # Errors
/// As [`load`].
pub fn load_checked<T: DeserializeOwned>(
    path: Option<&Path>,
    check: impl FnOnce(&T, &mut Faults),
) -> Result<T, Faults> {
    let text = match path {
        Some(path) => read(path)?,
        None => String::new(),
    };
    parse(&text, std::env::vars_os(), check)
}

/// Reads configuration from text alone.
///
/// # Errors
/// As [`load`].
pub fn from_text<T: DeserializeOwned + Check>(text: &str) -> Result<T, Faults> {
    parse(text, std::iter::empty(), T::check)
}

/// Which of the environment's variables set something, by name. They do so only beside a file.
pub fn overrides() -> Vec<String> {
    environment::names(std::env::vars_os())
}

fn read(path: &Path) -> Result<String, Faults> {
    std::fs::read_to_string(path).map_err(|error| {
        let mut faults = Faults::default();
        let problem = format!(
            "{} can't be read ({error}); check the path given with --config",
            path.display()
        );
        faults.add("", problem);
        faults
    })
}

fn parse<T: DeserializeOwned>(
    text: &str,
    variables: impl Iterator<Item = (OsString, OsString)>,
    check: impl FnOnce(&T, &mut Faults),
) -> Result<T, Faults> {
    let mut faults = Faults::default();
    let mut tree = match toml::from_str::<toml::Table>(text) {
        Ok(table) => Node::from(toml::Value::Table(table)),
        Err(error) => {
            let said = without_source(&error.to_string());
            faults.add("", format!("the file is not valid TOML: {said}"));
            return Err(faults);
        }
    };
    let given = environment::lay_over(&mut tree, variables, &mut faults);
    if let Some(value) = stand_in::read_out::<T>(&mut tree, &mut faults) {
        check(&value, &mut faults);
        if faults.0.is_empty() {
            return Ok(value);
        }
    }
    given.name_variables(&mut faults);
    Err(faults)
}

/// The parser's words without the lines it shows: a secret may stand on one, pasted where a file's
/// name belongs.
fn without_source(said: &str) -> String {
    let shown = |line: &&str| {
        let unnumbered = line
            .trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit());
        !unnumbered.trim_start().starts_with('|')
    };
    let told: Vec<&str> = said.lines().filter(shown).collect();
    told.join("; ")
}

#[cfg(test)]
mod tests;
