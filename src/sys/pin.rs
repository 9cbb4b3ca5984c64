//! Pinning the calling thread to one core.
//!
//! In: the wish. Out: what came of it; a refusal is reported and nothing else. Cold path, at start.
//!
//! 1. Threads started later by a pinned thread inherit its pin: pin last.

use std::fmt;

/// Which core the hot thread should have to itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pin {
    /// Wherever the scheduler likes.
    Off,
    /// The last core this process may use: the first ones mostly serve interrupts.
    #[default]
    Auto,
    /// The core with this number, as the operating system counts.
    Core(usize),
}

impl std::str::FromStr for Pin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Pin, &'static str> {
        match text {
            "auto" => Ok(Pin::Auto),
            "off" => Ok(Pin::Off),
            n => {
                let id = n.parse().map_err(|_| "use auto, off or the number of a core")?;
                // Where the system does not list its cores, the wish is tried.
                match core_affinity::get_core_ids().is_none_or(|all| all.iter().any(|c| c.id == id))
                {
                    true => Ok(Pin::Core(id)),
                    false => {
                        Err("this process may not use that core; `nproc` says how many there are")
                    }
                }
            }
        }
    }
}

/// What came of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// Not asked for.
    Off,
    /// On this core.
    Core(usize),
    /// This process may not use that core.
    NotAllowed(usize),
    /// The operating system has refused for that core.
    Refused(usize),
    /// The operating system does not tell its cores.
    Unknown,
}

/// Pins the calling thread.
pub fn pin(wish: Pin) -> Pinned {
    if wish == Pin::Off {
        return Pinned::Off;
    }
    let Some(cores) = core_affinity::get_core_ids() else { return Pinned::Unknown };
    let core = match wish {
        Pin::Core(id) => match cores.iter().find(|c| c.id == id) {
            Some(core) => *core,
            None => return Pinned::NotAllowed(id),
        },
        Pin::Off | Pin::Auto => match cores.iter().max_by_key(|c| c.id) {
            Some(core) => *core,
            None => return Pinned::Unknown,
        },
    };
    if core_affinity::set_for_current(core) {
        Pinned::Core(core.id)
    } else {
        Pinned::Refused(core.id)
    }
}

impl Pinned {
    /// Whether the wish was fulfilled.
    pub fn is_fulfilled(self) -> bool {
        matches!(self, Pinned::Off | Pinned::Core(_))
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pinned::Off => f.write_str("not pinned to a core"),
            Pinned::Core(id) => write!(f, "pinned to core {id}"),
            Pinned::NotAllowed(id) => {
                write!(f, "core {id} is not available to this process; running unpinned")
            }
            Pinned::Refused(id) => {
                write!(f, "the system did not allow pinning to core {id}; running unpinned")
            }
            Pinned::Unknown => f.write_str("the system does not list its cores; running unpinned"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_only_reported() {
        assert_eq!(pin(Pin::Off), Pinned::Off);
        let got = pin(Pin::Core(100_000));
        assert!(!got.is_fulfilled());
        assert!(got.to_string().contains("running unpinned"));
    }

    #[test]
    fn auto_takes_an_allowed_core() {
        // On a thread of its own, so that no other test is pinned.
        let got = std::thread::spawn(|| pin(Pin::Auto)).join().unwrap();
        if let Pinned::Core(id) = got {
            assert!(core_affinity::get_core_ids().unwrap().iter().any(|c| c.id == id));
        }
    }
}
