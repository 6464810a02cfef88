//! Hostile inputs kept as files, byte for byte: the folder says what must become of them.

use std::path::Path;

/// One kept input.
pub(crate) struct Kept {
    /// Its path under `tests/corpus`.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// All of one folder, by name; an empty folder would try nothing.
pub(crate) fn kept(folder: &str) -> Vec<Kept> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut all: Vec<Kept> = std::fs::read_dir(root.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|file| Kept {
            bytes: std::fs::read(root.join(folder).join(&file)).unwrap(),
            name: format!("{folder}/{file}"),
        })
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!all.is_empty(), "{folder}");
    all
}
