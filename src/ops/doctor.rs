//! What a machine is like for this program: findings, what each means, what to do.
//!
//! In: [`Facts`] gathered elsewhere. Out: a [`Finding`] a question. Cold path.
//!
//! 1. Every question has an answer, be it "skipped" with the reason.
//! 2. `Bad` is what makes a run fail or its results worthless; `Note` is what makes it slower.

use std::time::Duration;

use serde::Serialize;

/// How an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Ok,
    /// Works, could be better.
    Note,
    /// Has to be mended.
    Bad,
    /// Not looked at, with the reason.
    Skipped,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub grade: Grade,
    /// What was found.
    pub found: String,
    /// What that means for a run.
    pub means: &'static str,
    /// What to do; empty where nothing is.
    pub todo: &'static str,
}

/// What is known of the machine. `None`: it does not tell.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Cores this process may use.
    pub cores: usize,
    /// Cores the scheduler leaves alone, as the kernel lists them.
    pub isolated: Option<String>,
    /// Frequency governor of the core that would be used.
    pub governor: Option<String>,
    /// Whether pinning a thread worked, and what came of it.
    pub pinned: (bool, String),
    /// The kernel's clock source.
    pub clock_source: Option<String>,
    /// Nanoseconds a read of the clock takes.
    pub clock_read_ns: f64,
    /// Bytes a process may lock in memory; `u64::MAX`: any.
    pub locked_bytes: Option<u64>,
    /// Bytes of swap space.
    pub swap_bytes: Option<u64>,
    /// Files a process may have open.
    pub open_files: Option<u64>,
    /// What the disk of the run folder does.
    pub disk: Result<DiskFacts, String>,
    /// What became of asking the venue.
    pub venue: Venue,
}

/// What the disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskFacts {
    /// Median and 99th percentile of writing 4 KiB and `fdatasync`.
    pub sync: (Duration, Duration),
    /// Bytes free for this user.
    pub free: u64,
}

/// What became of asking the venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Venue {
    /// Not asked.
    #[default]
    NotAsked,
    /// It gave its list of coins.
    Answered {
        /// In so much time.
        took: Duration,
        /// How much later this machine's clock was at receipt than the second in which the server
        /// answered, ns; `None` where it did not say.
        ahead_ns: Option<i64>,
    },
    /// It did not; `true` where the person named that venue, so that it has to.
    Silent(String, bool),
}

/// Cores: the hot thread and the logging thread.
const CORES: usize = 2;
/// Clock reads are four a frame; beyond this they show in the latency.
const CLOCK_READ_NS: f64 = 100.0;
/// What a stamp of whole seconds leaves open, s.
const HALF_S: f64 = 0.5;
/// Offsets of the wall clock beyond which lag is misleading, and beyond which names of files are.
const OFFSET_S: (f64, f64) = (1.0, 60.0);
const SYNCHRONISE: &str = "synchronise the clock: `timedatectl set-ntp true`, or chrony";
/// Descriptors of a run with all its listeners and clients, times four.
const OPEN_FILES: u64 = 256;
/// `fdatasync` at which the journal misses its interval, and at which seconds are in memory alone.
const SYNC: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Free space for days, and for hours.
const FREE: (u64, u64) = (10 << 30, 1 << 30);

/// Whether nothing has to be mended.
pub fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|f| f.grade != Grade::Bad)
}

/// Answers every question.
pub fn examine(f: &Facts) -> Vec<Finding> {
    vec![
        cores(f),
        pinning(f),
        governor(f),
        clock(f),
        offset(f),
        memory(f),
        files(f),
        sync(f),
        space(f),
        venue(f),
    ]
}

/// How it is, what that means, what to do.
type Judged = (Grade, &'static str, &'static str);

fn finding(check: &'static str, found: String, (grade, means, todo): Judged) -> Finding {
    Finding { check, grade, found, means, todo }
}

