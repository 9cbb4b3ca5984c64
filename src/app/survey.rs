//! Passes over a recording before its replay: its coins, wherever they first appear, the unit of its
//! stamps, and what it is fit for.
//!
//! In: a recording. Out: [`Survey`], [`Fitness`]. Cold path.
//!
//! 1. Frames are searched for names and sizes, not decoded: a fifth of what a replay costs.
//! 2. What holds for a few lines holds for none: stamps are in another unit where most of the first
//!    ones say so.

use std::path::Path;

use memchr::memmem;

use super::events::{self, is_events};
use super::lines::Lines;
use super::source::{Item, Source};
use crate::feed::meta::Finder;
use crate::feed::{CoinSpec, Parser, SIMULATED, imported, is_perpetual};
use crate::folder::fitness::{Fitness, Judge};
use crate::folder::recording::{Fault, Reader, RecordingError, Tail, Unit};
use crate::limits::{MESSAGE_SILENCE_NS, UNIT_OFF_NS};
use crate::units::Ns;

/// Lines with a block time that are asked for the unit of their stamps.
const ASKED: u32 = 64;

/// What a recording holds.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Its perpetuals, in order of appearance, with the most decimals of their sizes.
    pub coins: Vec<CoinSpec>,
    /// Coins of other kinds, spot and outcomes, which are not simulated.
    pub others: Vec<CoinSpec>,
    /// Stamp of the first line.
    pub from: Ns,
    /// Stamp of the last line.
    pub to: Ns,
}

/// Goes once through a recording, or looks at the head of a file of events.
///
/// # Errors
/// The recording cannot be read, or its stamps are no nanoseconds.
pub fn survey(path: &Path) -> Result<Survey, RecordingError> {
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return Err(RecordingError { line: 0, fault: Fault::Pipe });
    }
    if is_events(path) {
        let coins = events::Reader::open(path)?.coins().to_vec();
        return Ok(Survey { coins, ..Survey::default() });
    }
    let mut reader = Reader::open(path)?;
    let (mut finder, mut units, time) = (Finder::default(), Units::default(), block_time());
    let mut seen = Survey::default();
    let (mut first, mut before, mut set_back) = (None, None, 0);
    while let Some(line) = reader.step()? {
        (seen.from, seen.to) = (*first.get_or_insert(line.at), line.at);
        finder.take(line.bytes());
        let Some(block) = time(line.bytes()) else { continue };
        let number = line.number;
        units.take(number, line.at, block);
        let back = before.replace(block).is_some_and(|b| b.since(block) > MESSAGE_SILENCE_NS);
        // Stamps that went back are a clock that was set, unless blocks went with them.
        if std::mem::replace(&mut set_back, reader.left_out().set_back) < set_back && back {
            return Err(RecordingError { line: number, fault: Fault::Back });
        }
    }
    units.verdict()?;
    (seen.coins, seen.others) = finder.coins().into_iter().partition(|c| is_perpetual(&c.name));
    Ok(seen)
}

/// Goes through a recording with a feed alone, and judges what it is fit for; `None` of a file of
/// events, whose messages were read already.
///
/// # Errors
/// The recording cannot be read, or its coins cannot be followed.
pub fn fitness(path: &Path, coins: &[CoinSpec]) -> Result<Option<Fitness>, RecordingError> {
    if is_events(path) {
        return Ok(None);
    }
    let mut reader = Reader::open(path)?;
    let bad = |_| RecordingError { line: 0, fault: Fault::Coins };
    let mut source = Source::new(Parser::default(), coins, 0).map_err(bad)?;
    let mut judge = Judge::new(coins.len());
    let mut lines = Lines::default();
    let (mut unknown, mut simulated) = (None, false);
    while let Some(line) = reader.step()? {
        if unknown.is_none() {
            unknown = imported(line.bytes()).map(str::to_owned);
        }
        simulated |= line.bytes() == SIMULATED;
        lines.read(line.at, line.bytes(), |at, signal| {
            source.take(at, signal, &mut |_, item| {
                if let Item::Event(event) = item {
                    judge.take(at, &event);
                }
            });
        });
    }
    let seen = lines.seen();
    let fitness = judge.end(coins, (seen.from, seen.to), &source.feed().counters());
    let (tail, lines) = (reader.tail(), reader.left_out());
    let tail = (tail != Tail::Whole).then(|| tail.to_string());
    let lines = (lines.lines() + lines.files > 0).then(|| lines.to_string());
    let left_out: Vec<String> = tail.into_iter().chain(lines).collect();
    let left_out = (!left_out.is_empty()).then(|| left_out.join("; "));
    Ok(Some(Fitness { imported: unknown, simulated, left_out, ..fitness }))
}

