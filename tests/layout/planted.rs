//! Faults planted for the rules: small trees with what each rule must report, and where.
//! In: nothing. Out: [`Planted`]. Cold path.
//!
//! A planted tree also holds what looks like a fault and is none; a rule must find exactly what is
//! listed.

use super::tables;

/// A tree and all that its rule must find in it: path, line, text.
pub struct Planted {
    pub name: &'static str,
    pub sources: fn() -> Vec<(&'static str, String)>,
    pub finds: &'static [(&'static str, usize, &'static str)],
}

fn texts(sources: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    sources.iter().map(|&(path, text)| (path, text.to_owned())).collect()
}

pub const TESTS_ON_TOP: Planted = Planted {
    name: "a file whose tests stand on top",
    sources: || {
        texts(&[(
            "src/learn/learners.rs",
            "#[cfg(test)]\nmod tests;\nuse crate::cli::exit::Failure;\n#[cfg(test)]\nuse \
             crate::ops::http;\nuse crate::sim::orders::Sim;\nuse crate::math::det::exp;\n",
        )])
    },
    finds: &[
        ("src/learn/learners.rs", 3, "learn uses cli"),
        ("src/learn/learners.rs", 6, "learn uses sim"),
    ],
};

pub const GROUPED: Planted = Planted {
    name: "imports in a group, and a path in an expression and in a type",
    sources: || {
        texts(&[(
            "src/quote/curve.rs",
            "use crate::{cli, math,\n  sys, venue};\nfn f(x: crate::units::Px) -> u8 {\n  \
             crate::app::live::run(x)\n}\nstruct S(Vec<crate::book::Book>);\n",
        )])
    },
    finds: &[
        ("src/quote/curve.rs", 1, "quote uses cli"),
        ("src/quote/curve.rs", 2, "quote uses sys"),
        ("src/quote/curve.rs", 2, "quote uses venue"),
        ("src/quote/curve.rs", 4, "quote uses app"),
        ("src/quote/curve.rs", 6, "quote uses book"),
    ],
};

pub const BY_SUPER: Planted = Planted {
    name: "out of the room by `super`, also from a module within the file",
    sources: || {
        texts(&[
            ("src/book/side.rs", "use super::super::sim::Sim;\nuse super::Book;\n"),
            (
                "src/book/mod.rs",
                "mod inner {\n  use super::super::feed::Feed;\n  use super::Book;\n}\n",
            ),
        ])
    },
    finds: &[("src/book/mod.rs", 2, "book uses feed"), ("src/book/side.rs", 1, "book uses sim")],
};

pub const IN_A_MACRO: Planted = Planted {
    name: "within a macro's definition and use",
    sources: || {
        texts(&[(
            "src/ws/conn.rs",
            "macro_rules! m { () => {\n  $crate::feed::Feed::new()\n} }\nfn f() {\n  \
             write!(out, \"{}\",\n    crate::record::KIND);\n}\nthread! { use \
             crate::{limits::X, engine::Engine}; }\n",
        )])
    },
    finds: &[
        ("src/ws/conn.rs", 2, "ws uses feed"),
        ("src/ws/conn.rs", 6, "ws uses record"),
        ("src/ws/conn.rs", 8, "ws uses engine"),
    ],
};

pub const NO_ROOM: Planted = Planted {
    name: "a room without a row, and the crate's face used from within",
    sources: || {
        texts(&[
            ("src/lib.rs", "pub use crate::cli::main;\n"),
            ("src/attic.rs", "use crate::units::Px;\n"),
            ("src/units.rs", "use crate::main;\n"),
        ])
    },
    finds: &[("src/attic.rs", 1, "attic uses units"), ("src/units.rs", 1, "units uses main")],
};

pub const PAIR: Planted = Planted {
    name: "two files that use each other, over a re-export and a glob",
    sources: || {
        texts(&[
            ("src/sim/mod.rs", "pub mod a;\nmod b;\npub use b::*;\n"),
            ("src/sim/a.rs", "use super::{Order, c};\npub struct Fill(Order);\n"),
            ("src/sim/b.rs", "\npub struct Order(crate::sim::a::Fill);\n"),
            ("src/sim/c.rs", "#[cfg(test)]\nuse super::a::Fill;\n"),
        ])
    },
    finds: &[
        ("src/sim/a.rs", 1, "a circle with src/sim/b.rs"),
        ("src/sim/b.rs", 2, "a circle with src/sim/a.rs"),
    ],
};

pub const OVER_A_THIRD: Planted = Planted {
    name: "three files in a ring; who uses them is not in it",
    sources: || {
        texts(&[
            ("src/a.rs", "use crate::b::B;\n"),
            ("src/b.rs", "fn f() {\n  crate::c::run();\n}\npub struct B;\n"),
            ("src/c.rs", "pub fn run(a: &crate::a::A) {}\n"),
            ("src/d.rs", "use crate::a::A;\n"),
        ])
    },
    finds: &[
        ("src/a.rs", 1, "a circle with src/b.rs"),
        ("src/b.rs", 2, "a circle with src/c.rs"),
        ("src/c.rs", 1, "a circle with src/a.rs"),
    ],
};

pub const WITH_THE_PARENT: Planted = Planted {
    name: "a file above that defines what the file below takes, and calls it",
    sources: || {
        texts(&[
            ("src/book/mod.rs", "mod side;\npub struct Level;\nfn f() {\n  side::best();\n}\n"),
            ("src/book/side.rs", "use super::Level;\npub fn best() -> Level {}\n"),
            // Declares and re-exports: no circle.
            ("src/feed/mod.rs", "mod scan;\nmod text;\npub use scan::scan;\n"),
            ("src/feed/scan.rs", "use super::text;\npub fn scan() { text::trim() }\n"),
            ("src/feed/text.rs", "pub fn trim() {}\n"),
        ])
    },
    finds: &[
        ("src/book/mod.rs", 4, "a circle with src/book/side.rs"),
        ("src/book/side.rs", 1, "a circle with src/book/mod.rs"),
    ],
};

pub const SPLIT_TYPE: Planted = Planted {
    name: "a type in two halves that call each other",
    sources: || {
        texts(&[
            (
                "src/sim/orders.rs",
                "mod seen;\npub struct Sim;\nimpl Sim {\n  fn step(&mut self) {\n    \
                 self.observe();\n  }\n}\n",
            ),
            (
                "src/sim/orders/seen.rs",
                "use super::Sim;\nimpl Sim {\n  pub fn observe(&self) {}\n}\n",
            ),
        ])
    },
    finds: &[
        ("src/sim/orders.rs", 5, "a circle with src/sim/orders/seen.rs"),
        ("src/sim/orders/seen.rs", 1, "a circle with src/sim/orders.rs"),
    ],
};

pub const UNDECLARED: Planted = Planted {
    name: "a file that no `mod` takes in",
    sources: || {
        texts(&[
            ("src/lib.rs", "mod ws;\n#[path = \"../perf/lab/mod.rs\"]\nmod lab;\n"),
            ("src/ws/mod.rs", "mod conn;\n#[cfg(test)]\n#[path = \"conn_tests.rs\"]\nmod tests;\n"),
            ("src/ws/conn.rs", ""),
            ("src/ws/conn_tests.rs", ""),
            ("src/ws/old.rs", ""),
            ("perf/lab/mod.rs", ""),
        ])
    },
    finds: &[("src/ws/old.rs", 1, "no file declares this module")],
};

pub const NO_HEADER: Planted = Planted {
    name: "a file that does not say what it is",
    sources: || {
        texts(&[
            ("src/lib.rs", "#[cfg(test)]\nmod tests;\n"),
            ("src/tests.rs", "fn f() {}\n"),
            ("src/book.rs", "//! Levels.\n//!\n//! In: events. Hot path.\n"),
            ("src/event.rs", "//! In: x. Out: y.\n"),
            ("src/sim.rs", "//! In: x. Out: y. Hot path.\n"),
        ])
    },
    finds: &[
        ("src/book.rs", 1, "the header does not say `Out:`"),
        ("src/event.rs", 1, "the header does not say whether it is hot or cold"),
    ],
};

pub const LONG_FILE: Planted = Planted {
    name: "601 lines",
    sources: || vec![("src/book.rs", "\n".repeat(601)), ("src/event.rs", "\n".repeat(600))],
    finds: &[("src/book.rs", 601, "601 lines, more than 600")],
};

pub const LONG_FUNCTION: Planted = Planted {
    name: "71 lines, in an impl after tests that are longer",
    sources: || {
        let long = "\n".repeat(69);
        let test = "\n".repeat(90);
        let short = "\n".repeat(68);
        let text = format!(
            "#[cfg(test)]\nmod tests {{{test}}}\nimpl X {{\n  fn long() {{{long}\n  }}\n  fn \
             short() {{{short}\n  }}\n}}\n"
        );
        vec![("src/book.rs", text)]
    },
    finds: &[("src/book.rs", 94, "`long` has 71 lines, more than 70")],
};

pub const LONG_ROOM: Planted = Planted {
    name: "one line more than the room's number, tests not counted; a room without a number",
    sources: || {
        let (room, most) = tables::LINES.iter().find(|(n, _)| *n == "event").expect("a row");
        assert_eq!(*room, "event");
        let tests = "#[cfg(test)]\nmod tests {\n}\n";
        vec![
            ("src/event.rs", format!("{}{tests}", "\n".repeat(most + 1))),
            ("src/units.rs", tests.to_owned()),
            ("src/attic.rs", "\n".to_owned()),
        ]
    },
    finds: &[
        ("src/attic.rs", 1, "1 lines in the room `attic`, more than 0"),
        ("src/event.rs", 1, "EVENT"),
    ],
};

pub const LIMIT_ELSEWHERE: Planted = Planted {
    name: "a capacity and a deadline beside their use",
    sources: || {
        texts(&[
            ("src/limits.rs", "pub const CLIENTS_MAX: usize = 8;\n"),
            (
                "src/ops/queue.rs",
                "use crate::limits::CLIENTS_MAX;\nconst QUEUE_MAX: usize = 4;\nconst PAUSE: \
                 Duration = Duration::from_millis(1);\nconst NAMES_MAX: &str = \"x\";\nconst COUNT: \
                 usize = 3;\n#[cfg(test)]\nconst TEST_MAX: usize = 3;\n",
            ),
            ("src/learn/tape.rs", "const STEPS_MAX: usize = 3;\n"),
        ])
    },
    finds: &[
        ("src/ops/queue.rs", 2, "`QUEUE_MAX` bounds a run: it belongs to limits.rs"),
        ("src/ops/queue.rs", 3, "`PAUSE` bounds a run: it belongs to limits.rs"),
    ],
};

pub const DEBUG_OUTPUT: Planted = Planted {
    name: "debug output in a message",
    sources: || {
        texts(&[(
            "src/cli/words.rs",
            "fn f() {\n  let a = format!(\"no run folder: {e:?}\");\n  say(&format!(\"{0:#?} {{x?}} \
             {b}?\", c));\n  assert!(x, \"{x:?}\");\n  json!({\"a\": format!(\"{:>3?}\", c)});\n}\n\
             #[test]\nfn t() { println!(\"{x:?}\"); }\n",
        )])
    },
    finds: &[
        ("src/cli/words.rs", 2, "debug output `{e:?}` in a text for people"),
        ("src/cli/words.rs", 3, "debug output `{0:#?}` in a text for people"),
        ("src/cli/words.rs", 5, "debug output `{:>3?}` in a text for people"),
    ],
};

pub const DEBUG_IN_DISPLAY: Planted = Planted {
    name: "debug output in a Display, not in a Debug",
    sources: || {
        texts(&[(
            "src/units.rs",
            "impl fmt::Display for E {\n  fn fmt(&self, f: F) -> R {\n    write!(f, \"bad: \
             {:?}\", self.0)\n  }\n}\nimpl fmt::Debug for E {\n  fn fmt(&self, f: F) -> R {\n    \
             write!(f, \"{:?}\", self.0)\n  }\n}\n",
        )])
    },
    finds: &[("src/units.rs", 3, "debug output `{:?}` in a text for people")],
};

pub const MUTE_ERROR: Planted = Planted {
    name: "errors that people and other programs cannot read",
    sources: || {
        texts(&[(
            "src/ops/queue.rs",
            "pub enum ReadError {\n  Gone,\n}\nstruct BadName;\nimpl Display for BadName {}\npub \
             enum Fault {}\nimpl std::fmt::Display for Fault {}\nimpl std::error::Error for Fault \
             {}\nstruct Error2;\n#[cfg(test)]\nstruct TestError;\n#[derive(Debug, \
             thiserror::Error)]\nenum DerivedError {\n  #[error(\"gone\")]\n  Gone,\n}\n",
        )])
    },
    finds: &[
        ("src/ops/queue.rs", 1, "`ReadError` is an error without `Display`"),
        ("src/ops/queue.rs", 1, "`ReadError` is an error without `Error`"),
        ("src/ops/queue.rs", 4, "`BadName` is an error without `Error`"),
    ],
};

pub const SETTINGS_IN_STATE: Planted = Planted {
    name: "settings in what a checkpoint writes",
    sources: || {
        texts(&[(
            "src/learn/tape.rs",
            "#[derive(Clone, Serialize)]\npub struct Tape {\n  count: u64,\n  cfg: \
             Option<super::Config>,\n}\n#[derive(Serialize)]\nenum E {\n  A,\n  B(QuoteSettings),\n}\n\
             #[derive(Clone, Deserialize)]\nstruct Plain {\n  cfg: Config,\n}\n#[derive(Serialize)]\n\
             pub struct Config {\n  tape: TapeConfig,\n}\n#[derive(Serialize)]\nstruct Skips {\n  \
             #[serde(skip)]\n  cfg: Config,\n}\n",
        )])
    },
    finds: &[
        ("src/learn/tape.rs", 4, "`Tape` is part of a checkpoint and holds `Config`"),
        ("src/learn/tape.rs", 9, "`E` is part of a checkpoint and holds `QuoteSettings`"),
    ],
};

pub const REFUSED_WORD: Planted = Planted {
    name: "refused words in a name, a type and a comment; not within another word",
    sources: || {
        texts(&[(
            "src/book.rs",
            "// A replay would heed it.\nstruct WasTaught;\nfn taught_by() {}\n// wheedle, untaught\n",
        )])
    },
    finds: &[
        ("src/book.rs", 1, "`heed`: say obey or follow"),
        ("src/book.rs", 2, "`taught`: say trained"),
        ("src/book.rs", 3, "`taught`: say trained"),
    ],
};

pub const MARKS: Planted = Planted {
    name: "left-over marks, also in tests",
    sources: || {
        let todo = ["TO", "DO"].concat();
        vec![(
            "src/book.rs",
            format!(
                "//! x\n// {todo}: later\nfn f() {{}} \n\tfn g() {{}}\n#[cfg(test)]\nmod t {{ }} \n"
            ),
        )]
    },
    finds: &[
        ("src/book.rs", 2, "left-over mark `TODO`"),
        ("src/book.rs", 3, "trailing blanks"),
        ("src/book.rs", 4, "a tab"),
        ("src/book.rs", 6, "trailing blanks"),
    ],
};

pub const PROMISE: Planted = Planted {
    name: "a promise whose test is gone, and one without any",
    sources: || {
        texts(&[
            ("src/book.rs", "#[test]\nfn levels_are_ordered() {}\n"),
            (
                "RELIABILITY.md",
                "# Promises\n| **Order** | x | `levels_are_ordered` |\n| **Loss** | y | \
                 `levels_are_ordered`, `gone` |\n| **Air** | z | none |\n",
            ),
        ])
    },
    finds: &[
        ("RELIABILITY.md", 3, "no test `gone`"),
        ("RELIABILITY.md", 4, "a promise without a test"),
    ],
};

/// A text that depends on a number of the tables.
pub fn filled(text: &str) -> String {
    match text {
        "EVENT" => {
            let most = tables::LINES.iter().find(|(n, _)| *n == "event").map_or(0, |r| r.1);
            format!("{} lines in the room `event`, more than {most}", most + 1)
        }
        _ => text.to_owned(),
    }
}