fn cores(f: &Facts) -> Finding {
    let isolated = f.isolated.as_deref().filter(|t| !t.is_empty());
    let list = isolated.map_or("none isolated".to_owned(), |t| format!("isolated: {t}"));
    let judged = if f.cores < CORES {
        let means =
            "the hot thread shares its core with the logging thread: latencies of milliseconds";
        (Grade::Note, means, "give the process two cores or more")
    } else if isolated.is_some() {
        (Grade::Ok, "the hot thread can have a core that nothing else uses", "")
    } else {
        let means = "the hot thread gets a core, but other processes may be scheduled there";
        (Grade::Ok, means, "for tails: boot with isolcpus= and use --pin")
    };
    finding("cores", format!("{} usable, {list}", f.cores), judged)
}

fn pinning(f: &Facts) -> Finding {
    let (worked, found) = f.pinned.clone();
    let judged = if worked {
        (Grade::Ok, "the hot thread stays on its core and keeps its caches", "")
    } else {
        let todo = "allow sched_setaffinity (container policy), or name an allowed core with --pin";
        (Grade::Note, "the scheduler moves the hot thread: tails of the latency grow", todo)
    };
    finding("pinning", found, judged)
}

fn governor(f: &Facts) -> Finding {
    let judged = match f.governor.as_deref() {
        None => {
            let means = "the machine does not tell its frequency policy; usual for virtual ones";
            (Grade::Skipped, means, "")
        }
        Some("performance") => (Grade::Ok, "the core does not slow down between messages", ""),
        Some(_) => {
            let means = "the core slows down between messages and needs microseconds to speed up";
            let todo = "set the governor to performance (cpupower frequency-set -g performance)";
            (Grade::Note, means, todo)
        }
    };
    finding("frequency", f.governor.clone().unwrap_or_else(|| "no governor".into()), judged)
}

fn clock(f: &Facts) -> Finding {
    let source = f.clock_source.as_deref().unwrap_or("unknown source");
    let judged = if f.clock_read_ns <= CLOCK_READ_NS {
        (Grade::Ok, "stamps cost next to nothing; deadlines use the monotonic clock only", "")
    } else if source == "tsc" {
        let means = "reads are slow though they need no system call, as on some virtual machines: each \
                     stage's latency has one in it";
        (Grade::Note, means, "nothing here: take that much off each latency, or another machine")
    } else {
        let means = "every read of the clock may be a system call: it adds to each stage's latency";
        let todo = "switch the kernel's clock source to tsc where the machine has a stable one";
        (Grade::Note, means, todo)
    };
    finding("clock", format!("{source}, {:.0} ns a read", f.clock_read_ns), judged)
}

/// The wall clock against the server's, which says a whole second: known to half of one, and what the
/// answer was under way.
fn offset(f: &Facts) -> Finding {
    let Venue::Answered { took, ahead_ns: Some(ahead) } = &f.venue else {
        let means = "whether this machine's clock is right shows in lag and offset of a run";
        let found = "no venue said what time it is".into();
        return finding("offset", found, (Grade::Skipped, means, ""));
    };
    let sure = HALF_S + took.as_secs_f64();
    let ahead = *ahead as f64 / 1e9 - HALF_S;
    let judged = if ahead.abs() - sure > OFFSET_S.1 {
        let means = "times of runs, files and alerts are wrong; own orders are simulated on the \
                     venue's clock all the same";
        (Grade::Bad, means, SYNCHRONISE)
    } else if ahead.abs() - sure > OFFSET_S.0 {
        let means = "lag and staleness are shown too large or too small by it; own orders are \
                     simulated on the venue's clock all the same";
        (Grade::Note, means, SYNCHRONISE)
    } else {
        (Grade::Ok, "stamps of this machine and of the venue agree", "")
    };
    let found = format!("{ahead:+.1} s against the venue, give or take {sure:.1} s");
    finding("offset", found, judged)
}

