//! WebSocket frames and whole conversations, fed in every division and held against a naive reading.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws of a header:
//! 1. What is read and written again is what was there; no prefix of it is a header or a violation.
//! 2. A violation is seen at the first byte that makes it, and stays whatever follows.
//!
//! Laws of a conversation:
//! 3. Any division of the same bytes gives the same messages, violations, answers and state.
//! 4. They are those of a reader that keeps everything and takes the RFC word by word.
//! 5. At most one violation, nothing after it or after a close; what is sent is sound.

use super::bytes::Bytes;
use crate::ws::conn::{Conn, Message, Sizes, State};
use crate::ws::frame::{self, HEADER_MAX, Header, Opcode, Role, Violation};
use crate::ws::server::{FromClient, ServerConn};

/// A connection of little memory, so that its limits are met.
pub const SMALL: Sizes = Sizes { receive: 0, message: 600, fragments: 5, send: 0 };

/// A message, or the end, as owned by tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// A pong.
    Pong,
    /// The server's close: code and reason.
    Close(u16, String),
    /// A violation.
    Violation(Violation),
}

/// A server's frame as bytes.
///
/// # Panics
/// If the opcode is reserved.
#[must_use]
pub fn frame(fin: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut head = [0; HEADER_MAX];
    let opcode = Opcode::from_bits(opcode).expect("an opcode");
    let header = Header { fin, opcode, mask: None, len: payload.len() as u64 };
    let size = header.encode(&mut head);
    [&head[..size], payload].concat()
}

/// Feeds `bytes` in the given pieces (then the rest at once), polling after each.
///
/// # Panics
/// If the connection has no space though everything was polled.
pub fn feed(conn: &mut Conn, bytes: &[u8], pieces: &[usize]) -> Vec<Said> {
    let mut said = Vec::new();
    let mut rest = bytes;
    let mut pieces = pieces.iter();
    while !rest.is_empty() {
        let piece = pieces.next().copied().unwrap_or(rest.len()).clamp(1, rest.len());
        let (mut now, later) = rest.split_at(piece);
        rest = later;
        while !now.is_empty() {
            let space = conn.space();
            assert!(!space.is_empty(), "space after polling everything");
            let n = space.len().min(now.len());
            space[..n].copy_from_slice(&now[..n]);
            conn.filled(n);
            now = &now[n..];
            drain(conn, &mut said);
        }
    }
    said
}

fn drain(conn: &mut Conn, said: &mut Vec<Said>) {
    loop {
        said.push(match conn.poll() {
            Ok(None) => return,
            Ok(Some(Message::Text(t))) => {
                Said::Text(std::str::from_utf8(t).expect("checked").to_owned())
            }
            Ok(Some(Message::Binary(bytes))) => Said::Binary(bytes.to_vec()),
            Ok(Some(Message::Pong)) => Said::Pong,
            Ok(Some(Message::Close { code, reason })) => Said::Close(code, reason.to_owned()),
            Err(violation) => Said::Violation(violation),
        });
    }
}

/// What the server understands of the bytes to be sent, all taken at once.
///
/// # Panics
/// If the client broke the protocol.
pub fn answers(conn: &mut Conn) -> Vec<FromClient> {
    let mut server = ServerConn::default();
    while !conn.to_send().is_empty() {
        server.push(conn.to_send());
        let n = conn.to_send().len();
        conn.sent(n);
    }
    std::iter::from_fn(|| server.poll().expect("sound frames of the client")).collect()
}

/// A message being put together by [`read`].
struct Open {
    text: bool,
    bytes: Vec<u8>,
    frames: u32,
}

/// Reads a server's bytes naively: everything said up to the end of `bytes`.
fn read(bytes: &[u8], sizes: Sizes) -> Vec<Said> {
    let (mut said, mut open, mut rest) = (Vec::new(), None, bytes);
    loop {
        match read_frame(&mut rest, &mut open, sizes) {
            Ok(None) => return said,
            Ok(Some(None)) => {}
            Ok(Some(Some(message))) => {
                let end = matches!(message, Said::Close(..));
                said.push(message);
                if end {
                    return said;
                }
            }
            Err(violation) => {
                said.push(Said::Violation(violation));
                return said;
            }
        }
    }
}

