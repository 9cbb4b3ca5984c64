//! The upgrade of a client's connection from HTTP to WebSocket (RFC 6455 section 4.1).
//!
//! In: host, path, sixteen random bytes; then the server's answer in any pieces. Out: the request;
//! then where the head of the answer ended, or a named [`Refusal`]. Cold path: once per link.
//!
//! 1. No extension and no subprotocol is offered, and an answer that claims one is refused.
//! 2. The head has at most `HTTP_HEAD_MAX` bytes and `HTTP_HEADERS_MAX` fields.
//! 3. Every byte is scanned once and the head is parsed once, however it is cut.
//! 4. Bytes after the head are left to the caller: they are the first frames.
//! 5. Redirects are not followed, interim answers not awaited, bodies of refusals not read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::limits::{HTTP_HEAD_MAX, HTTP_HEADERS_MAX, RETRY_AFTER_MAX_S};

/// The suffix of every key before it is hashed (RFC 6455 section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why the server's answer is not an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another status than 101.
    #[error("status {code}: {}{}", meaning(*code), asked(*retry_after_s))]
    Status {
        /// As sent, `100..=999`.
        code: u16,
        /// `Retry-After` in seconds if given so, at most [`RETRY_AFTER_MAX_S`].
        retry_after_s: Option<u32>,
    },
    /// The answer is a TLS record: the port speaks TLS.
    #[error("the port speaks TLS; use wss://")]
    Tls,
    /// The answer does not begin as HTTP does.
    #[error("the server does not speak HTTP; check host and port")]
    NotHttp,
    /// The version is not HTTP/1.1.
    #[error("the server does not speak HTTP/1.1")]
    Version,
    /// A line ended without a carriage return.
    #[error("a line of the answer ends without a carriage return")]
    BareLineFeed,
    /// Malformed status line or field; folded fields count as such.
    #[error("the answer is not well-formed HTTP")]
    Malformed,
    /// More than `HTTP_HEAD_MAX` bytes of head.
    #[error("the head of the answer is larger than 8 KiB")]
    HeadTooLarge,
    /// More than `HTTP_HEADERS_MAX` fields.
    #[error("the answer has more than 64 header fields")]
    TooManyFields,
    /// `Upgrade` is missing, doubled or not `websocket`.
    #[error("the answer does not upgrade to websocket")]
    NoUpgrade,
    /// `Connection` does not say `Upgrade`.
    #[error("the answer lacks Connection: Upgrade")]
    NoConnection,
    /// `Sec-WebSocket-Accept` is missing or doubled.
    #[error("the answer lacks a single Sec-WebSocket-Accept")]
    NoAccept,
    /// `Sec-WebSocket-Accept` answers another key.
    #[error("Sec-WebSocket-Accept answers another request")]
    WrongAccept,
    /// An extension that was not asked for.
    #[error("the answer uses an extension that was not offered")]
    Extension,
    /// A subprotocol that was not asked for.
    #[error("the answer uses a subprotocol that was not offered")]
    Subprotocol,
}

/// One upgrade, from the request to the end of the answer's head.
#[derive(Debug)]
pub struct Upgrade {
    request: Vec<u8>,
    accept: String,
    head: Vec<u8>,
    /// Bytes of the current line so far, without its end.
    line: usize,
    /// Bytes examined in all, to show that the work is linear.
    #[cfg(test)]
    visits: usize,
}