fn memory(f: &Facts) -> Finding {
    let limit = match f.locked_bytes {
        None => "lock limit unknown".to_owned(),
        Some(u64::MAX) => "locking unlimited".to_owned(),
        Some(n) => format!("lock limit {}", bytes(n)),
    };
    let (found, judged) = match f.swap_bytes {
        Some(0) => {
            let means = "no swap: memory of the hot thread stays where it is without being locked";
            (format!("no swap, {limit}"), (Grade::Ok, means, ""))
        }
        Some(n) => {
            let means = "the kernel may page parts of the process out; a page back in takes \
                         milliseconds. The program does not lock its memory";
            let todo = "turn swap off, or forbid it to the service (MemorySwapMax=0, as in \
                        papermaker.service)";
            (format!("swap of {}, {limit}", bytes(n)), (Grade::Note, means, todo))
        }
        None => (limit, (Grade::Skipped, "the machine does not tell whether it swaps", "")),
    };
    finding("memory", found, judged)
}

fn files(f: &Facts) -> Finding {
    let found = match f.open_files {
        None => "unknown".into(),
        Some(u64::MAX) => "no limit".into(),
        Some(n) => format!("{n} open files"),
    };
    let judged = match f.open_files {
        None => (Grade::Skipped, "the machine does not tell its limit", ""),
        Some(OPEN_FILES..) => {
            (Grade::Ok, "enough for journal, recording, link and all monitors at once", "")
        }
        Some(_) => {
            let means = "reconnects, monitors or new segments may fail for want of a descriptor";
            let todo = "raise the limit: ulimit -n 1024, or LimitNOFILE= in the service";
            (Grade::Bad, means, todo)
        }
    };
    finding("files", found, judged)
}

fn sync(f: &Facts) -> Finding {
    let (p50, p99) = match &f.disk {
        Ok(disk) => disk.sync,
        Err(why) => {
            let todo = "name a folder that can be written: --set run.folder=...";
            let judged = (Grade::Bad, "a run cannot write its journal there", todo);
            return finding("disk", why.clone(), judged);
        }
    };
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    let found = format!("4 KiB and fdatasync: p50 {:.2} ms, p99 {:.2} ms", ms(p50), ms(p99));
    let judged = if p99 <= SYNC.0 {
        (Grade::Ok, "the journal keeps up; a power loss costs what its interval allows", "")
    } else if p99 <= SYNC.1 {
        let means = "records wait longer for the disk than the interval says; none is lost";
        (Grade::Note, means, "use a local disk for run.folder")
    } else {
        let means = "records wait in memory for seconds: a kill or a power loss costs them";
        (Grade::Bad, means, "use a local disk for run.folder")
    };
    finding("disk", found, judged)
}

fn space(f: &Facts) -> Finding {
    let Ok(disk) = &f.disk else {
        return finding("space", "unknown".into(), (Grade::Skipped, "see disk", ""));
    };
    let bound = "bound the run with --keep, or free space";
    let judged = match disk.free {
        n if n >= FREE.0 => (Grade::Ok, "room for days of several coins", ""),
        n if n >= FREE.1 => (Grade::Note, "room for hours; a full disk ends the quoting", bound),
        _ => (Grade::Bad, "the disk will be full soon; a full disk ends the quoting", bound),
    };
    finding("space", format!("{} free", bytes(disk.free)), judged)
}

fn venue(f: &Facts) -> Finding {
    let (found, judged) = match &f.venue {
        Venue::NotAsked => {
            let means = "runs on the embedded exchange need no network";
            ("not asked".into(), (Grade::Skipped, means, ""))
        }
        Venue::Answered { took, .. } => {
            let means = "name, route, certificate and answer are as they should be";
            (format!("answered in {} ms", took.as_millis()), (Grade::Ok, means, ""))
        }
        Venue::Silent(why, named) => {
            let means =
                "live runs on it cannot start; runs on the embedded exchange need no network";
            let grade = if *named { Grade::Bad } else { Grade::Skipped };
            (why.clone(), (grade, means, "check name resolution, firewall and the address"))
        }
    };
    finding("venue", found, judged)
}

