use super::*;
use toml::Table;

choices! {
    /// How.
    pub enum How = Plain {
        /// As it is.
        Plain = "plain",
        /// With care.
        Careful = "careful-one",
    }
}

settings! {
    /// A delay.
    pub enum Delay: Copy {
        /// Always the same.
        Constant = "constant" {
            /// Delay.
            ms: u32 = 200, 0..=60_000, "ms";
        }
        /// A floor and a tail.
        Tail = "tail" {
            /// Floor.
            base_ms: u32 = 150, 0..=60_000, "ms";
            /// Mean of the tail.
            mean_ms: u32 = 100, 0..=60_000, "ms";
        }
    }
}

settings! {
    /// Quotes.
    pub struct Quote: Copy {
        /// Levels a side.
        levels: usize = 5, 1..=5;
        /// Nearest.
        near_bps: f64 = 0.5, 0.01..=60.0, "bps";
        /// Farthest.
        far_bps: f64 = 60.0, 1.0..=1e15, "bps";
        /// Volatility by regime.
        sigma: [f64; 3] = [1.0, 2.0, 3.0], 0.1..=10.0;
        /// Least and most.
        bounds: [f64; 2] = [0.5, 2.0], [0.1..=1.0, 1.0..=9.0];
        /// How.
        how: How = How::Plain;
        /// Whether at all.
        on as "use": bool = true;
    }
    where {
        [near_bps, far_bps] |c| c.near_bps < c.far_bps, "`near_bps` must be below `far_bps`";
        [sigma] |c| rising(&c.sigma), "`sigma` must rise";
    }
}

settings! {
    /// Everything.
    pub struct All {
        /// When it begins.
        epoch_ms: Option<i64> = None, 1..=100, "ms";
        /// The quotes.
        quote: Quote = Quote { levels: 4, ..Quote::default() };
        /// The delay.
        delay: Delay = Delay::Tail { base_ms: 150, mean_ms: 90 };
    }
}

fn load(sets: &[&str]) -> Result<All, ConfigError> {
    let mut table = Table::try_from(All::default()).expect("a table");
    for set in sets {
        merge(&All::section(), &mut table, assignment(set)?, "")?;
    }
    check(&All::section(), &table, "")?;
    Ok(table.try_into().expect("what was checked fits"))
}

fn refused(sets: &[&str]) -> String {
    load(sets).expect_err("to be refused").0
}

#[test]
fn a_value_outside_is_refused_in_one_sentence() {
    assert_eq!(load(&[]), Ok(All::default()));
    assert_eq!(All::default().check(), Ok(()));
    for (set, said) in [
        ("quote.far_bps=-5", "`quote.far_bps` is -5; it must be 1 to 1e15 bps"),
        ("quote.far_bps=nan", "`quote.far_bps` is nan; it must be 1 to 1e15 bps"),
        ("quote.far_bps=far", "`quote.far_bps` is \"far\"; it must be 1 to 1e15 bps"),
        ("quote.levels=6", "`quote.levels` is 6; it must be a whole number 1 to 5"),
        ("quote.levels=2.5", "`quote.levels` is 2.5; it must be a whole number 1 to 5"),
        ("quote.sigma=[1, 2]", "`quote.sigma` is [1, 2]; it must be 3 numbers, each 0.1 to 10"),
        (
            "quote.bounds=[2, 2]",
            "`quote.bounds` is [2, 2]; it must be 2 numbers, 0.1 to 1 and 1 to 9",
        ),
        ("quote.how=wild", "`quote.how` is \"wild\"; it must be one of plain, careful-one"),
        ("quote.use=1", "`quote.use` is 1; it must be true or false"),
        ("epoch_ms=0", "`epoch_ms` is 0; it must be a whole number 1 to 100 ms"),
        ("delay.mean_ms=-1", "`delay.mean_ms` is -1; it must be a whole number 0 to 60000 ms"),
        ("delay.kind=wild", "`delay.kind` is \"wild\"; it must be one of constant, tail"),
        (
            "quote.near_bps=60",
            "`quote.near_bps` is 60 and `quote.far_bps` is 60; `near_bps` must be below `far_bps`",
        ),
        ("quote.sigma=[1, 3, 2]", "`quote.sigma` is [1, 3, 2]; `sigma` must rise"),
        (
            "quote=3",
            "`quote` is a table, not a value; its keys are `levels`, `near_bps`, \
          `far_bps`, `sigma`, `bounds`, `how`, `use`",
        ),
        ("delay=3", "`delay` is a table, not a value; its keys are `kind`"),
    ] {
        assert_eq!(refused(&[set]), said);
    }
}

