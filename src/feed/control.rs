//! Lines our own recorder adds between the venue's frames: what the link did.
//!
//! In: the text of a frame. Out: [`Control`]. Cold path but for [`is_ours`], one comparison a message: a
//! live venue that sends the like loses the link, for a replay would take it for the recorder's.

use serde::{Deserialize, Serialize};

use super::coins::CoinSpec;
use crate::units::rules::Billing;

/// What a control line says happened here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The link came up; the subscriptions follow.
    Up,
    /// The link went down.
    Down,
    /// The logging thread fell behind: quotes were withdrawn.
    Behind,
    /// The logging thread caught up.
    Drained,
    /// The run was stopped.
    Stop,
    /// A ping was sent.
    Ping,
}

const HEAD: &[u8] = b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"";
const LOST: &[u8] = b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"lost\",\"frames\":";
const TAIL: &[u8] = b"\"}}";
const IMPORT: &[u8] = b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"import\",\"unknown\":\"";
/// The line at the head of a recording of a simulated market.
pub const SIMULATED: &[u8] = b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"simulated\"}}";
const SET_ASIDE: &[u8] =
    b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"set_aside\",\"coin\":\"";
const TAKEN_BACK: &[u8] =
    b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"taken_back\",\"coin\":\"";

impl Control {
    /// All of them.
    pub const ALL: [Control; 6] = [
        Control::Up,
        Control::Down,
        Control::Behind,
        Control::Drained,
        Control::Stop,
        Control::Ping,
    ];

    /// The event's name in the recording.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Control::Up => "up",
            Control::Down => "down",
            Control::Behind => "behind",
            Control::Drained => "drained",
            Control::Stop => "stop",
            Control::Ping => "ping",
        }
    }

    /// The line, without its time, as the recorder writes it.
    #[must_use]
    pub fn line(self) -> &'static [u8] {
        match self {
            Control::Up => b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"up\"}}",
            Control::Down => b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"down\"}}",
            Control::Behind => b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"behind\"}}",
            Control::Drained => b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"drained\"}}",
            Control::Stop => b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"stop\"}}",
            Control::Ping => b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"ping\"}}",
        }
    }
}

/// The line that says that a coin was set aside: its subscription ended link after link.
pub fn set_aside_line(coin: &str) -> impl Iterator<Item = u8> {
    SET_ASIDE.iter().chain(coin.as_bytes()).chain(TAIL).copied()
}

/// The name of the coin that `frame` says was set aside; `None`: it is another line.
#[must_use]
pub fn set_aside(frame: &[u8]) -> Option<&str> {
    std::str::from_utf8(frame.strip_prefix(SET_ASIDE)?.strip_suffix(TAIL)?).ok()
}

/// The line that says that a coin set aside is tried again.
pub fn taken_back_line(coin: &str) -> impl Iterator<Item = u8> {
    TAKEN_BACK.iter().chain(coin.as_bytes()).chain(TAIL).copied()
}

/// The name of the coin that `frame` says is tried again; `None`: it is another line.
#[must_use]
pub fn is_taken_back(frame: &[u8]) -> Option<&str> {
    std::str::from_utf8(frame.strip_prefix(TAKEN_BACK)?.strip_suffix(TAIL)?).ok()
}

/// What a recording says of a coin that it holds: what the venue's list said when it was made.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    event: &'a str,
    coin: &'a str,
    sz_decimals: u8,
    fees: Billing,
}

/// A line of a recording, as far as it is ours.
#[derive(Serialize, Deserialize)]
struct Ours<'a> {
    channel: &'a str,
    #[serde(borrow)]
    data: Listed<'a>,
}

const COIN: &[u8] = b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"coin\",";

/// The line that says what the venue's list says of a coin: a replay's ticks, lots and fees are then
/// the live run's, not guessed from the sizes in the frames.
#[must_use]
pub fn coin_line(spec: &CoinSpec) -> Vec<u8> {
    let CoinSpec { name, sz_decimals, billing } = spec;
    let data =
        Listed { event: "coin", coin: name.as_str(), sz_decimals: *sz_decimals, fees: *billing };
    serde_json::to_vec(&Ours { channel: "papermaker", data }).unwrap_or_default()
}

/// Whether `frame` begins as a line of [`coin_line`].
#[must_use]
pub fn is_coin(frame: &[u8]) -> bool {
    frame.starts_with(COIN)
}