/// Bytes in the unit that fits.
pub fn bytes(n: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, size) in UNITS {
        if n >= size {
            return format!("{}.{} {unit}", n / size, n % size * 10 / size);
        }
    }
    format!("{n} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Facts {
        Facts {
            cores: 4,
            isolated: Some("3".into()),
            governor: Some("performance".into()),
            pinned: (true, "pinned to core 3".into()),
            clock_source: Some("tsc".into()),
            clock_read_ns: 22.0,
            locked_bytes: Some(8 << 20),
            swap_bytes: Some(0),
            open_files: Some(1024),
            disk: Ok(DiskFacts {
                sync: (Duration::from_millis(1), Duration::from_millis(4)),
                free: 50 << 30,
            }),
            venue: Venue::Answered {
                took: Duration::from_millis(150),
                ahead_ns: Some(650_000_000),
            },
        }
    }

    fn ahead(ms: i64) -> Venue {
        let ahead_ns = Some(ms * 1_000_000);
        Venue::Answered { took: Duration::from_millis(150), ahead_ns }
    }

    fn grade(f: &Facts, check: &str) -> Grade {
        examine(f).into_iter().find(|x| x.check == check).expect("a finding").grade
    }

    #[test]
    fn a_good_machine_has_nothing_to_do() {
        let all = examine(&good());
        assert!(all.iter().all(|f| f.grade == Grade::Ok && f.todo.is_empty()), "{all:?}");
        assert!(is_well(&all));
    }

    #[test]
    fn each_fault_is_found_and_says_what_to_do() {
        type Edit = fn(&mut Facts);
        let slow = |f: &mut Facts, p99| {
            f.disk = Ok(DiskFacts { sync: (Duration::from_millis(1), p99), free: 50 << 30 });
        };
        let cases: [(&str, Grade, Edit); 12] = [
            ("cores", Grade::Note, |f| f.cores = 1),
            ("pinning", Grade::Note, |f| f.pinned = (false, "refused".into())),
            ("frequency", Grade::Note, |f| f.governor = Some("powersave".into())),
            ("clock", Grade::Note, |f| f.clock_read_ns = 900.0),
            ("memory", Grade::Note, |f| f.swap_bytes = Some(1 << 30)),
            ("files", Grade::Bad, |f| f.open_files = Some(64)),
            ("disk", Grade::Bad, |f| f.disk = Err("read-only".into())),
            ("space", Grade::Bad, |f| {
                f.disk = f.disk.clone().map(|d| DiskFacts { free: 1 << 20, ..d });
            }),
            ("offset", Grade::Note, |f| f.venue = ahead(3_600)),
            ("offset", Grade::Note, |f| f.venue = ahead(-9_000)),
            ("offset", Grade::Bad, |f| f.venue = ahead(-7_200_000)),
            ("venue", Grade::Bad, |f| f.venue = Venue::Silent("refused".into(), true)),
        ];
        for (check, want, edit) in cases {
            let mut f = good();
            edit(&mut f);
            let all = examine(&f);
            let found = all.iter().find(|x| x.check == check).expect("a finding");
            assert_eq!(found.grade, want, "{check}");
            assert!(!found.todo.is_empty() && !found.means.is_empty(), "{check}");
            assert_eq!(is_well(&all), want != Grade::Bad, "{check}");
        }
        let mut f = good();
        slow(&mut f, Duration::from_millis(300));
        assert_eq!(grade(&f, "disk"), Grade::Note);
        slow(&mut f, Duration::from_secs(3));
        assert_eq!(grade(&f, "disk"), Grade::Bad);
    }

    #[test]
    fn offline_without_a_wish_is_skipped_with_its_reason() {
        let mut f = good();
        f.venue = Venue::Silent("no route".into(), false);
        let all = examine(&f);
        assert!(is_well(&all));
        let venue = all.iter().find(|x| x.check == "venue").expect("a finding");
        assert_eq!((venue.grade, venue.found.as_str()), (Grade::Skipped, "no route"));
    }

    #[test]
    fn the_json_has_five_texts_a_finding() {
        let json = serde_json::to_value(examine(&good())).expect("JSON");
        let list = json.as_array().expect("a list");
        assert_eq!(list.len(), 10);
        for f in list {
            for key in ["check", "grade", "found", "means", "todo"] {
                assert!(f[key].is_string(), "{key} in {f}");
            }
            assert_eq!(f["grade"], "ok");
        }
    }
}
