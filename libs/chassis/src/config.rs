//! Configuration: one TOML file, single settings overridden from the environment
//! (`TIDEGATE__GATEWAY__LISTEN`), everything that is wrong reported at once.

mod stand_in;

use ::config::{Environment, File, FileFormat};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::path::Path;

/// What environment variables that override a setting begin with.
const PREFIX: &str = "TIDEGATE";

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
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true);
    parse(&text, environment, check)
}

/// Reads configuration from text alone.
///
/// # Errors
/// As [`load`].
pub fn from_text<T: DeserializeOwned + Check>(text: &str) -> Result<T, Faults> {
    let nothing = Environment::with_prefix(PREFIX).source(Some(Default::default()));
    parse(text, nothing, T::check)
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
    environment: Environment,
    check: impl FnOnce(&T, &mut Faults),
) -> Result<T, Faults> {
    let mut faults = Faults::default();
    let merged = ::config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(environment)
        .build()
        .and_then(::config::Config::try_deserialize::<Value>);
    let mut tree = match merged {
        Ok(tree) => tree,
        Err(error) => {
            let said = without_source(&error.to_string());
            faults.add("", format!("the file is not valid TOML: {said}"));
            return Err(faults);
        }
    };
    let Some(value) = stand_in::read_out::<T>(&mut tree, &mut faults) else {
        return Err(faults);
    };
    check(&value, &mut faults);
    faults.or(value)
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
    fn broken_toml_says_where_and_does_not_show_the_line() {
        let faults = faults("port = 1\nname = = \"hush-hush\"");
        assert!(faults[0].contains("not valid TOML"), "{faults:?}");
        assert!(faults[0].contains("line 2"), "{faults:?}");
        assert!(!faults[0].contains("hush"), "{faults:?}");
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong with it is looked at")]
    struct Street {
        shops: Vec<Shop>,
        name: String,
        open: std::net::SocketAddr,
    }

    impl Check for Street {
        fn check(&self, _: &mut Faults) {}
    }

    #[test]
    fn what_is_missing_or_of_the_wrong_type_hides_no_fault_behind_it() {
        let text = "open = \"x\"\nhouses = 3\n[[shops]]\nport = \"a\"\n[[shops]]\nprt = 1\n\
                    [[shops]]\nport = 1\ntill = 4\n[[shops]]\nport = 70000";
        let Faults(faults) = from_text::<Street>(text).unwrap_err();
        let mut places: Vec<&str> = faults.iter().map(|fault| fault.setting.as_str()).collect();
        places.sort_unstable();
        let expected = [
            "houses",
            "name",
            "open",
            "shops[0].port",
            "shops[1].port",
            "shops[1].prt",
            "shops[2].till",
            "shops[3].port",
        ];
        assert_eq!(places, expected, "{faults:#?}");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_by_its_place_and_never_shown() {
        let faults = faults("port = \"hush-hush\"\n[till]\nlanes = \"hush-hush\"").join("\n");
        assert!(faults.contains("- port: invalid type"), "{faults}");
        assert!(faults.contains("expected u16"), "{faults}");
        assert!(!faults.contains("hush"), "{faults}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load::<Shop>(Some(Path::new("no-such.toml"))).unwrap_err();
        assert!(error.to_string().contains("no-such.toml"));
    }
}
