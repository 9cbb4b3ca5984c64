//! Replays every seed and every crasher ever found through the fuzz targets' drivers.
//!
//! In: `fuzz/seeds/TARGET/*`, `fuzz/crashers/TARGET/*`. Out: passed, or the law that broke. Cold path.
//!
//! `SEEDS=write cargo test --lib seeds` writes the seeds made here, from the embedded exchange and
//! from a generator of random choices; what a long run found worth keeping lies beside them.

use std::fs;
use std::path::{Path, PathBuf};

use super::TARGETS;
use crate::venue;
use crate::venue::market::Market;
use crate::ws::server;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The files of a folder in order; none where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    all.sort();
    all
}

/// Frames of the embedded exchange: the first of each length class, so that kinds differ.
fn frames(n: usize) -> Vec<String> {
    let law = venue::config::Config::simple();
    let mut market = Market::new(&law, 1).expect("a sound configuration");
    let mut all: Vec<String> = (0..400).flat_map(|_| market.next_block().frames).collect();
    all.sort_by_key(String::len);
    all.dedup_by_key(|f| f.len() / 40);
    all.truncate(n);
    all
}

fn random(seed: u64, n: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..n).map(|_| rng.u8(..)).collect()
}

/// Seeds of a target by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = (0..3)
        .map(|i| (format!("random-{i}"), random(i, 60 + 120 * usize::try_from(i).unwrap_or(0))))
        .collect();
    match target {
        "decode" => {
            let frames = frames(8).into_iter().enumerate();
            all.extend(frames.map(|(i, f)| (format!("frame-{i}"), f.into_bytes())));
            all.extend(
                (0..4).map(|i| {
                    (format!("grammar-{i}"), [&[0x80][..], &random(10 + i, 300)].concat())
                }),
            );
        }
        "http" => {
            let answer = server::switching_protocols("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            all.push(("answer".into(), [&[7, 30, 0][..], &answer].concat()));
            all.push(("lines".into(), vec![3, 9, 2, 0, 3, 6, 9, 17]));
            all.push(("request".into(), vec![3, 9, 2, 18, 20, 3, 6, 21, 22, 17]));
        }
        "ws_frame" => {
            let mut bytes = Vec::new();
            frames(3).iter().for_each(|f| server::text(&mut bytes, f));
            all.push(("frames".into(), bytes));
        }
        "decimal" => {
            for (i, text) in ["80459.0", "0.00000008", "92233720368.54775807"].iter().enumerate() {
                all.push((format!("text-{i}"), [b"\0", text.as_bytes()].concat()));
            }
        }
        _ => {}
    }
    all
}

#[test]
fn every_seed_and_every_crasher_keeps_the_laws() {
    let write = std::env::var("SEEDS").is_ok_and(|v| v == "write");
    for (name, driver) in TARGETS {
        let folder = fuzz().join("seeds").join(name);
        if write {
            fs::create_dir_all(&folder).expect("a folder");
            for (seed, bytes) in seeds(name) {
                fs::write(folder.join(seed), bytes).expect("written");
            }
        }
        let seeds = files(&folder);
        assert!(seeds.len() >= 3, "{name} has too few seeds in {}", folder.display());
        let total: u64 = seeds.iter().map(|f| f.metadata().expect("a file").len()).sum();
        assert!(total < 100_000, "seeds of {name} are small");
        for file in seeds.iter().chain(&files(&fuzz().join("crashers").join(name))) {
            println!("{}", file.display());
            driver(&fs::read(file).expect("readable"));
        }
    }
}

#[test]
fn every_target_is_in_the_table_and_short() {
    let sources = files(&fuzz().join("fuzz_targets"));
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("readable");
    let names: Vec<&str> = TARGETS.iter().map(|t| t.0).collect();
    for source in &sources {
        let name = source.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(names.contains(&name.as_str()), "{name} is not in the table");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not built");
        let lines = fs::read_to_string(source).expect("readable").lines().count();
        assert!(lines <= 40, "{name} has {lines} lines");
    }
    assert_eq!(sources.len(), TARGETS.len());
}

/// Random choices through every driver: a short fuzz that needs no fuzzer.
#[test]
fn random_bytes_keep_the_laws() {
    let mut broken = Vec::new();
    for (name, driver) in TARGETS {
        let rounds = if name == "engine" { 60 } else { 1_500 };
        for seed in 0..rounds {
            let mut rng = fastrand::Rng::with_seed(seed);
            let n = rng.usize(..400);
            let mut bytes = random(seed, n);
            // Half of them of small numbers, so that choices repeat.
            if seed % 2 == 0 {
                bytes.iter_mut().for_each(|b| *b %= 32);
            }
            if name == "decode" && seed % 4 > 0 {
                bytes.insert(0, 0x80);
            }
            if std::panic::catch_unwind(|| driver(&bytes)).is_err() {
                broken.push((name, seed));
                break;
            }
        }
    }
    assert!(broken.is_empty(), "targets and the seed that breaks a law: {broken:?}");
}
