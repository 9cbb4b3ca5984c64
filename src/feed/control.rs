//! Lines our own recorder adds between the venue's frames: what the link did.
//!
//! In: the text of a frame. Out: [`Control`]. Cold path but for [`is_ours`], one comparison a message: a
//! live venue that sends the like loses the link, for a replay would take it for the recorder's.

use serde::{Deserialize, Serialize};

use super::coins::CoinSpec;
use crate::units::rules::Billing;

/// The beginning of a line of our own.
macro_rules! ours {
    ($( $event:literal ),*) => {
        concat!("{\"channel\":\"papermaker\",\"data\":{\"event\":\"", $( $event ),*).as_bytes()
    };
}

/// What happened, with the event's name in the recording.
macro_rules! controls {
    ($( $variant:ident / $name:literal : $sentence:literal ),* $(,)?) => {
        /// What a control line says happened here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Control { $( #[doc = $sentence] $variant ),* }

        impl Control {
            /// All of them.
            pub const ALL: &'static [Control] = &[ $( Control::$variant ),* ];

            /// The event's name in the recording.
            pub fn name(self) -> &'static str {
                match self { $( Control::$variant => $name ),* }
            }

            /// The line, without its time, as the recorder writes it; of a run of several connections,
            /// the first.
            pub fn line(self) -> &'static [u8] {
                match self { $( Control::$variant => ours!($name, "\"}}") ),* }
            }
        }
    };
}

controls! {
    Up / "up" : "The link came up; the subscriptions follow.",
    Down / "down" : "The link went down.",
    Behind / "behind" : "The logging thread fell behind: quotes were withdrawn.",
    Drained / "drained" : "The logging thread caught up.",
    Stop / "stop" : "The run was stopped.",
    Still / "still" : "The last turn before the run stood still, as where the machine slept.",
    Ping / "ping" : "A ping was sent.",
    From / "from" : "The next messages that name no coin came over this connection.",
    Hole / "hole" : "A file of the run is missing here, as whoever reads its files says.",
}

const HEAD: &[u8] = ours!("");
const LOST: &[u8] = ours!("lost\",\"frames\":");
const TAIL: &[u8] = b"\"}}";
const SOCKET: &[u8] = b"\",\"socket\":";
const IMPORT: &[u8] = ours!("import\",\"unknown\":\"");
/// The line at the head of a recording of a simulated market.
pub const SIMULATED: &[u8] = ours!("simulated\"}}");
const SET_ASIDE: &[u8] = ours!("set_aside\",\"coin\":\"");
const TAKEN_BACK: &[u8] = ours!("taken_back\",\"coin\":\"");
const COIN: &[u8] = ours!("coin\",");

impl Control {
    /// The line of one of a run's connections, 0 to 9.
    pub fn line_of(self, socket: u8) -> impl Iterator<Item = u8> {
        let line = self.line();
        let (head, tail) = line.split_at(if socket == 0 { line.len() } else { line.len() - 3 });
        let socket = (socket > 0).then_some(b'0' + socket % 10);
        let number = socket.into_iter().flat_map(|n| SOCKET.iter().copied().chain([n]));
        head.iter()
            .copied()
            .chain(number)
            .chain(tail.iter().copied().skip(usize::from(!tail.is_empty())))
    }
}

/// The line that says that a coin was set aside, its subscription ending links, or is tried again.
pub fn aside_line(coin: &str, aside: bool) -> impl Iterator<Item = u8> {
    let head = if aside { SET_ASIDE } else { TAKEN_BACK };
    head.iter().chain(coin.as_bytes()).chain(TAIL).copied()
}

/// The coin that `frame` says was set aside (`true`) or is tried again; `None`: another line.
pub fn set_aside(frame: &[u8]) -> Option<(&str, bool)> {
    let of = |head, aside| Some((frame.strip_prefix(head)?, aside));
    let (coin, aside) = of(SET_ASIDE, true).or_else(|| of(TAKEN_BACK, false))?;
    Some((std::str::from_utf8(coin.strip_suffix(TAIL)?).ok()?, aside))
}

/// What a recording says of a coin that it holds: what the venue's list said when it was made.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    event: &'a str,
    coin: &'a str,
    sz_decimals: u8,
    fees: Billing,
    /// Connection of the run that it is followed on.
    #[serde(default, skip_serializing_if = "is_first")]
    socket: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde has it")]