#[test]
fn a_table_with_a_kind_merges_over_what_it_was_or_the_new_kinds_default() {
    let delay = |sets: &[&str]| load(sets).expect("known").delay;
    assert_eq!(delay(&["delay.base_ms=20"]), Delay::Tail { base_ms: 20, mean_ms: 90 });
    assert_eq!(delay(&["delay.kind=tail"]), Delay::Tail { base_ms: 150, mean_ms: 90 });
    assert_eq!(delay(&["delay.kind=constant"]), Delay::Constant { ms: 200 });
    assert_eq!(delay(&["delay={kind=\"constant\", ms=7}"]), Delay::Constant { ms: 7 });
    assert_eq!(
        delay(&["delay.kind=constant", "delay.kind=tail"]),
        Delay::Tail { base_ms: 150, mean_ms: 100 }
    );
    assert_eq!(
        refused(&["delay.ms=20"]),
        "`delay.ms` belongs to kind `constant`, and `delay.kind` is `tail`: set the kind too"
    );
}

#[test]
fn an_unknown_key_names_the_nearest() {
    for (set, said) in [
        ("quote.lvels=3", "unknown configuration key `quote.lvels`: did you mean `quote.levels`?"),
        ("quite.levels=3", "unknown configuration key `quite`: did you mean `quote`?"),
        ("zzz=3", "unknown configuration key `zzz`: known here: `epoch_ms`, `quote`, `delay`"),
        (
            "delay.bse_ms=3",
            "unknown configuration key `delay.bse_ms`: did you mean `delay.base_ms`?",
        ),
    ] {
        assert_eq!(refused(&[set]), said);
    }
    for set in ["quote.levels", ".=1", "a..b=1", "=1"] {
        assert!(refused(&[set]).contains("write it as section.key=value"), "{set}");
    }
}

#[test]
fn the_commented_file_holds_every_row_at_its_default() {
    let default = Table::try_from(All::default()).expect("a table");
    let text = commented(&All::section(), &default);
    for line in [
        "# Levels a side. Must be a whole number 1 to 5.\n#levels = 4\n",
        "# When it begins. Must be a whole number 1 to 100 ms; no default.\n#epoch_ms =\n",
        "[quote]\n",
        "#use = true\n",
        "#kind = \"tail\"\n",
        "# With kind = \"constant\":\n# Delay. Must be a whole number 0 to 60000 ms.\n#ms = 200\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // As it stands it sets nothing; with every assignment of the default kind brought back it
    // sets the defaults.
    let loaded = |text: &str| {
        let mut table = default.clone();
        merge(&All::section(), &mut table, text.parse().expect("toml"), "").expect("known");
        table.try_into::<All>().expect("fits")
    };
    assert_eq!(loaded(&text), All::default());
    let set = |l: &str| l.starts_with('#') && !l.starts_with("# ") && !l.ends_with('=');
    let back: Vec<&str> = text
        .lines()
        .filter(|l| *l != "#ms = 200")
        .map(|l| if set(l) { &l[1..] } else { l })
        .collect();
    assert_eq!(back.iter().filter(|l| l.contains(" = ") && !l.starts_with('#')).count(), 10);
    assert_eq!(loaded(&back.join("\n")), All::default());
}

#[test]
fn a_key_explains_itself() {
    let default = Table::try_from(All::default()).expect("a table");
    let of = |key| explain(&All::section(), &default, key);
    assert_eq!(
        of("quote.far_bps").expect("known"),
        "quote.far_bps\n  Farthest.\n  must be 1 to 1e15 bps\n  default 60\n"
    );
    let how = of("quote.how").expect("known");
    assert!(how.contains("    careful-one: With care.\n") && how.contains("default \"plain\""));
    assert_eq!(
        of("delay.base_ms").expect("known"),
        "delay.base_ms\n  Floor.\n  must be a whole number 0 to 60000 ms\n  default 150\n  \
         only with `delay.kind` = \"tail\"\n"
    );
    assert!(of("quote").expect("known").contains("    levels = 4; a whole number 1 to 5\n"));
    assert!(of("delay").expect("known").contains("  with kind = \"constant\":\n"));
    assert!(of("").expect("known").contains("quote (a table)"));
    for (key, said) in [
        ("quote.lvels", "did you mean `quote.levels`"),
        ("delay.bas_ms", "did you mean `delay.base_ms`"),
        ("quote.levels.x", "`quote.levels` is a value"),
    ] {
        let e = of(key).expect_err("unknown");
        assert!(e.0.contains(said), "{e}");
    }
}