/// One frame: `None` while it is not whole, else the message it ends, if it ends one.
fn read_frame(
    rest: &mut &[u8],
    open: &mut Option<Open>,
    sizes: Sizes,
) -> Result<Option<Option<Said>>, Violation> {
    let Some((h, size)) = Header::parse(rest, Role::Server)? else { return Ok(None) };
    let len = usize::try_from(h.len).unwrap_or(usize::MAX);
    let body = &rest[size..];
    let part = &body[..len.min(body.len())];
    if h.opcode.is_control() {
        if part.len() < len {
            return Ok(None);
        }
        *rest = &body[len..];
        return Ok(Some(match h.opcode {
            Opcode::Close => {
                let (code, reason) = frame::close_body(part)?;
                Some(Said::Close(code, reason.to_owned()))
            }
            Opcode::Ping => None,
            _ => Some(Said::Pong),
        }));
    }
    if h.opcode == Opcode::Continuation {
        open.as_mut().ok_or(Violation::LoneContinuation)?.frames += 1;
    } else if open.is_some() {
        return Err(Violation::InterleavedData);
    } else {
        *open = Some(Open { text: h.opcode == Opcode::Text, bytes: Vec::new(), frames: 1 });
    }
    let Some(m) = open.as_mut() else { return Ok(None) };
    if m.frames > sizes.fragments {
        return Err(Violation::TooManyFragments);
    }
    if len > sizes.message - m.bytes.len() {
        return Err(Violation::TooLarge);
    }
    m.bytes.extend_from_slice(part);
    let last = h.fin && part.len() == len;
    if m.text
        && let Err(e) = std::str::from_utf8(&m.bytes)
        && (last || e.error_len().is_some())
    {
        return Err(Violation::InvalidUtf8);
    }
    if part.len() < len {
        return Ok(None);
    }
    *rest = &body[len..];
    if !last {
        return Ok(Some(None));
    }
    let Some(m) = open.take() else { return Ok(None) };
    Ok(Some(Some(match String::from_utf8(m.bytes) {
        Ok(text) if m.text => Said::Text(text),
        Ok(text) => Said::Binary(text.into_bytes()),
        Err(e) => Said::Binary(e.into_bytes()),
    })))
}

/// Puts `bytes` through the header's laws, as sent by either end.
///
/// # Panics
/// When a law breaks.
pub fn header(bytes: &[u8]) {
    for sender in [Role::Server, Role::Client] {
        let whole = Header::parse(bytes, sender);
        let mut first = None;
        for n in 0..=bytes.len().min(HEADER_MAX + 1) {
            let part = Header::parse(&bytes[..n], sender);
            if part != Ok(None) && first.is_none() {
                first = Some(n);
            }
            assert_eq!(part, if first.is_some() { whole } else { Ok(None) }, "{n} bytes");
        }
        if let Ok(Some((h, size))) = whole {
            assert_eq!(first, Some(size));
            let mut again = [0; HEADER_MAX];
            assert_eq!(h.encode(&mut again), size);
            assert_eq!(again[..size], bytes[..size]);
            assert!(h.len <= i64::MAX.cast_unsigned());
            assert!(h.mask.is_some() == (sender == Role::Client));
            assert!(!h.opcode.is_control() || (h.fin && h.len <= 125));
        }
    }
    if let Some((key, payload)) = bytes.split_first_chunk::<4>() {
        let mut masked = payload.to_vec();
        frame::mask(&mut masked, *key);
        for (i, (m, p)) in masked.iter().zip(payload).enumerate() {
            assert_eq!(*m, p ^ key[i % 4]);
        }
    }
    if let Ok((code, reason)) = frame::close_body(bytes) {
        let coded = if bytes.is_empty() { code == frame::NO_STATUS } else { frame::may_send(code) };
        assert!(coded && reason.len() == bytes.len().saturating_sub(2));
    }
}

/// What the client does between two stretches of bytes.
#[derive(Clone, Copy, Debug)]
enum Act {
    Text(usize),
    Binary(usize),
    Close(u16),
    /// So many of the bytes to send go out, at most.
    Sent(usize),
}

