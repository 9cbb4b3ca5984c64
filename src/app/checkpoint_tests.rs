//! Checkpoint and rest give the whole; what is no checkpoint is named.

use std::path::PathBuf;

use super::*;
use crate::app::config::Config;
use crate::app::replay::{Cut, Tally, replay, replay_cut};
use crate::feed::Control;
use crate::journal::Digests;
use crate::record::{Bytes, Record, StopReason};
use crate::venue;
use crate::venue::config::Regime;
use crate::venue::market::Market;

struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Temporary {
        let path = std::env::temp_dir().join(format!("pm-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A recording of `seconds` of a lively market; the link is lost for a while in the middle.
fn recording(to: &Path, seed: u64, seconds: i64) {
    let law = venue::config::Config::stationary("BTC", Regime::Volatile);
    let mut market = Market::new(&law, seed).expect("a sound configuration");
    let mut text: Vec<u8> = Vec::new();
    let mut started = None;
    let mut up = false;
    loop {
        let block = market.next_block();
        let now = block.time.plus(50 * Ns::MS);
        let at = now.since(*started.get_or_insert(now)) / Ns::SEC;
        if at >= seconds {
            break;
        }
        let seen = !(seconds / 2..seconds / 2 + 5).contains(&at);
        let mut line = |l: &[u8]| {
            text.extend([now.0.to_string().as_bytes(), b" ", l, b"\n"].concat());
        };
        if seen != up {
            line(if seen { Control::Up } else { Control::Down }.line());
            up = seen;
        }
        if seen {
            block.frames.iter().for_each(|f| line(f.as_bytes()));
        }
    }
    fs::write(to, text).expect("written");
}

fn coins() -> [CoinSpec; 1] {
    [CoinSpec::new("BTC", 5).expect("a coin")]
}

/// Digest and number of records of a whole replay.
fn whole(path: &Path, config: &Config) -> (Digests, u64) {
    let mut out = Tally::new(|_: &Record, _: &Bytes| {});
    replay(path, config, &coins(), Some(StopReason::Finished), &mut out).expect("a recording");
    (out.digest.value(), out.next)
}

/// The same with a checkpoint left `after` nanoseconds from the start, and the rest from it.
fn in_two(
    path: &Path,
    config: &Config,
    after: i64,
    file: &Path,
) -> ((Digests, u64), (Digests, u64)) {
    let mut out = Tally::new(|_: &Record, _: &Bytes| {});
    let cut = Cut { at: Some((after, file.to_path_buf())), ..Cut::default() };
    let end = (Some(StopReason::Finished), cut);
    replay_cut(path, config, &coins(), end, &mut out).expect("a recording");
    let first = (out.digest.value(), out.next);
    let c = Checkpoint::read(file, config, &coins()).expect("a checkpoint");
    let mut out = Tally::from(c.place.records, &c.digest, |_: &Record, _: &Bytes| {});
    let end = (Some(StopReason::Finished), Cut { from: Some(c), ..Cut::default() });
    replay_cut(path, config, &coins(), end, &mut out).expect("the rest");
    (first, (out.digest.value(), out.next))
}

#[test]
fn checkpoint_and_rest_give_the_digest_of_the_whole() {
    let dir = Temporary::new("cut");
    let path = dir.0.join("a.frames");
    recording(&path, 5, 90);
    let config = Config::quoting();
    let all = whole(&path, &config);
    assert!(all.1 > 5_000, "{all:?}");
    // At the start, in the middle of learning, in the gap, behind it, near the end.
    for after in [1, 700, 20_000, 46_000, 60_001, 89_000] {
        let (first, second) = in_two(&path, &config, after * Ns::MS, &dir.0.join("c"));
        assert_eq!((first, second), (all, all), "cut at {after} ms");
    }
    // The control: another seed decides otherwise.
    let mut other = config.clone();
    other.engine.seed += 1;
    assert_ne!(whole(&path, &other).0, all.0);
}

/// The fee is a setting that no file of the state holds.
#[test]
fn a_checkpoint_goes_on_with_the_fee_of_the_configuration() {
    let dir = Temporary::new("fee");
    let path = dir.0.join("a.frames");
    recording(&path, 5, 60);
    let mut config = Config::quoting();
    config.engine.sim.fees.staking_pct = 10;
    let all = whole(&path, &config);
    let (_, second) = in_two(&path, &config, 20 * Ns::SEC, &dir.0.join("c"));
    assert_eq!(second, all);
    assert_ne!(whole(&path, &Config::quoting()).0, all.0, "the control: fees decide");
}

#[test]
fn what_is_no_checkpoint_of_this_run_is_named() {
    let dir = Temporary::new("faults");
    let (path, file) = (dir.0.join("a.frames"), dir.0.join("c"));
    recording(&path, 6, 20);
    let config = Config::quoting();
    in_two(&path, &config, 10 * Ns::SEC, &file);
    let good = fs::read(&file).expect("written");
    let decode = |bytes: &[u8], c: &Config| Checkpoint::decode(bytes, c, &coins()).map(|_| ());
    let fault = |bytes: &[u8]| decode(bytes, &config).expect_err("a fault");
    assert_eq!(decode(&good, &config), Ok(()));
    let mut other = config.clone();
    other.engine.seed += 1;
    assert_eq!(decode(&good, &other), Err(Fault::Config));
    for cut in [1, 7, 20, HEADER, good.len() / 2, good.len() - 1] {
        assert_eq!(fault(&good[..cut]), Fault::Length, "cut to {cut}");
    }
    assert_eq!(fault(&[&good[..], b"x"].concat()), Fault::Length);
    assert_eq!(fault(b""), Fault::NotOne);
    assert_eq!(fault(&vec![7; good.len()]), Fault::NotOne);
    for at in (HEADER..good.len()).step_by(good.len() / 50) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(fault(&bad), Fault::Damaged, "byte {at}");
    }
    let mut layout = good.clone();
    layout[8] = 9;
    assert_eq!(fault(&layout), Fault::Layout(9));
    // Another program version, its checksum right.
    let body = postcard::to_stdvec("0.0.0").expect("written");
    let mut other = good[..12].to_vec();
    other.extend((body.len() as u64).to_le_bytes());
    other.extend(xxh3_128(&body).to_le_bytes());
    other.extend(body);
    assert_eq!(fault(&other), Fault::Program("0.0.0".into()));
    // Another recording.
    recording(&path, 7, 20);
    let c = Checkpoint::read(&file, &config, &coins()).expect("still there");
    let mut out = Tally::from(c.place.records, &c.digest, |_: &Record, _: &Bytes| {});
    let end = (Some(StopReason::Finished), Cut { from: Some(c), ..Cut::default() });
    let e = replay_cut(&path, &config, &coins(), end, &mut out).expect_err("another one");
    assert_eq!(e.fault, folder::recording::Fault::NotThatOne);
    assert_eq!(
        Checkpoint::read(&dir.0.join("none"), &config, &coins()).err(),
        Some(Fault::Disk(io::ErrorKind::NotFound))
    );
}
