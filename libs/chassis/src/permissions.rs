//! Who may read and change the files that an operator names, and those that we make. A file that
//! can't be asked about is left to its reader, which says what is wrong with it.

use crate::config::Faults;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITE: u32 = 0o020;
const GROUP_READ: u32 = 0o040;

/// What its owner alone may read and write.
const OWNERS_FILE: u32 = 0o600;

/// What its owner alone may enter.
const OWNERS_DIRECTORY: u32 = 0o700;

/// A secret that everybody may read, or others may change, is a fault.
pub fn check_secret(setting: &str, path: &Path, faults: &mut Faults) {
    let Some(mode) = mode(path) else {
        return;
    };
    let others = match (mode & (OTHERS_READ | OTHERS_WRITE), mode & GROUP_WRITE) {
        (0, 0) => return,
        (0, _) => "its group may change it",
        _ => "every user of this machine may read or change it",
    };
    let problem = format!(
        "{} holds a secret, and {others} (mode {mode:04o}); chmod 600, or 640 for a group that is \
         trusted with it",
        path.display()
    );
    faults.add(setting, problem);
}

/// A secret that a group may read is remarked upon: a mounted one often is.
pub fn remark_on_secret(setting: &str, path: &Path, remarks: &mut Faults) {
    if mode(path).is_some_and(|mode| mode & GROUP_READ != 0) {
        let problem = format!("the group of {} may read this secret", path.display());
        remarks.add(setting, problem);
    }
}

/// Who may change a key that we believe decides what we believe.
pub fn check_trusted(setting: &str, path: &Path, faults: &mut Faults) {
    let Some(mode) = mode(path) else {
        return;
    };
    if mode & OTHERS_WRITE != 0 {
        let problem = format!(
            "every user of this machine may change {} (mode {mode:04o}), and with it whom we \
             believe; chmod 644",
            path.display()
        );
        faults.add(setting, problem);
    }
}

/// Makes the file if it is not there, and keeps everybody but its owner out of it. SQLite gives the
/// files beside its database the permissions of the database.
///
/// # Errors
/// What the system says.
pub fn keep_private(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(OWNERS_FILE)
        .open(path)?;
    tighten(&file)
}

/// Keeps everybody but its owner out of a file that may be there.
///
/// # Errors
/// What the system says.
pub fn keep_private_if_there(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => tighten(&file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a directory, and those above it that are missing, which only we may enter. One that is
/// there is left as its owner made it.
///
/// # Errors
/// What the system says.
pub fn make_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(OWNERS_DIRECTORY)
        .create(path)
}

fn tighten(file: &File) -> io::Result<()> {
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & !OWNERS_FILE == 0 {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode & OWNERS_FILE))
}

fn mode(path: &Path) -> Option<u32> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of_mode(dir: &tempfile::TempDir, mode: u32) -> std::path::PathBuf {
        let path = dir.path().join(format!("{mode:04o}"));
        std::fs::write(&path, "hush").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_secret_that_everybody_may_read_or_others_may_change_is_a_fault_and_a_groups_a_remark() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, fault, remark) in [
            (0o600, false, false),
            (0o400, false, false),
            (0o640, false, true),
            (0o660, true, true),
            (0o620, true, false),
            (0o644, true, true),
            (0o604, true, false),
            (0o602, true, false),
            (0o666, true, true),
        ] {
            let path = file_of_mode(&dir, mode);
            let (mut faults, mut remarks) = (Faults::default(), Faults::default());
            check_secret("a.key_file", &path, &mut faults);
            remark_on_secret("a.key_file", &path, &mut remarks);
            let told = faults.to_string();
            assert_eq!(!told.is_empty(), fault, "{mode:04o}: {told}");
            assert!(!fault || told.starts_with("- a.key_file: "), "{told}");
            assert!(!fault || told.contains(&format!("{mode:04o}")), "{told}");
            assert_eq!(!remarks.0.is_empty(), remark, "{mode:04o}");
        }
        let mut faults = Faults::default();
        check_secret("a.key_file", &dir.path().join("missing"), &mut faults);
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn a_trusted_key_that_everybody_may_change_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, fault) in [(0o644, false), (0o664, false), (0o646, true), (0o666, true)] {
            let mut faults = Faults::default();
            check_trusted("a.jwks_file", &file_of_mode(&dir, mode), &mut faults);
            assert_eq!(!faults.0.is_empty(), fault, "{mode:04o}");
        }
    }

    #[test]
    fn what_we_make_is_its_owners_alone_and_what_was_open_is_closed_with_its_content_kept() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        make_private_directory(&inner).unwrap();
        make_private_directory(&inner).unwrap();
        assert_eq!(mode(&inner), Some(0o700));
        let fresh = inner.join("fresh");
        keep_private(&fresh).unwrap();
        assert_eq!(mode(&fresh), Some(0o600));
        let open = file_of_mode(&dir, 0o644);
        keep_private(&open).unwrap();
        assert_eq!(mode(&open), Some(0o600));
        assert_eq!(std::fs::read_to_string(&open).unwrap(), "hush");
        let beside = file_of_mode(&dir, 0o666);
        keep_private_if_there(&beside).unwrap();
        keep_private_if_there(&dir.path().join("missing")).unwrap();
        assert_eq!(mode(&beside), Some(0o600));
    }
}
