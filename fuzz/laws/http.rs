//! Answers to an upgrade, and requests to the embedded server, in every division.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws:
//! 1. Any division of the same bytes gives the same verdict, at the same byte.
//! 2. What is taken for an upgrade says so in plain text: version, status, fields, the right key.
//! 3. An undamaged answer of our own server is taken, and its frames are left where they are.
//! 4. A head that was refused or read stays so, whatever follows.

use super::bytes::Bytes;
use crate::limits::HTTP_HEAD_MAX;
use crate::ws::handshake::{Refusal, Upgrade};
use crate::ws::server::{self, Request};

/// The nonce of all upgrades here, and what answers it.
const NONCE: [u8; 16] = *b"the sample nonce";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Lines of answers and requests: usual ones, doubled ones, wrong ones.
const LINES: [&str; 24] = [
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 503 Busy\r\n",
    "HTTP/1.0 101 Old\r\n",
    "Upgrade: websocket\r\n",
    "upgrade: WebSocket\r\n",
    "Upgrade: h2c\r\n",
    "Connection: Upgrade\r\n",
    "Connection: keep-alive, upgrade\r\n",
    "Connection: close\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    "Sec-WebSocket-Protocol: chat\r\n",
    "Retry-After: 30\r\n",
    "Content-Length: 3\r\n",
    " folded\r\n",
    "\n",
    "\r\n",
    "GET /ws HTTP/1.1\r\n",
    "POST /info HTTP/1.1\r\n",
    "Host: localhost\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Sec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Version: 8\r\n",
];

/// A head made of `bytes`: raw, or of lines, in whole or with a byte changed.
fn head(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let kind = bytes.below(4);
    if kind == 0 {
        return bytes.0.to_vec();
    }
    let mut text = if kind == 1 { server::switching_protocols(ACCEPT) } else { Vec::new() };
    if kind == 1 && bytes.below(2) > 0 {
        // Before the empty line, where more fields may stand.
        text.truncate(text.len() - 2);
    }
    while !bytes.is_empty() {
        match bytes.below(32) {
            n @ 0..=23 => text.extend_from_slice(LINES[usize::from(n)].as_bytes()),
            24 => text.extend_from_slice(bytes.take(6)),
            25 => text.extend(std::iter::repeat_n(b'x', bytes.index(HTTP_HEAD_MAX))),
            26 => (0..bytes.below(70)).for_each(|_| text.extend_from_slice(b"X: y\r\n")),
            27..=28 => {
                let (at, to) = (bytes.index(400), bytes.byte());
                let len = text.len().max(1);
                text.get_mut(at % len).into_iter().for_each(|b| *b = to);
            }
            _ => {}
        }
    }
    text
}

/// The verdict on an answer in pieces: after which byte, or why not.
fn verdict(answer: &[u8], pieces: [usize; 2]) -> Result<Option<usize>, Refusal> {
    let mut upgrade = Upgrade::new("localhost:9001", "/ws", NONCE);
    let (mut at, mut pieces) = (0, pieces.into_iter().cycle());
    while at < answer.len() {
        let n = pieces.next().unwrap_or(1).clamp(1, answer.len() - at);
        if let Some(taken) = upgrade.receive(&answer[at..at + n])? {
            return Ok(Some(at + taken));
        }
        at += n;
    }
    Ok(None)
}

/// Puts an answer and a request made of `bytes` through the laws.
///
/// # Panics
/// When a law breaks.
pub fn head_and_pieces(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let pieces = [bytes.byte(), bytes.byte()].map(|b| 1 + usize::from(b));
    let head = head(&mut bytes);
    let said = verdict(&head, [usize::MAX; 2]);
    assert_eq!(verdict(&head, pieces), said, "in pieces of {pieces:?}");
    match said {
        Ok(Some(end)) => {
            granted(&head[..end]);
            // Whatever follows are frames.
            assert_eq!(verdict(&[&head[..end], b"\x81\x00"].concat(), [usize::MAX; 2]), said);
        }
        Ok(None) => assert!(head.len() <= HTTP_HEAD_MAX),
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            let more = [&head[..], b"\r\n\r\n"].concat();
            assert_eq!(verdict(&more, [usize::MAX; 2]), said, "more changes nothing");
        }
    }
    let ours = server::switching_protocols(ACCEPT);
    if head.starts_with(&ours) {
        assert_eq!(said, Ok(Some(ours.len())));
    }
    request(&head, pieces[0]);
}

/// An upgrade that was granted says so in plain text.
fn granted(head: &[u8]) {
    assert!(head.starts_with(b"HTTP/1.1 101") && head.ends_with(b"\r\n\r\n"));
    let text = String::from_utf8_lossy(head);
    let fields: Vec<(String, &str)> = text
        .lines()
        .skip(1)
        .filter_map(|l| l.split_once(':').map(|(n, v)| (n.to_ascii_lowercase(), v.trim())))
        .collect();
    let all =
        |name: &str| -> Vec<&str> { fields.iter().filter(|f| f.0 == name).map(|f| f.1).collect() };
    assert_eq!(all("sec-websocket-accept"), [ACCEPT]);
    let upgrade = all("upgrade");
    assert!(upgrade.len() == 1 && upgrade[0].eq_ignore_ascii_case("websocket"), "{upgrade:?}");
    assert!(all("connection").join(",").to_ascii_lowercase().contains("upgrade"));
    assert!(all("sec-websocket-extensions").is_empty());
    assert!(all("sec-websocket-protocol").is_empty());
}

/// The server's reading of the same bytes: what was decided at one length stays decided.
fn request(bytes: &[u8], step: usize) {
    let whole = server::request(bytes);
    let mut at = 0;
    while at < bytes.len() {
        at = (at + step.max(bytes.len() / 8)).min(bytes.len());
        let part = server::request(&bytes[..at]);
        if part != Ok(None) {
            assert_eq!(part, whole, "{at} of {} bytes", bytes.len());
            break;
        }
    }
    if let Ok(Some((request, taken))) = whole {
        assert!(taken <= bytes.len());
        if let Request::Upgrade { accept, .. } = request {
            assert_eq!(accept.len(), ACCEPT.len());
        }
    }
}
