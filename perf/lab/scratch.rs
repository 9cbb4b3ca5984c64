//! A folder of a measurement's own, gone again when it ends.
//!
//! In: a name. Out: an empty folder under the system's folder for temporary files (`TMPDIR`). Cold
//! path.

use std::io;
use std::path::{Path, PathBuf};

/// A folder that is removed with everything in it when this is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty folder; `name` tells measurements of one process apart.
    ///
    /// # Errors
    /// As the disk refuses.
    pub fn new(name: &str) -> io::Result<Scratch> {
        let name = format!("papermaker-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        if path.exists() {
            // Of a process of this number that was killed.
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path)?;
        Ok(Scratch(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_what_is_in_it() {
        let scratch = Scratch::new("scratch-test").expect("a folder");
        let file = scratch.path().join("x");
        std::fs::write(&file, "x").expect("written");
        let again = Scratch::new("scratch-test").expect("a folder");
        assert!(!file.exists(), "begins empty");
        let path = again.path().to_path_buf();
        drop(again);
        assert!(!path.exists());
    }
}
