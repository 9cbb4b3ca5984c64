//! Profiles: named sets of settings, from which a configuration starts.
//!
//! In: a name. Out: assignments as `--set` takes them. Cold path.
//!
//! 1. A profile comes before the file and the command line: both can change what it sets.

use crate::settings::Rule;

/// A profile: its name, one sentence, its settings.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Settings, `key=value`.
    pub sets: &'static [&'static str],
}

/// All profiles.
pub const ALL: &[Profile] = &[
    Profile {
        name: "default",
        about: "quotes where the curve of the shadow ladder pays, and nowhere else",
        sets: &[],
    },
    Profile {
        name: "glft",
        about: "the optimal ladder of Guéant and others at what the curve says",
        sets: &["engine.strategy.name=glft"],
    },
    Profile {
        name: "fixed",
        about: "both sides at a constant distance, 2 bps where none is set",
        sets: &["engine.strategy.name=fixed"],
    },
    Profile {
        name: "join",
        about: "both sides at the touch",
        sets: &["engine.strategy.name=join"],
    },
    Profile {
        name: "avellaneda",
        about: "Avellaneda and Stoikov's quotes with kappa from the tape",
        sets: &["engine.strategy.name=avellaneda"],
    },
    Profile {
        name: "original",
        about: "the original paper trader as its analysis describes it, floor after the blend",
        sets: ORIGINAL,
    },
    Profile {
        name: "original-floor-first",
        about: "the same with the regime blend after the floor, as its notes have it",
        sets: ORIGINAL_FLOOR_FIRST,
    },
    Profile {
        name: "floor-8000",
        about: "kappa 8000 for ever, 2.75 bps a side",
        sets: &[POLICY_FLOOR, ORIGINAL_QUOTES],
    },
    Profile {
        name: "floor-8000-realised",
        about: "the same, never closer than 5 bps, as its quotes came out",
        sets: &[POLICY_REALISED, ORIGINAL_QUOTES],
    },
    Profile {
        name: "analysis-1",
        about: "the analysis's first advice, as written: relax the floor when fills are rare",
        sets: &[POLICY_1, ORIGINAL_QUOTES],
    },
    Profile {
        name: "analysis-1-fixed",
        about: "the same with both branches reachable",
        sets: &[POLICY_1_FIXED, ORIGINAL_QUOTES],
    },
    Profile {
        name: "analysis-2",
        about: "its second advice: a floor graduated by confidence",
        sets: &[POLICY_2, ORIGINAL_QUOTES],
    },
    Profile {
        name: "analysis-3",
        about: "its third advice: no floor overrides the regime blend",
        sets: &[POLICY_3, ORIGINAL_QUOTES],
    },
];

const ORIGINAL_FLOOR_FIRST: &[&str] = &[
    "engine.strategy.original.learn.floor_first=true",
    "engine.strategy.name=original",
    "engine.sim.model=original",
    ORDERS,
    CANCELS,
    "engine.sim.ping_ms=0",
    "engine.sim.feed_ms=0",
];
/// All but the first.
const ORIGINAL: &[&str] = ORIGINAL_FLOOR_FIRST.split_at(1).1;
/// It fills nothing in the first tenth of a second of an order, and cancels at once.
const ORDERS: &str = "engine.sim.entry={kind=\"constant\",ms=100}";
const CANCELS: &str = "engine.sim.cancel={kind=\"constant\",ms=0}";
const ORIGINAL_QUOTES: &str = "engine.strategy.name=original";
const POLICY_FLOOR: &str = "engine.strategy.original.policy=floor-8000";
const POLICY_REALISED: &str = "engine.strategy.original.policy=floor-8000-realised";
const POLICY_1: &str = "engine.strategy.original.policy=analysis-1";
const POLICY_1_FIXED: &str = "engine.strategy.original.policy=analysis-1-fixed";
const POLICY_2: &str = "engine.strategy.original.policy=analysis-2";
const POLICY_3: &str = "engine.strategy.original.policy=analysis-3";

/// The profile of a name.
pub fn of(name: &str) -> Option<Profile> {
    ALL.iter().copied().find(|p| p.name == name)
}

/// What the setting must be: one of the names.
pub fn rule() -> Rule {
    Rule::Choice(ALL.iter().map(|p| (p.name, p.about.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Config;

    #[test]
    fn every_profile_loads_and_can_be_overruled() {
        for p in ALL {
            let sets = vec![format!("profile={}", p.name)];
            let c = Config::load(None, &sets).expect(p.name);
            assert_eq!(c.profile, p.name);
        }
        let over = ["engine.strategy.name=glft".into(), "profile=floor-8000".into()];
        let c = Config::load(None, &over).expect("overruled");
        assert_eq!(c.engine.strategy.name, crate::quote::Name::Glft);
        let policy = c.engine.strategy.original.policy;
        assert_eq!(
            policy,
            crate::quote::original::Policy::Floor8000,
            "the rest of the profile stays"
        );
        let e = Config::load(None, &["profile=floor".into()]).unwrap_err();
        assert!(e.0.contains("floor-8000"), "{e}");
    }
}