/// Asks the first lines with a block time which unit their stamps are in.
#[derive(Debug, Default)]
struct Units {
    asked: u32,
    votes: [u32; Unit::ALL.len()],
    /// Number of the first line that was asked.
    line: u64,
}

impl Units {
    fn take(&mut self, number: u64, at: Ns, block: Ns) {
        if self.asked == ASKED {
            return;
        }
        if self.asked == 0 {
            self.line = number;
        }
        self.asked += 1;
        for (votes, unit) in self.votes.iter_mut().zip(Unit::ALL) {
            let scaled = at.0.saturating_mul(unit.ns);
            *votes += u32::from(Ns(scaled).since(block).saturating_abs() < UNIT_OFF_NS);
        }
    }

    fn verdict(&self) -> Result<(), RecordingError> {
        let unit = Unit::ALL.into_iter().zip(self.votes).find(|(_, n)| n * 2 > self.asked);
        match unit {
            Some((unit, _)) => Err(RecordingError { line: self.line, fault: Fault::Unit(unit) }),
            None => Ok(()),
        }
    }
}

/// Finds the block time of a book or of best prices, by its first key `time`.
fn block_time() -> impl Fn(&[u8]) -> Option<Ns> {
    let [bbo, book, time] = ["\"bbo\"", "\"l2Book\"", "\"time\":"].map(memmem::Finder::new);
    move |frame| {
        if bbo.find(frame).is_none() && book.find(frame).is_none() {
            return None;
        }
        let rest = &frame[time.find(frame)? + time.needle().len()..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let ms: i64 = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        Some(Ns::from_ms(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::coin_line;
    use crate::units::rules::Billing;

    fn of(lines: &[String]) -> Result<Survey, RecordingError> {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("survey-{}-{n}", std::process::id()));
        std::fs::write(&path, lines.concat()).expect("written");
        let seen = survey(&path);
        std::fs::remove_file(&path).expect("there");
        seen
    }

    fn bbo(at: i64, coin: &str, sz: &str) -> String {
        let ms = 1_790_000_000_000i64;
        format!(
            "{at} {{\"channel\":\"bbo\",\"data\":{{\"coin\":\"{coin}\",\"time\":{ms},\"bbo\":[\
             {{\"px\":\"1.0\",\"sz\":\"{sz}\",\"n\":1}},null]}}}}\n"
        )
    }

    const NOW: i64 = 1_790_000_000_050_000_000;

    #[test]
    fn coins_and_decimals_are_found_wherever_they_appear_and_only_perpetuals() {
        let mut lines = vec![bbo(NOW, "ETH", "1.0"); 6_000];
        let late = [bbo(NOW + 7, "ETH", "1.00001"), bbo(NOW + 8, "SOLX", "1.25")];
        lines.extend(late);
        lines.push(bbo(NOW + 9, "@107", "1.0"));
        let seen = of(&lines).expect("readable");
        let coins: Vec<_> = seen.coins.iter().map(|c| (c.name.as_str(), c.sz_decimals)).collect();
        assert_eq!(coins, [("ETH", 5), ("SOLX", 2)]);
        assert_eq!(seen.others.len(), 1);
        assert_eq!((seen.from, seen.to), (Ns(NOW), Ns(NOW + 9)));
    }

    #[test]
    fn what_the_venues_list_said_goes_before_what_the_sizes_show() {
        let billing = Billing::Builder { scale_e4: 20_000, growth: false };
        let spec = CoinSpec { billing, ..CoinSpec::new("xyz:TSLA", 3).expect("a coin") };
        let listed = format!("{NOW} {}\n", String::from_utf8_lossy(&coin_line(&spec, 0)));
        let frames = || vec![bbo(NOW, "xyz:TSLA", "1.25"); 3];
        let seen = of(&[vec![listed.clone(), listed], frames()].concat()).expect("readable");
        assert_eq!(seen.coins, [spec]);
        let guess = of(&frames()).expect("readable").coins;
        assert_eq!(guess, [CoinSpec::new("xyz:TSLA", 2).expect("a coin")]);
    }

    #[test]
    fn stamps_in_another_unit_are_named_and_a_clock_that_is_off_is_not_taken_for_one() {
        for unit in Unit::ALL {
            let lines = vec![bbo(NOW / unit.ns, "ETH", "1.0"); 5];
            let want = RecordingError { line: 1, fault: Fault::Unit(unit) };
            assert_eq!(of(&lines).expect_err(unit.name), want);
        }
        for at in [NOW, NOW + 400 * 24 * Ns::HOUR, 1_000 * Ns::SEC] {
            assert!(of(&vec![bbo(at, "ETH", "1.0"); 5]).is_ok(), "{at}");
        }
    }
}