/// Frames of a server, whole or damaged, and what the client does meanwhile.
fn script(bytes: &mut Bytes<'_>) -> Vec<(Vec<u8>, Act)> {
    let mut steps = vec![(Vec::new(), Act::Sent(0))];
    while !bytes.is_empty() {
        let choice = bytes.below(16);
        let Some((stream, act)) = steps.last_mut() else { return steps };
        match choice {
            0..=9 => {
                let opcode = bytes.of(&[0, 0, 1, 1, 2, 8, 9, 9, 10]);
                let fin = opcode >= 8 || bytes.below(3) > 0;
                stream.extend(frame(fin, opcode, &payload(bytes, opcode)));
            }
            10 => stream.extend_from_slice(bytes.take(3)),
            11 => {
                // A frame whose payload never comes, or comes as what follows.
                let header = Header {
                    fin: bytes.below(2) > 0,
                    opcode: bytes.of(&[Opcode::Text, Opcode::Binary, Opcode::Continuation]),
                    mask: None,
                    len: [bytes.word() >> 1, 500, 130][usize::from(bytes.below(3))],
                };
                let mut head = [0; HEADER_MAX];
                let size = header.encode(&mut head);
                stream.extend_from_slice(&head[..size]);
            }
            12 => {
                let (at, bit) = (bytes.index(600), bytes.below(8));
                let len = stream.len().max(1);
                stream.iter_mut().rev().nth(at % len).into_iter().for_each(|b| *b ^= 1 << bit);
            }
            _ => {
                *act = match choice {
                    13 => Act::Text(bytes.index(700)),
                    14 if bytes.below(4) > 0 => Act::Binary(bytes.index(200)),
                    14 => Act::Close(u16::from_le_bytes([bytes.byte(), bytes.byte()])),
                    _ => Act::Sent(bytes.index(600)),
                };
                steps.push((Vec::new(), Act::Sent(0)));
            }
        }
    }
    steps
}

/// What a frame carries: bytes as given, or text with characters of all lengths.
fn payload(bytes: &mut Bytes<'_>, opcode: u8) -> Vec<u8> {
    if opcode == 8 {
        let code = bytes.of(&[1000u16, 1001, 1005, 3000, 4999, 5000]).to_be_bytes();
        let len = bytes.of(&[0, 1, 2, 2, 2]);
        let reason = if len < 2 { &[] } else { bytes.take(2) };
        return [&code[..len], reason].concat();
    }
    let most = if opcode >= 8 { 125 } else { 601 };
    let n = match bytes.below(8) {
        0 => most,
        1 => bytes.index(most + 1),
        n => usize::from(n),
    };
    match bytes.below(3) {
        0 => bytes.take(n).to_vec(),
        1 => "aκ€𝄞".as_bytes().iter().copied().cycle().take(n).collect(),
        _ => vec![b'x'; n],
    }
}

/// Puts a conversation made of `bytes` through its laws.
///
/// # Panics
/// When a law breaks.
pub fn conversation(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let message = [SMALL.message, 40][usize::from(bytes.below(2))];
    let sizes = Sizes { message, ..SMALL };
    let pattern = [bytes.byte(), bytes.byte()].map(|b| 1 + usize::from(b));
    let steps = script(&mut bytes);
    let [mut whole, mut cut] = [1; 2].map(|seed| Conn::with_sizes(sizes, seed));
    let (mut all, mut said, mut sent) = (Vec::new(), Vec::new(), ServerConn::default());
    let mut closed = false;
    for (stream, act) in steps {
        all.extend_from_slice(&stream);
        let pieces: Vec<usize> = pattern.into_iter().cycle().take(stream.len()).collect();
        let before = said.len();
        said.extend(feed(&mut whole, &stream, &[]));
        assert_eq!(feed(&mut cut, &stream, &pieces), said[before..], "divided by {pattern:?}");
        let text = [b'x'; 700];
        let did = [&mut whole, &mut cut].map(|conn| match act {
            Act::Text(n) => conn.send_text(&text[..n]).is_ok(),
            Act::Binary(n) => conn.send_binary(&text[..n]).is_ok(),
            Act::Close(code) => {
                conn.close(code);
                true
            }
            Act::Sent(_) => true,
        });
        assert_eq!(did[0], did[1]);
        assert_eq!(whole.to_send(), cut.to_send());
        assert_eq!((whole.state(), whole.pings()), (cut.state(), cut.pings()));
        if let Act::Sent(n) = act {
            let n = n.min(whole.to_send().len());
            sent.push(&whole.to_send()[..n]);
            whole.sent(n);
            cut.sent(n);
        }
        assert!(!closed || whole.state() != State::Open, "open again");
        closed |= whole.state() != State::Open;
    }
    assert_eq!(said, read(&all, sizes), "read naively");
    let ends = |s: &Said| matches!(s, Said::Violation(_) | Said::Close(..));
    assert!(said.iter().position(ends).is_none_or(|at| at + 1 == said.len()), "{said:?}");
    assert_eq!(said.last().is_some_and(ends), whole.state() == State::Closed);
    sent.push(whole.to_send());
    let mut heard = Vec::new();
    while let Some(message) = sent.poll().expect("sound frames of the client") {
        heard.push(message);
    }
    let close = |m: &FromClient| matches!(m, FromClient::Close { .. });
    assert_eq!(heard.iter().any(close), closed, "a close frame when it has closed");
}
