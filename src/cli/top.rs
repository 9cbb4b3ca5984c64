//! `papermaker top [RUN|ADDR]`: the view of a running engine, from another terminal.
//!
//! In: the socket in a run's folder, or the address of `--metrics`. Out: a terminal. Cold path.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Failure, Result};
use super::watch::{Viewer, Way};
use super::{Common, say};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::folder::{RunFolder, by_age};
use crate::limits::LOOK;
use crate::ops::health;
use crate::ops::serve::{self, Target};
use crate::ops::snapshot::{Snapshot, Unreadable};
use crate::view::screen::{Choice, Trend, draw};

/// Looks at the keys between two questions to the engine.
const QUESTION: u32 = 4;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run folder, or `host:port` of `--metrics`; default: the newest run that is running.
    #[arg(value_name = "RUN|ADDR")]
    target: Option<PathBuf>,
    /// Print one picture and end; so it is also where standard output is no terminal.
    #[arg(long)]
    once: bool,
    /// Print `ok`, or what is wrong with exit code 1: for supervisors.
    #[arg(long)]
    health: bool,
}

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    let target = match &o.target {
        Some(path) => path.to_str().map_or_else(|| Target::Folder(path.clone()), target),
        None => newest(Path::new(&config.run.folder))?,
    };
    let text = serve::ask(&target).map_err(|e| nobody(&target, &e))?;
    if o.health {
        let verdict = health::judge(&read(&text)?);
        say(&verdict.text());
        return if verdict.is_ok() { Ok(()) } else { Err(Failure::check("degraded")) };
    }
    if common.json {
        say(&format!("{text}\n"));
        return Ok(());
    }
    let first = read(&text)?;
    if o.once || Way::of(false, false) != Way::Screen {
        let (width, height) = crate::sys::terminal::size();
        say(&draw(&first, &Trend::default(), &Choice::default(), width, height).text());
        return Ok(());
    }
    watch(&target, first)
}

fn watch(target: &Target, first: Snapshot) -> Result {
    let gone = |e: io::Error| Failure::internal(format!("the terminal: {e}"));
    let mut viewer = Viewer::new("leave, the run goes on", true).map_err(gone)?;
    let mut newest = first;
    let mut looks = 0u32;
    loop {
        viewer.show(&newest).map_err(gone)?;
        std::thread::sleep(LOOK);
        looks = looks.wrapping_add(1);
        if viewer.keys() {
            return Ok(());
        }
        if newest.status.ended {
            break;
        }
        if looks.is_multiple_of(QUESTION) {
            match serve::ask(target) {
                Ok(text) => newest = read(&text)?,
                Err(_) => break,
            }
        }
    }
    drop(viewer);
    say(&format!("{} has ended; see `papermaker report`\n", newest.session.run));
    Ok(())
}

fn target(text: &str) -> Target {
    let path = Path::new(text);
    if path.is_dir() {
        return Target::Folder(path.into());
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.file_name() == RunFolder::at(folder).socket().file_name() {
        return Target::Folder(folder.into());
    }
    let addr = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let is_addr = addr.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if is_addr { Target::Addr(addr.into()) } else { Target::Folder(path.into()) }
}

/// The folder with the newest socket that somebody answers on.
fn newest(runs: &Path) -> Result<Target> {
    let found = by_age(runs, RunFolder::socket).into_iter().rev();
    let mut answering = found.map(|run| Target::Folder(run.path().to_path_buf()));
    answering.find(|t| serve::ask(t).is_ok()).ok_or_else(|| {
        Failure::input(format!(
            "no engine is running under {}; start one with `papermaker run`, or name its folder \
             or the address of its --metrics",
            runs.display()
        ))
    })
}

fn nobody(target: &Target, e: &io::Error) -> Failure {
    let text = match target {
        Target::Folder(path) if !path.is_dir() => format!("no run folder {}", path.display()),
        Target::Folder(path) if e.kind() == io::ErrorKind::NotFound => format!(
            "no engine is running in {}; `papermaker report` shows what a finished run holds",
            path.display()
        ),
        Target::Folder(path) => format!("no engine answers in {}: {e}", path.display()),
        Target::Addr(addr) => format!("no engine answers at {addr}: {e}; see `run --metrics`"),
    };
    Failure::input(text)
}

fn read(text: &str) -> Result<Snapshot> {
    Snapshot::read(text).map_err(|e| {
        Failure::input(match e {
            Unreadable::Version(v) => {
                format!("the engine is papermaker {v}, whose records this one does not know")
            }
            Unreadable::Shape(why) => format!("what answers is no papermaker: {why}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_folder_or_an_address() {
        let folder = |p: &str| Target::Folder(p.into());
        assert_eq!(target("src"), folder("src"));
        assert_eq!(target("runs/a/status.sock"), folder("runs/a"));
        assert_eq!(target("127.0.0.1:9464"), Target::Addr("127.0.0.1:9464".into()));
        assert_eq!(target("http://host:9464/"), Target::Addr("host:9464".into()));
        assert_eq!(target("runs/none"), folder("runs/none"));
    }

    #[test]
    fn nobody_there_is_one_clear_line() {
        let e = newest(Path::new("src")).unwrap_err();
        assert!(e.text.contains("start one with `papermaker run`"), "{e}");
        let missing = io::Error::from(io::ErrorKind::NotFound);
        assert!(
            nobody(&Target::Folder("src".into()), &missing).text.contains("no engine is running")
        );
    }
}
