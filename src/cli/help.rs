//! `papermaker help [TOPIC]`: pages on what to do and what things mean, and the help of commands.
//!
//! In: a topic or a command. Out: text. Cold path.
//!
//! 1. The pages are the files of `docs/`.

use clap::{Args, Command};

use super::exit::{Failure, Result};
use super::say;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A topic or a command; without one, the list.
    about: Option<String>,
}

/// Topics, what each is, its page.
const TOPICS: &[(&str, &str, &str)] = &[
    (
        "start",
        "would a maker strategy earn on a coin: five steps",
        include_str!("../../docs/start.md"),
    ),
    ("answer", "what the first sentences say", include_str!("../../docs/answer.md")),
    ("report", "the page, its figures, the tables", include_str!("../../docs/report.md")),
    ("glossary", "words", include_str!("../../docs/glossary.md")),
    ("data", "recordings, history of others", include_str!("../../docs/data.md")),
    ("settings", "how to change what it does", include_str!("../../docs/settings.md")),
    ("strategy", "those that ship, and your own", include_str!("../../docs/strategy.md")),
    ("live", "runs on the live feed, services", include_str!("../../docs/live.md")),
    ("faq", "why no fills, and other questions", include_str!("../../docs/faq.md")),
    ("python", "replays, strategies and sweeps from Python", include_str!("../../docs/python.md")),
    ("changes", "why results differ from those of 0.1.0", include_str!("../../docs/changes.md")),
];

/// The list of topics.
pub(super) fn topics() -> String {
    let rows = TOPICS.iter().map(|t| format!("  {:<9} {}\n", t.0, t.1));
    format!("Topics, as in `papermaker help start`:\n{}", rows.collect::<String>())
}

pub(super) fn run(o: &Options, mut program: Command) -> Result {
    let Some(about) = &o.about else {
        say(&program.render_long_help().to_string());
        return Ok(());
    };
    if let Some((_, _, page)) = TOPICS.iter().find(|t| t.0 == about) {
        say(page);
        return Ok(());
    }
    // Its usage says the whole line.
    program.build();
    if let Some(command) = program.find_subcommand_mut(about) {
        say(&command.render_long_help().to_string());
        return Ok(());
    }
    Err(Failure::usage(format!("no topic and no command `{about}`\n{}", topics().trim_end())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::lines::WIDTH;

    #[test]
    fn pages_have_a_title_and_fit_a_terminal() {
        for (name, _, page) in TOPICS {
            assert!(page.starts_with("# "), "{name}");
            let wide = page.lines().find(|l| l.chars().count() > WIDTH);
            assert_eq!(wide, None, "{name}");
        }
    }
}
