//! Reads settings out of a tree, and goes on behind each fault: what is at fault is left out where
//! that helps, else something of the right kind stands in for it, so that the next fault is found
//! too. What has a stand-in in it is never used.

use super::Faults;
use super::node::Node;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// No configuration has more faults than a person will mend in one go.
const FAULTS_MAX: usize = 50;

/// Each fault may take a stand-in for several fields of a section that is none.
const TRIES_MAX: usize = 500;

/// A fault and where it is.
struct Wrong {
    place: Vec<String>,
    problem: String,
    is: Is,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Missing,
    Unknown,
    OfNoUse,
}

/// The settings if the tree holds them; else every fault of names and types that can be found.
pub(super) fn read_out<T: DeserializeOwned>(tree: &mut Node, faults: &mut Faults) -> Option<T> {
    let mut stood_in: Vec<Vec<String>> = Vec::new();
    let mut reported: Vec<Vec<String>> = Vec::new();
    for _ in 0..TRIES_MAX {
        let wrong = match attempt::<T>(tree) {
            Ok(value) => return stood_in.is_empty().then_some(value),
            Err(wrong) => wrong,
        };
        // What is wrong with a stand-in, or missing since it was left out, was reported before.
        let known = stood_in.iter().any(|known| wrong.place.starts_with(known))
            || (wrong.is == Is::Missing && reported.contains(&wrong.place));
        if !known {
            faults.add(spelled(&wrong.place), &wrong.problem);
            reported.push(wrong.place.clone());
        }
        if faults.0.len() >= FAULTS_MAX || !mend::<T>(tree, &wrong, &mut stood_in) {
            return None;
        }
    }
    None
}

fn attempt<T: DeserializeOwned>(tree: &Node) -> Result<T, Wrong> {
    serde_path_to_error::deserialize::<_, T>(tree.clone()).map_err(|fault| {
        let mut place: Vec<String> = fault.path().iter().map(ToString::to_string).collect();
        let said = fault.inner().to_string();
        if let Some(name) = said.strip_prefix("missing field `") {
            place.push(name.split('`').next().unwrap_or_default().to_owned());
            let problem = "it is missing; set it".to_owned();
            let is = Is::Missing;
            return Wrong { place, problem, is };
        }
        let unknown = said.starts_with("unknown field");
        Wrong {
            place,
            problem: without_value(&said),
            is: if unknown { Is::Unknown } else { Is::OfNoUse },
        }
    })
}

/// Serde shows the value; it may be a secret, pasted into the wrong line.
fn without_value(said: &str) -> String {
    for (before, after) in [
        ("invalid type: string ", ", expected "),
        ("invalid value: string ", ", expected "),
        ("unknown variant ", ", expected "),
    ] {
        let shown = said
            .strip_prefix(before)
            .and_then(|rest| rest.rsplit_once(after));
        if let Some((_, expected)) = shown {
            let what = before
                .replace("string ", "a text")
                .replace("variant ", "word");
            return format!("{what}{after}{expected}");
        }
    }
    said.to_owned()
}

/// Changes the tree so that this fault is gone; says whether it could.
fn mend<T: DeserializeOwned>(
    tree: &mut Node,
    wrong: &Wrong,
    stood_in: &mut Vec<Vec<String>>,
) -> bool {
    let gone = |tree: &Node| match attempt::<T>(tree) {
        Ok(_) => true,
        Err(next) => next.place != wrong.place,
    };
    let item = wrong.place.last().is_some_and(|last| place(last).is_some());
    if wrong.is != Is::Missing && !item {
        let mut without = tree.clone();
        if take_out(&mut without, &wrong.place) && gone(&without) {
            *tree = without;
            return true;
        }
    }
    let candidates = [
        Node::Text("x".to_owned()),
        Node::Whole(1),
        Node::Bool(true),
        Node::List(Vec::new()),
        Node::Table(BTreeMap::new()),
        Node::Text("127.0.0.1:1".to_owned()),
    ];
    for candidate in candidates {
        let mut with = tree.clone();
        if put(&mut with, &wrong.place, candidate) && gone(&with) {
            *tree = with;
            stood_in.push(wrong.place.clone());
            return true;
        }
    }
    false
}

/// `merchants[0].shop.store_id`, as the checks of values spell it too.
fn spelled(place: &[String]) -> String {
    place.join(".").replace(".[", "[")
}

fn parent<'a>(tree: &'a mut Node, parents: &[String]) -> Option<&'a mut Node> {
    let mut at = tree;
    for segment in parents {
        at = match at {
            Node::Table(fields) => fields.get_mut(segment)?,
            Node::List(items) => items.get_mut(place(segment)?)?,
            Node::Bool(_) | Node::Whole(_) | Node::Float(_) | Node::Text(_) | Node::Given(_) => {
                return None;
            }
        };
    }
    Some(at)
}

fn take_out(tree: &mut Node, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    match parent(tree, parents) {
        Some(Node::Table(fields)) => fields.remove(last).is_some(),
        Some(
            Node::List(_)
            | Node::Bool(_)
            | Node::Whole(_)
            | Node::Float(_)
            | Node::Text(_)
            | Node::Given(_),
        )
        | None => false,
    }
}

fn put(tree: &mut Node, path: &[String], value: Node) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    match parent(tree, parents) {
        Some(Node::Table(fields)) => {
            fields.insert(last.clone(), value);
            true
        }
        Some(Node::List(items)) => {
            let item = place(last).and_then(|place| items.get_mut(place));
            item.map(|item| *item = value).is_some()
        }
        Some(Node::Bool(_) | Node::Whole(_) | Node::Float(_) | Node::Text(_) | Node::Given(_))
        | None => false,
    }
}

fn place(segment: &str) -> Option<usize> {
    segment.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}
