//! One history of migrations for both engines.

use std::collections::BTreeSet;
use std::path::Path;

fn names(engine: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(engine);
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_same_number_and_name_means_the_same_change_on_both_engines() {
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert_eq!(sqlite, postgres);
    let numbers: BTreeSet<_> = sqlite.iter().map(|name| name[..4].to_owned()).collect();
    assert_eq!(
        numbers.len(),
        sqlite.len(),
        "a number stands for one change"
    );
    assert!(!numbers.is_empty());
}
