//! Secrets from files. They print as `[redacted]` and are wiped when dropped.

use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// A secret file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or not ours to read.
    #[error("{path} can't be read ({source}); check the path and who may read it")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The secret itself stands where the file's name belongs. Not shown.
    #[error(
        "this looks like the secret itself; put it into a file, and write the file's name here"
    )]
    Inline,
    /// There is nothing in it.
    #[error("{path} is empty; put the secret into it")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

/// Reads a secret; a line end behind it does not belong to it.
///
/// # Errors
/// [`Error`], which never holds any of the content.
pub fn read(path: &Path) -> Result<SecretString, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| {
        let path = path.to_owned();
        if looks_like_one(&path.to_string_lossy()) {
            return Error::Inline;
        }
        Error::Unreadable { path, source }
    })?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(Error::Empty {
            path: path.to_owned(),
        });
    }
    Ok(SecretString::from(secret))
}

/// Long, and of the letters that keys are written in; or a PEM block.
fn looks_like_one(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let key = name.len() >= 32 && !name.starts_with('/') && name.chars().all(letter);
    key || name.contains("-----BEGIN") || name.lines().count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_secret_is_read_without_its_line_end_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "hush\n").unwrap();
        let secret = read(&path).unwrap();
        assert_eq!(secret.expose_secret(), "hush");
        assert!(!format!("{secret:?}").contains("hush"));
    }

    #[test]
    fn a_missing_or_empty_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        assert!(read(&missing).unwrap_err().to_string().contains("missing"));
        let empty = dir.path().join("empty");
        std::fs::write(&empty, "\n").unwrap();
        assert!(read(&empty).unwrap_err().to_string().contains("is empty"));
    }

    #[test]
    fn a_secret_in_the_place_of_a_files_name_is_not_shown() {
        for secret in [
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "-----BEGIN PRIVATE KEY-----\nMIIE",
        ] {
            let told = read(Path::new(secret)).unwrap_err().to_string();
            assert!(told.contains("the secret itself"), "{told}");
            assert!(!told.contains(&secret[12..16]), "{told}");
        }
        let named = read(Path::new("/no/such/sealing.key")).unwrap_err();
        assert!(named.to_string().contains("/no/such/sealing.key"));
    }
}