fn is_first(socket: &u8) -> bool {
    *socket == 0
}

/// A line of a recording, as far as it is ours.
#[derive(Serialize, Deserialize)]
struct Ours<'a> {
    channel: &'a str,
    #[serde(borrow)]
    data: Listed<'a>,
}

/// The line that says what the venue's list says of a coin: a replay's ticks, lots and fees are then
/// the live run's, not guessed from the sizes in the frames. And over which of its connections it comes.
pub fn coin_line(spec: &CoinSpec, socket: u8) -> Vec<u8> {
    let CoinSpec { name, sz_decimals, billing } = spec;
    let (coin, sz_decimals, fees) = (name.as_str(), *sz_decimals, *billing);
    let data = Listed { event: "coin", coin, sz_decimals, fees, socket };
    serde_json::to_vec(&Ours { channel: "papermaker", data }).unwrap_or_default()
}

/// Whether `frame` begins as a line of [`coin_line`].
pub fn is_coin(frame: &[u8]) -> bool {
    frame.starts_with(COIN)
}

/// The coin that `frame` tells of, and its connection; `None`: it is another line, or says what cannot be.
pub fn listed(frame: &[u8]) -> Option<(CoinSpec, u8)> {
    if !is_coin(frame) {
        return None;
    }
    let Ours { data, .. } = serde_json::from_slice(frame).ok()?;
    let spec = CoinSpec::new(data.coin, data.sz_decimals).ok()?;
    Some((CoinSpec { billing: data.fees, ..spec }, data.socket))
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

/// What `frame` says that the sources of an import do not say; `None`: another line.
pub fn imported(frame: &[u8]) -> Option<&str> {
    std::str::from_utf8(frame.strip_prefix(IMPORT)?.strip_suffix(TAIL)?).ok()
}

/// How many frames the line `frame` says are missing; `None`: it is another line.
pub fn lost_frames(frame: &[u8]) -> Option<u64> {
    let count = frame.strip_prefix(LOST)?.strip_suffix(b"}}")?;
    std::str::from_utf8(count).ok()?.parse().ok()
}

/// Whether `frame` begins as the recorder's own lines do, that of lost frames included.
pub fn is_ours(frame: &[u8]) -> bool {
    frame.starts_with(HEAD)
}

/// The control line `frame` is, if it is one, and the connection it is of.
pub fn control(frame: &[u8]) -> Option<(Control, u8)> {
    let rest = frame.strip_prefix(HEAD)?;
    let (event, tail) = rest.split_at(rest.iter().position(|b| *b == b'"')?);
    let socket = match tail.strip_prefix(SOCKET) {
        Some([n @ b'0'..=b'9', b'}', b'}']) => n - b'0',
        None if tail == TAIL => 0,
        _ => return None,
    };
    Control::ALL.iter().find(|c| c.name().as_bytes() == event).map(|c| (*c, socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_lines_read_back() {
        for &c in Control::ALL {
            assert_eq!(control(c.line()), Some((c, 0)));
            assert!(is_ours(c.line()));
            for socket in 0..10 {
                let line: Vec<u8> = c.line_of(socket).collect();
                assert_eq!(control(&line), Some((c, socket)), "{}", line.escape_ascii());
            }
        }
        for aside in [true, false] {
            let line: Vec<u8> = aside_line("kPEPE", aside).collect();
            assert_eq!((set_aside(&line), control(&line)), (Some(("kPEPE", aside)), None));
            assert!(is_ours(&line) && set_aside(Control::Up.line()).is_none());
        }
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
            let line = coin_line(&spec, 0);
            assert!(is_ours(&line) && listed(&line) == Some((spec, 0)) && control(&line).is_none());
            assert_eq!(listed(&coin_line(&spec, 7)), Some((spec, 7)));
            let wrong = String::from_utf8_lossy(&line).replace(":3,", ":33,");
            assert!(is_coin(wrong.as_bytes()) && listed(wrong.as_bytes()).is_none());
        }
        assert!(
            imported(&lost).is_none() && control(&head).is_none() && set_aside(&head).is_none()
        );
    }
}
