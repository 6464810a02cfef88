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
    let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(Error::Empty {
            path: path.to_owned(),
        });
    }
    Ok(SecretString::from(secret))
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
}
