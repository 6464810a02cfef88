//! Configuration: one TOML file, single settings overridden from the environment
//! (`TIDEGATE__GATEWAY__LISTEN`), everything that is wrong reported at once.

use ::config::{Environment, File, FileFormat};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::path::Path;

/// What environment variables that override a setting begin with.
const PREFIX: &str = "TIDEGATE";

/// No configuration has more faults than a person will mend in one go.
const FAULTS_MAX: usize = 50;

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
    let text = match path {
        Some(path) => read(path)?,
        None => String::new(),
    };
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true);
    parse(&text, environment)
}

/// Reads configuration from text alone.
///
/// # Errors
/// As [`load`].
pub fn from_text<T: DeserializeOwned + Check>(text: &str) -> Result<T, Faults> {
    let nothing = Environment::with_prefix(PREFIX).source(Some(Default::default()));
    parse(text, nothing)
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

fn parse<T: DeserializeOwned + Check>(text: &str, environment: Environment) -> Result<T, Faults> {
    let mut faults = Faults::default();
    let merged = ::config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(environment)
        .build()
        .and_then(::config::Config::try_deserialize::<Value>);
    let mut tree = match merged {
        Ok(tree) => tree,
        Err(error) => {
            faults.add("", format!("the file is not valid TOML: {error}"));
            return Err(faults);
        }
    };
    let Some(value) = read_out::<T>(&mut tree, &mut faults) else {
        return Err(faults);
    };
    value.check(&mut faults);
    faults.or(value)
}

/// Deserializes; after each fault once more without the setting that was at fault, so that the
/// next one is found too.
fn read_out<T: DeserializeOwned>(tree: &mut Value, faults: &mut Faults) -> Option<T> {
    for _ in 0..FAULTS_MAX {
        let fault = match serde_path_to_error::deserialize::<_, T>(tree.clone()) {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        let path: Vec<String> = fault.path().iter().map(ToString::to_string).collect();
        let problem = fault.inner().to_string();
        // The setting that was just taken out is missed now; it was reported already.
        let consequence = problem.starts_with("missing field")
            && faults.0.iter().any(|known| {
                let field = known.setting.rsplit('.').next().unwrap_or_default();
                problem.contains(&format!("`{field}`"))
            });
        if !consequence {
            faults.add(path.join("."), problem);
        }
        if consequence || !take_out(tree, &path) {
            return None;
        }
    }
    None
}

fn take_out(tree: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let mut at = tree;
    for segment in parents {
        let next = match at {
            Value::Object(fields) => fields.get_mut(segment),
            Value::Array(items) => place(segment).and_then(|place| items.get_mut(place)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        let Some(next) = next else {
            return false;
        };
        at = next;
    }
    match at {
        Value::Object(fields) => fields.remove(last).is_some(),
        Value::Array(items) => place(last)
            .filter(|place| *place < items.len())
            .map(|place| items.remove(place))
            .is_some(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn place(segment: &str) -> Option<usize> {
    segment.trim_matches(['[', ']']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Shop {
        port: u16,
        #[serde(default)]
        till: Till,
    }

    #[derive(Deserialize, Debug, Default)]
    #[serde(default, deny_unknown_fields)]
    struct Till {
        lanes: u16,
        name: String,
    }

    impl Check for Shop {
        fn check(&self, faults: &mut Faults) {
            if self.port == 0 {
                faults.add("port", "must not be 0");
            }
            if self.till.lanes > 9 {
                faults.add("till.lanes", "at most 9");
            }
        }
    }

    fn faults(text: &str) -> Vec<String> {
        let faults = from_text::<Shop>(text).unwrap_err();
        faults.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_good_file_is_read() {
        let shop: Shop = from_text("port = 80\n[till]\nlanes = 2\nname = \"A\"").unwrap();
        assert_eq!(
            (shop.port, shop.till.lanes, shop.till.name.as_str()),
            (80, 2, "A")
        );
    }

    #[test]
    fn unknown_names_and_wrong_types_are_reported_together_with_their_places() {
        let faults = faults("port = 80\nprot = 81\n[till]\nlanes = \"two\"\nlanse = 3");
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with("- prot: unknown field"))
        );
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with("- till.lanes: invalid type"))
        );
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with("- till.lanse: unknown field"))
        );
    }

    #[test]
    fn wrong_values_are_reported_together() {
        assert_eq!(faults("port = 0\n[till]\nlanes = 10").len(), 2);
    }

    #[test]
    fn a_setting_of_the_wrong_type_is_not_reported_as_missing_too() {
        assert_eq!(faults("port = \"x\"").len(), 1);
    }

    #[test]
    fn broken_toml_says_where() {
        let faults = faults("port = = 1");
        assert!(faults[0].contains("not valid TOML"), "{faults:?}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load::<Shop>(Some(Path::new("no-such.toml"))).unwrap_err();
        assert!(error.to_string().contains("no-such.toml"));
    }
}