impl Upgrade {
    /// An upgrade of `path` (with its query, beginning with `/`) at `host` (as it belongs into the
    /// `Host` field). `nonce` should be random; it guards against caches, not against attackers.
    pub fn new(host: &str, path: &str, nonce: [u8; 16]) -> Upgrade {
        let key = STANDARD.encode(nonce);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nUser-Agent: papermaker/{}\
             \r\n\r\n",
            env!("CARGO_PKG_VERSION")
        );
        Upgrade {
            request: request.into_bytes(),
            accept: accept(&key),
            head: Vec::new(),
            line: 0,
            #[cfg(test)]
            visits: 0,
        }
    }

    /// What to send, once.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes the next received bytes. `Some(n)`: the connection is upgraded, the first `n` of
    /// `bytes` were the rest of the head and all after them are frames. `None`: more is needed.
    ///
    /// # Errors
    /// Why this is not an upgrade; the link is then to be dropped.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        for (i, &byte) in bytes.iter().enumerate() {
            #[cfg(test)]
            {
                self.visits += 1;
            }
            if self.head.len() == HTTP_HEAD_MAX {
                return Err(Refusal::HeadTooLarge);
            }
            self.head.push(byte);
            if let Some(&expected) = b"HTTP/".get(self.head.len() - 1)
                && byte != expected
            {
                // Alert and handshake records of TLS.
                let tls = self.head.len() == 1 && matches!(byte, 0x15 | 0x16);
                return Err(if tls { Refusal::Tls } else { Refusal::NotHttp });
            }
            if byte != b'\n' {
                self.line += 1;
                continue;
            }
            if !self.head.ends_with(b"\r\n") {
                return Err(Refusal::BareLineFeed);
            }
            if self.line == 1 {
                #[cfg(test)]
                {
                    self.visits += self.head.len();
                }
                return self.judge().map(|()| Some(i + 1));
            }
            self.line = 0;
        }
        Ok(None)
    }

    /// Judges the complete head.
    fn judge(&self) -> Result<(), Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; HTTP_HEADERS_MAX];
        let mut head = httparse::Response::new(&mut fields);
        match head.parse(&self.head) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooManyFields),
            Err(httparse::Error::Version) => return Err(Refusal::Version),
            Ok(httparse::Status::Partial) | Err(_) => return Err(Refusal::Malformed),
        }
        let all = |name: &'static str| {
            head.headers
                .iter()
                .filter(move |f| f.name.eq_ignore_ascii_case(name))
                .map(|f| f.value.trim_ascii())
        };
        let one = |name: &'static str| {
            let mut values = all(name);
            values.next().filter(|_| values.next().is_none())
        };
        let code = head.code.unwrap_or_default();
        if code != 101 {
            let retry_after_s = one("retry-after").and_then(seconds);
            return Err(Refusal::Status { code, retry_after_s });
        }
        if head.version != Some(1) {
            return Err(Refusal::Version);
        }
        if !one("upgrade").is_some_and(|v| v.eq_ignore_ascii_case(b"websocket")) {
            return Err(Refusal::NoUpgrade);
        }
        if !all("connection").any(|v| has_token(v, "upgrade")) {
            return Err(Refusal::NoConnection);
        }
        match one("sec-websocket-accept") {
            None => return Err(Refusal::NoAccept),
            Some(value) if value != self.accept.as_bytes() => return Err(Refusal::WrongAccept),
            Some(_) => {}
        }
        if all("sec-websocket-extensions").next().is_some() {
            return Err(Refusal::Extension);
        }
        if all("sec-websocket-protocol").next().is_some() {
            return Err(Refusal::Subprotocol);
        }
        Ok(())
    }
}

impl Refusal {
    /// Whether trying again soon is pointless or unwelcome: the server has understood and declined.
    pub fn is_lasting(self) -> bool {
        !matches!(self, Refusal::Status { code: 408 | 425 | 500..=599, .. })
    }
}

fn asked(retry_after_s: Option<u32>) -> String {
    retry_after_s.map_or_else(String::new, |s| format!("; it asks to wait {s} s"))
}

