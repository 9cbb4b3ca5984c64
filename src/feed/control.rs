//! Lines our own recorder adds between the venue's frames: what the link did.
//!
//! In: the text of a frame. Out: [`Control`]. Cold path but for [`is_ours`], one comparison a message: a
//! live venue that sends the like loses the link, for a replay would take it for the recorder's.

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
}

const HEAD: &[u8] = b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"";
const TAIL: &[u8] = b"\"}}";
const SET_ASIDE: &[u8] =
    b"{\"channel\":\"papermaker\",\"data\":{\"event\":\"set_aside\",\"coin\":\"";

impl Control {
    /// All of them.
    pub const ALL: [Control; 5] =
        [Control::Up, Control::Down, Control::Behind, Control::Drained, Control::Stop];

    /// The event's name in the recording.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Control::Up => "up",
            Control::Down => "down",
            Control::Behind => "behind",
            Control::Drained => "drained",
            Control::Stop => "stop",
        }
    }

    /// The line's text, without its time, as the recorder writes it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Control::Up => "{\"channel\":\"papermaker\",\"data\":{\"event\":\"up\"}}",
            Control::Down => "{\"channel\":\"papermaker\",\"data\":{\"event\":\"down\"}}",
            Control::Behind => "{\"channel\":\"papermaker\",\"data\":{\"event\":\"behind\"}}",
            Control::Drained => "{\"channel\":\"papermaker\",\"data\":{\"event\":\"drained\"}}",
            Control::Stop => "{\"channel\":\"papermaker\",\"data\":{\"event\":\"stop\"}}",
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
            assert_eq!(control(c.text().as_bytes()), Some(c));
            assert!(is_ours(c.text().as_bytes()));
        }
        let line: Vec<u8> = set_aside_line("kPEPE").collect();
        assert_eq!((set_aside(&line), control(&line)), (Some("kPEPE"), None));
        assert!(is_ours(&line) && set_aside(Control::Up.text().as_bytes()).is_none());
        for text in ["", "{\"channel\":\"pong\"}", &Control::Up.text().replace("up", "upside")] {
            assert_eq!(control(text.as_bytes()), None);
        }
    }
}
