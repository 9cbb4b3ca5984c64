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

/// A profile a row: name, what it is, settings.
macro_rules! profiles {
    ($( $name:literal : $about:literal, $sets:expr; )*) => {
        &[$( Profile { name: $name, about: $about, sets: $sets } ),*]
    };
}

/// The settings of a policy of the analysis.
macro_rules! policy {
    ($name:literal) => {
        &[concat!("engine.strategy.original.policy=", $name), "engine.strategy.name=original"]
    };
}

/// All profiles.
pub const ALL: &[Profile] = profiles! {
    "default": "quotes where the curve of the shadow ladder pays, and nowhere else", &[];
    "glft": "the optimal ladder of Guéant and others at what the curve says", &["engine.strategy.name=glft"];
    "fixed": "both sides at a constant distance, 2 bps where none is set", &["engine.strategy.name=fixed"];
    "join": "both sides at the touch", &["engine.strategy.name=join"];
    "avellaneda": "Avellaneda and Stoikov's quotes with kappa from the tape",
        &["engine.strategy.name=avellaneda"];
    "original": "the original paper trader as its analysis describes it, floor after the blend",
        ORIGINAL_FLOOR_FIRST.split_at(1).1;
    "original-floor-first": "the same with the regime blend after the floor, as its notes have it",
        ORIGINAL_FLOOR_FIRST;
    "floor-8000": "kappa 8000 for ever, 2.75 bps a side", policy!("floor-8000");
    "floor-8000-realised": "the same, never closer than 5 bps, as its quotes came out",
        policy!("floor-8000-realised");
    "analysis-1": "the analysis's first advice, as written: relax the floor when fills are rare",
        policy!("analysis-1");
    "analysis-1-fixed": "the same with both branches reachable", policy!("analysis-1-fixed");
    "analysis-2": "its second advice: a floor graduated by confidence", policy!("analysis-2");
    "analysis-3": "its third advice: no floor overrides the regime blend", policy!("analysis-3");
};

/// It fills nothing in the first tenth of a second of an order, and cancels at once.
const ORIGINAL_FLOOR_FIRST: &[&str] = &[
    "engine.strategy.original.learn.floor_first=true",
    "engine.strategy.name=original",
    "engine.sim.model=original",
    "engine.sim.entry={kind=\"constant\",ms=100}",
    "engine.sim.cancel={kind=\"constant\",ms=0}",
    "engine.sim.ping_ms=0",
    "engine.sim.feed_ms=0",
];

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