/// What a status other than 101 tells the operator.
fn meaning(code: u16) -> &'static str {
    match code {
        100..=199 => "an interim answer instead of an upgrade",
        200..=299 => "an ordinary page, no WebSocket here; check the path",
        301 | 302 | 303 | 307 | 308 => "moved; give the new address itself",
        300 | 304..=306 | 309..=399 => "a redirection without a use here",
        400 => "the server takes this for a bad request; check scheme and port",
        401 | 407 => "the server wants credentials",
        403 => "forbidden; the address may be blocked",
        404 | 410 => "nothing at this path; check the path",
        405 => "the path does not take GET; check the path",
        408 => "the server got tired of waiting",
        426 => "the server wants another protocol version",
        429 => "too many connections or requests from this address",
        502 => "the server behind the gateway cannot be reached",
        503 => "the service is unavailable, perhaps for maintenance",
        504 => "the server behind the gateway did not answer in time",
        500 | 501 | 505..=599 => "the server has failed",
        _ => "the server declines",
    }
}

/// The hash of RFC 6455 section 4.2.2 of a key in its base64 form.
pub(super) fn accept(key: &str) -> String {
    let mut hash = sha1_smol::Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID.as_bytes());
    STANDARD.encode(hash.digest().bytes())
}

/// Whether a comma-separated field value contains `token`, in any case.
pub(super) fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|&b| b == b',').any(|t| t.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// A delay in whole seconds, capped; dates are not read.
fn seconds(value: &[u8]) -> Option<u32> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum = value
        .iter()
        .fold(0u32, |sum, b| sum.saturating_mul(10).saturating_add(u32::from(b - b'0')));
    Some(sum.min(RETRY_AFTER_MAX_S))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::conn::{Conn, Message};
    use crate::ws::server;

    const NONCE: [u8; 16] = *b"the sample nonce";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn upgrade() -> Upgrade {
        Upgrade::new("localhost:9001", "/ws", NONCE)
    }

    fn answer(status: &str, fields: &str) -> String {
        format!("HTTP/1.1 {status}\r\n{fields}\r\n")
    }

    fn granted(accept: &str, more: &str) -> String {
        let fields = format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{more}"
        );
        answer("101 Switching Protocols", &fields)
    }

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), ACCEPT);
        let upgrade = upgrade();
        assert_eq!(upgrade.accept, ACCEPT);
        let text = std::str::from_utf8(upgrade.request()).unwrap();
        assert!(!text.contains("Extensions") && !text.contains("Protocol:"));
        let (request, taken) = server::request(upgrade.request()).unwrap().unwrap();
        assert_eq!(taken, text.len());
        let path = "/ws".to_owned();
        assert_eq!(request, server::Request::Upgrade { path, accept: ACCEPT.into() });
    }

    #[test]
    fn first_frames_survive_a_split_at_every_offset() {
        let mut bytes = server::switching_protocols(ACCEPT);
        server::text(&mut bytes, "first");
        server::text(&mut bytes, "second");
        for cut in 0..=bytes.len() {
            let mut upgrade = upgrade();
            let mut conn = Conn::with_sizes(Default::default(), 1);
            let mut upgraded = false;
            let mut got = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                let mut rest = part;
                if !upgraded {
                    match upgrade.receive(rest).unwrap() {
                        Some(n) => {
                            upgraded = true;
                            rest = &rest[n..];
                        }
                        None => rest = &[],
                    }
                }
                conn.space()[..rest.len()].copy_from_slice(rest);
                conn.filled(rest.len());
                while let Some(message) = conn.poll().unwrap() {
                    let Message::Text(text) = message else { panic!("{message:?}") };
                    got.push(text.to_vec());
                }
            }
            assert_eq!(got, [b"first".to_vec(), b"second".to_vec()], "cut at {cut}");
        }
    }

    #[test]
    fn every_refusal_has_its_name() {
        let good = granted(ACCEPT, "");
        let crowd = "X: y\r\n".repeat(HTTP_HEADERS_MAX);
        let endless = format!("X: {}", "x".repeat(HTTP_HEAD_MAX));
        let table = [
            ("\x15\x03\x01\x00\x02".to_owned(), Refusal::Tls),
            ("SSH-2.0-x\r\n".to_owned(), Refusal::NotHttp),
            ("HTTQ".to_owned(), Refusal::NotHttp),
            (good.replace("HTTP/1.1", "HTTP/1.0"), Refusal::Version),
            (good.replace("HTTP/1.1", "HTTP/2.0"), Refusal::Version),
            (good.replace("\r\n", "\n"), Refusal::BareLineFeed),
            (good.replace("Connection", "Conn ection"), Refusal::Malformed),
            (good.replace("Connection:", "X: y\r\n folded\r\nConnection:"), Refusal::Malformed),
            ("HTTP/1.1 abc\r\n\r\n".to_owned(), Refusal::Malformed),
            (granted(ACCEPT, &endless), Refusal::HeadTooLarge),
            (granted(ACCEPT, &crowd), Refusal::TooManyFields),
            (good.replace("Upgrade: websocket\r\n", ""), Refusal::NoUpgrade),
            (good.replace("websocket", "h2c"), Refusal::NoUpgrade),
            (granted(ACCEPT, "Upgrade: websocket\r\n"), Refusal::NoUpgrade),
            (good.replace("Connection: Upgrade", "Connection: close"), Refusal::NoConnection),
            (good.replace("Sec-WebSocket-Accept", "X-Accept"), Refusal::NoAccept),
            (granted("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ""), Refusal::WrongAccept),
            (good.replace("s3p", "S3p"), Refusal::WrongAccept),
            (
                granted(ACCEPT, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
                Refusal::Extension,
            ),
            (granted(ACCEPT, "Sec-WebSocket-Protocol: chat\r\n"), Refusal::Subprotocol),
        ];
        for (bytes, expected) in &table {
            assert_eq!(upgrade().receive(bytes.as_bytes()), Err(*expected), "{bytes}");
            let mut slow = upgrade();
            let verdict = bytes.bytes().find_map(|b| slow.receive(&[b]).err());
            assert_eq!(verdict, Some(*expected), "byte by byte: {bytes}");
            assert!(expected.is_lasting());
        }
        let lower = good.replace("Upgrade", "upgrade").replace("Sec-WebSocket", "sec-websocket");
        assert_eq!(upgrade().receive(lower.as_bytes()), Ok(Some(lower.len())));
        let list = good.replace("Connection: Upgrade", "Connection: keep-alive, upgrade");
        assert_eq!(upgrade().receive(list.as_bytes()), Ok(Some(list.len())));
    }

    #[test]
    fn every_status_is_refused() {
        for code in 100..=999 {
            let bytes = answer(&format!("{code} Text"), "Content-Length: 3\r\n") + "abc";
            let verdict = upgrade().receive(bytes.as_bytes());
            if code == 101 {
                assert_eq!(verdict, Err(Refusal::NoUpgrade));
                continue;
            }
            let refusal = Refusal::Status { code, retry_after_s: None };
            assert_eq!(verdict, Err(refusal));
            assert!(!refusal.to_string().is_empty());
            assert_eq!(refusal.is_lasting(), !(code == 408 || code == 425 || code / 100 == 5));
        }
        for (value, expected) in [
            ("30", Some(30)),
            ("99999999999", Some(RETRY_AFTER_MAX_S)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", None),
            ("-1", None),
            ("", None),
        ] {
            let bytes = answer("429 Too Many Requests", &format!("Retry-After: {value}\r\n"));
            let refusal = Refusal::Status { code: 429, retry_after_s: expected };
            assert_eq!(upgrade().receive(bytes.as_bytes()), Err(refusal), "{value}");
        }
    }

    #[test]
    fn a_head_byte_by_byte_is_linear_work() {
        let filler = "X: y\r\n".repeat(40) + &format!("X: {}\r\n", "x".repeat(7000));
        let bytes = granted(ACCEPT, &filler);
        let mut upgrade = upgrade();
        let mut end = None;
        for byte in bytes.bytes() {
            end = upgrade.receive(&[byte]).unwrap();
        }
        assert_eq!(end, Some(1));
        assert_eq!(upgrade.visits, 2 * bytes.len());
    }
}