/// The coin that `frame` tells of; `None`: it is another line, or says what cannot be.
#[must_use]
pub fn listed(frame: &[u8]) -> Option<CoinSpec> {
    if !is_coin(frame) {
        return None;
    }
    let Ours { data, .. } = serde_json::from_slice(frame).ok()?;
    let spec = CoinSpec::new(data.coin, data.sz_decimals).ok()?;
    Some(CoinSpec { billing: data.fees, ..spec })
}

/// The line that says that so many frames are missing here: the disk fell behind.
pub fn lost_line(frames: u64) -> impl Iterator<Item = u8> {
    LOST.iter().copied().chain(frames.to_string().into_bytes()).chain(*b"}}")
}

/// The line at the head of an imported recording: what its sources do not say.
pub fn import_line(unknown: &str) -> impl Iterator<Item = u8> {
    let plain = |b: &u8| if matches!(b, b'"' | b'\\' | 0..b' ') { b' ' } else { *b };
    IMPORT.iter().copied().chain(unknown.as_bytes().iter().map(plain)).chain(TAIL.iter().copied())
}

/// What the line `frame` says that the sources of an imported recording do not say; `None`: it is
/// another line.
#[must_use]
pub fn imported(frame: &[u8]) -> Option<&str> {
    std::str::from_utf8(frame.strip_prefix(IMPORT)?.strip_suffix(TAIL)?).ok()
}

/// How many frames the line `frame` says are missing; `None`: it is another line.
#[must_use]
pub fn lost_frames(frame: &[u8]) -> Option<u64> {
    let count = frame.strip_prefix(LOST)?.strip_suffix(b"}}")?;
    std::str::from_utf8(count).ok()?.parse().ok()
}

/// Whether `frame` begins as the recorder's own lines do, that of lost frames included.
#[must_use]
pub fn is_ours(frame: &[u8]) -> bool {
    frame.starts_with(HEAD)
}

/// The control line `frame` is, if it is one.
#[must_use]
pub fn control(frame: &[u8]) -> Option<Control> {
    let event = frame.strip_prefix(HEAD)?.strip_suffix(TAIL)?;
    Control::ALL.into_iter().find(|c| c.name().as_bytes() == event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_lines_read_back() {
        for c in Control::ALL {
            assert_eq!(control(c.line()), Some(c));
            assert!(is_ours(c.line()));
        }
        let line: Vec<u8> = set_aside_line("kPEPE").collect();
        assert_eq!((set_aside(&line), control(&line)), (Some("kPEPE"), None));
        let back: Vec<u8> = taken_back_line("kPEPE").collect();
        assert_eq!((is_taken_back(&back), set_aside(&back)), (Some("kPEPE"), None));
        assert!(is_ours(&back) && control(&back).is_none() && is_taken_back(&line).is_none());
        assert!(is_ours(&line) && set_aside(Control::Up.line()).is_none());
        let upside: Vec<u8> = [HEAD, b"upside", TAIL].concat();
        for line in ["".as_bytes(), b"{\"channel\":\"pong\"}", &upside] {
            assert_eq!(control(line), None);
        }
        let lost: Vec<u8> = lost_line(12).collect();
        assert_eq!(lost, br#"{"channel":"papermaker","data":{"event":"lost","frames":12}}"#);
        assert!(is_ours(&lost) && lost_frames(&lost) == Some(12) && control(&lost).is_none());
        assert_eq!(lost_frames(Control::Up.line()), None);
        let head: Vec<u8> = import_line("no \"trades\"").collect();
        assert!(is_ours(&head) && imported(&head) == Some("no  trades "));
        let terms = Billing::Builder { scale_e4: 20_000, growth: true };
        let plain = CoinSpec::new("xyz:TSLA", 3).expect("a coin");
        for spec in [plain, CoinSpec { billing: terms, ..plain }] {
            let line = coin_line(&spec);
            assert!(is_ours(&line) && listed(&line) == Some(spec) && control(&line).is_none());
            let wrong = String::from_utf8_lossy(&line).replace(":3,", ":33,");
            assert!(is_coin(wrong.as_bytes()) && listed(wrong.as_bytes()).is_none());
        }
        assert!(
            imported(&lost).is_none() && control(&head).is_none() && set_aside(&head).is_none()
        );
    }
}
