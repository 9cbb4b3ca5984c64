//! Which program this is: the hash of its sources, by which results say what made them, and the commit
//! they are of, where there is one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let mut files = vec![PathBuf::from("Cargo.lock")];
    sources(Path::new("src"), &mut files)?;
    files.sort();
    // FNV-1a of 128 bits, over names and contents.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for file in &files {
        let name = file.to_string_lossy().replace('\\', "/");
        let content = fs::read(file).unwrap_or_default();
        for byte in name.bytes().chain([0]).chain(content) {
            hash =
                (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    println!("cargo::rustc-env=PAPERMAKER_SOURCES={hash:032x}");
    println!("cargo::rustc-env=PAPERMAKER_COMMIT={}", commit().unwrap_or_default());
    Ok(())
}

/// The commit of a checkout with its date, or of a package; `None` where nothing says.
fn commit() -> Option<String> {
    let git = |args: &[&str]| {
        let out = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    // A package unpacked inside somebody's checkout is not of that checkout.
    if let Ok(text) = fs::read_to_string(".cargo_vcs_info.json") {
        let sha = text.split("\"sha1\": \"").nth(1)?.split('"').next()?;
        return Some(format!("commit {}", sha.get(..10)?));
    }
    let top = git(&["rev-parse", "--show-prefix"])?;
    if !top.is_empty() {
        return None;
    }
    let head = git(&["log", "-1", "--format=%h, %cs"])?;
    let changed = git(&["status", "--porcelain", "--", "src"]).is_some_and(|s| !s.is_empty());
    Some(format!("commit {head}{}", if changed { " with changes" } else { "" }))
}

/// All Rust files below a folder.
fn sources(folder: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    Ok(())
}
