//! Single settings from the environment: `TIDEGATE__GATEWAY__LISTEN` is `gateway.listen`, and
//! `TIDEGATE__MERCHANTS__0__ID` is the first merchant's `id`. Case does not matter. What can't be
//! meant is a fault: a setting that is silently left out would be missed in the night.

use super::Faults;
use super::node::Node;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// What every variable that sets something begins with.
const PREFIX: &str = "TIDEGATE__";

/// What stands between the names of a section and its setting.
const SEPARATOR: &str = "__";

/// What was given: the settings, each with its variable's name.
pub(super) struct Given(BTreeMap<String, String>);

impl Given {
    /// Adds to each fault of a setting that was given which variable it is about.
    pub(super) fn name_variables(&self, faults: &mut Faults) {
        for fault in &mut faults.0 {
            let Some(variable) = self.0.get(&fault.setting) else {
                continue;
            };
            if !fault.problem.contains(variable.as_str()) {
                fault.problem = format!("{} (it is set by {variable})", fault.problem);
            }
        }
    }
}

/// One variable that sets something.
struct Variable {
    name: String,
    path: Vec<String>,
    value: OsString,
}

/// The names of those that set something.
pub(super) fn names(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<String> {
    let names = variables.filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| is_ours(name)).collect()
}

fn is_ours(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.starts_with(PREFIX)
}

/// `TIDEGATE_GATEWAY__LISTEN`: one underscore too few.
fn is_misspelled(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let rest = name.strip_prefix("TIDEGATE_");
    !name.starts_with(PREFIX) && rest.is_some_and(|rest| rest.contains(SEPARATOR))
}

/// Puts what the environment gives over what the file says.
pub(super) fn lay_over(
    tree: &mut Node,
    variables: impl Iterator<Item = (OsString, OsString)>,
    faults: &mut Faults,
) -> Given {
    let mut given = Given(BTreeMap::new());
    for variable in in_order(variables, faults) {
        let Variable { name, path, value } = variable;
        let Ok(text) = value.into_string() else {
            faults.add("", format!("{name} is not UTF-8; write it anew"));
            continue;
        };
        match put(tree, &path, text) {
            Ok(setting) => {
                if let Some(other) = given.0.insert(setting.clone(), name.clone()) {
                    let problem = format!("{other} and {name} both set it; take one away");
                    faults.add(setting, problem);
                }
            }
            Err(problem) => faults.add("", format!("{name}: {problem}")),
        }
    }
    given
}

/// Items of a list by their number, sections before what is in them.
fn in_order(
    variables: impl Iterator<Item = (OsString, OsString)>,
    faults: &mut Faults,
) -> Vec<Variable> {
    let mut ours: Vec<Variable> = Vec::new();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else {
            continue;
        };
        if is_misspelled(&name) {
            let problem = format!("{name} sets nothing; such a variable begins with {PREFIX}");
            faults.add("", problem);
        }
        if !is_ours(&name) {
            continue;
        }
        let path = name.get(PREFIX.len()..).unwrap_or_default();
        let path: Vec<String> = path.split(SEPARATOR).map(str::to_lowercase).collect();
        if path.iter().any(String::is_empty) {
            let problem = format!("{name} names no setting; write {PREFIX}SECTION__SETTING");
            faults.add("", problem);
            continue;
        }
        ours.push(Variable { name, path, value });
    }
    ours.sort_by_cached_key(|variable| {
        let by_number = |name: &String| (name.parse::<usize>().ok(), name.clone());
        let path: Vec<_> = variable.path.iter().map(by_number).collect();
        (path, variable.name.clone())
    });
    ours
}

/// Puts a text in its place and says which setting that is.
fn put(tree: &mut Node, path: &[String], text: String) -> Result<String, String> {
    let mut at = tree;
    let mut setting = String::new();
    for (depth, name) in path.iter().enumerate() {
        let next_is_number = path
            .get(depth.saturating_add(1))
            .is_some_and(|next| next.parse::<usize>().is_ok());
        let absent = || {
            if next_is_number {
                Node::List(Vec::new())
            } else {
                Node::Table(BTreeMap::new())
            }
        };
        at = match at {
            Node::Table(fields) => {
                let key = fields.keys().find(|key| key.to_lowercase() == *name);
                let key = key.unwrap_or(name).clone();
                if !setting.is_empty() {
                    setting.push('.');
                }
                setting.push_str(&key);
                fields.entry(key).or_insert_with(absent)
            }
            Node::List(items) => {
                let count = items.len();
                let place: usize = name
                    .parse()
                    .map_err(|_| format!("{setting} is a list; name its items by number"))?;
                if place > count {
                    return Err(format!(
                        "{setting} has {count} items; number them from 0, without a gap"
                    ));
                }
                if place == count {
                    items.push(absent());
                }
                setting.push_str(&format!("[{place}]"));
                let item = items.get_mut(place);
                item.ok_or_else(|| format!("{setting} can't be set"))?
            }
            Node::Bool(_) | Node::Whole(_) | Node::Float(_) | Node::Text(_) | Node::Given(_) => {
                return Err(format!(
                    "{setting} is no section; there is nothing in it to set"
                ));
            }
        };
    }
    let sections = match at {
        Node::Table(fields) => !fields.is_empty(),
        Node::List(items) => items.iter().any(|item| matches!(item, Node::Table(_))),
        Node::Bool(_) | Node::Whole(_) | Node::Float(_) | Node::Text(_) | Node::Given(_) => false,
    };
    if sections {
        return Err(format!(
            "{setting} is a section; set what is in it, each by a variable of its own"
        ));
    }
    *at = Node::Given(text);
    Ok(setting)
}
