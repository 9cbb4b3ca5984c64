//! The server's end of a connection: HTTP requests, the grant of an upgrade, frames to a client and
//! messages from it. For the embedded venue and the tests.
//!
//! In: bytes from a client. Out: a [`Request`], then [`FromClient`] messages; bytes to send back in
//! a `Vec`. Cold path: it may allocate.
//!
//! 1. A request head is at most `HTTP_HEAD_MAX` bytes and `HTTP_HEADERS_MAX` fields, a body and a
//!    message at most `MESSAGE_MAX` bytes; nothing is reserved by a declared length.
//! 2. After a violation or a close frame of the client nothing more is yielded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::frame::{self, HEADER_MAX, Header, Opcode, Role, Violation};
use super::handshake::{accept, has_token};
use crate::limits::{FRAGMENTS_MAX, HTTP_HEAD_MAX, HTTP_HEADERS_MAX, MESSAGE_MAX};

/// A complete request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// GET with a valid WebSocket upgrade. Answer with [`switching_protocols`].
    Upgrade {
        /// Path and query as sent, for example `/ws`.
        path: String,
        /// Value for `Sec-WebSocket-Accept`.
        accept: String,
    },
    /// Any other request, with its whole body.
    Plain {
        /// `GET`, `POST`, ... as sent.
        method: String,
        /// Path and query as sent, for example `/info`.
        path: String,
        /// The body, empty without a `Content-Length`.
        body: Vec<u8>,
        /// Whether the client lets the connection be used again after the answer.
        keep_alive: bool,
    },
}

/// A request this server cannot read or grant, as the HTTP status to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// 400: not HTTP/1.1, a bad length, or an upgrade without a proper key.
    #[error("the request is not well-formed")]
    Malformed,
    /// 413: the body is longer than accepted.
    #[error("the body is too large")]
    BodyTooLarge,
    /// 426: an upgrade to another version of WebSocket than 13.
    #[error("another version of WebSocket than 13 is asked for")]
    Version,
    /// 431: the head is longer, or has more fields, than accepted.
    #[error("the head is too large")]
    HeadTooLarge,
}

/// A message of a client, unmasked and reassembled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromClient {
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// To be answered with [`pong`] and this payload.
    Ping(Vec<u8>),
    /// An answer, or a sign of life.
    Pong(Vec<u8>),
    /// The client ends the conversation; echo it with [`close`] if none was sent, end the stream.
    Close {
        /// Code as sent; [`frame::NO_STATUS`] when there was none.
        code: u16,
        /// Reason as sent, mostly empty.
        reason: String,
    },
}

/// The server's side of one upgraded connection.
#[derive(Debug, Default)]
pub struct ServerConn {
    bytes: Vec<u8>,
    at: usize,
    message: Vec<u8>,
    open: Option<Opcode>,
    fragments: u32,
    ended: bool,
}

impl BadRequest {
    /// HTTP status code and reason phrase.
    pub fn status(self) -> (u16, &'static str) {
        match self {
            BadRequest::Malformed => (400, "Bad Request"),
            BadRequest::BodyTooLarge => (413, "Content Too Large"),
            BadRequest::Version => (426, "Upgrade Required"),
            BadRequest::HeadTooLarge => (431, "Request Header Fields Too Large"),
        }
    }
}

impl ServerConn {
    /// Appends bytes received from the client (also those left over after the request head).
    pub fn push(&mut self, bytes: &[u8]) {
        if self.ended {
            return;
        }
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// The violation that ends the connection, once; send [`close`] with its code.
    pub fn poll(&mut self) -> Result<Option<FromClient>, Violation> {
        while !self.ended {
            match self.next_frame() {
                Ok(None) => return Ok(None),
                Ok(Some((header, payload))) => match self.take(header, payload) {
                    Ok(None) => {}
                    Ok(Some(message)) => return Ok(Some(message)),
                    Err(violation) => return self.fail(violation),
                },
                Err(violation) => return self.fail(violation),
            }
        }
        Ok(None)
    }

    /// Whether the client has closed, or broken the protocol.
    #[cfg(any(test, feature = "lab"))]
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn fail(&mut self, violation: Violation) -> Result<Option<FromClient>, Violation> {
        self.ended = true;
        Err(violation)
    }

    /// The next complete frame, unmasked.
    fn next_frame(&mut self) -> Result<Option<(Header, Vec<u8>)>, Violation> {
        let rest = &self.bytes[self.at..];
        let Some((header, size)) = Header::parse(rest, Role::Client)? else { return Ok(None) };
        if header.opcode.is_control() {
            // Its length is bounded by the header.
        } else if (header.opcode == Opcode::Continuation) != self.open.is_some() {
            return Err(match self.open {
                Some(_) => Violation::InterleavedData,
                None => Violation::LoneContinuation,
            });
        } else if header.len > (MESSAGE_MAX - self.message.len()) as u64 {
            return Err(Violation::TooLarge);
        }
        let len = usize::try_from(header.len).map_err(|_| Violation::TooLarge)?;
        let Some(payload) = rest.get(size..size + len) else { return Ok(None) };
        let mut payload = payload.to_vec();
        if let Some(key) = header.mask {
            frame::mask(&mut payload, key);
        }
        self.at += size + len;
        Ok(Some((header, payload)))
    }

    fn take(&mut self, header: Header, payload: Vec<u8>) -> Result<Option<FromClient>, Violation> {
        match header.opcode {
            Opcode::Ping => return Ok(Some(FromClient::Ping(payload))),
            Opcode::Pong => return Ok(Some(FromClient::Pong(payload))),
            Opcode::Close => {
                let (code, reason) = frame::close_body(&payload)?;
                self.ended = true;
                return Ok(Some(FromClient::Close { code, reason: reason.to_owned() }));
            }
            Opcode::Text | Opcode::Binary => {
                self.open = Some(header.opcode);
                self.fragments = 1;
            }
            Opcode::Continuation => self.fragments += 1,
        }
        if self.fragments > FRAGMENTS_MAX {
            return Err(Violation::TooManyFragments);
        }
        self.message.extend_from_slice(&payload);
        if !header.fin {
            return Ok(None);
        }
        let message = std::mem::take(&mut self.message);
        if self.open.take() == Some(Opcode::Text) {
            let text = String::from_utf8(message).map_err(|_| Violation::InvalidUtf8)?;
            return Ok(Some(FromClient::Text(text)));
        }
        Ok(Some(FromClient::Binary(message)))
    }
}

/// Reads one request from the start of `bytes`, and how many it took; `None`: some are missing.
///
/// # Errors
/// Why the request cannot be served, as a status; the connection should then be closed.
pub fn request(bytes: &[u8]) -> Result<Option<(Request, usize)>, BadRequest> {
    let mut fields = [httparse::EMPTY_HEADER; HTTP_HEADERS_MAX];
    let mut head = httparse::Request::new(&mut fields);
    let window = &bytes[..bytes.len().min(HTTP_HEAD_MAX)];
    let size = match head.parse(window) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) if bytes.len() < HTTP_HEAD_MAX => return Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Err(BadRequest::HeadTooLarge);
        }
        Err(_) => return Err(BadRequest::Malformed),
    };
    if head.version != Some(1) {
        return Err(BadRequest::Malformed);
    }
    let (Some(method), Some(path)) = (head.method, head.path) else {
        return Err(BadRequest::Malformed);
    };
    let field = |name: &str| {
        head.headers.iter().find(|f| f.name.eq_ignore_ascii_case(name)).map(|f| f.value)
    };
    if method == "GET" && field("upgrade").is_some_and(|v| has_token(v, "websocket")) {
        if !field("connection").is_some_and(|v| has_token(v, "upgrade")) {
            return Err(BadRequest::Malformed);
        }
        if field("sec-websocket-version") != Some(b"13") {
            return Err(BadRequest::Version);
        }
        let accept =
            field("sec-websocket-key").and_then(accept_for).ok_or(BadRequest::Malformed)?;
        return Ok(Some((Request::Upgrade { path: path.to_owned(), accept }, size)));
    }
    if field("transfer-encoding").is_some() {
        return Err(BadRequest::Malformed);
    }
    let len = match field("content-length") {
        None => 0,
        Some(value) => content_length(value)?,
    };
    let Some(body) = bytes.get(size..size + len) else { return Ok(None) };
    let keep_alive = !field("connection").is_some_and(|v| has_token(v, "close"));
    let plain = Request::Plain {
        method: method.to_owned(),
        path: path.to_owned(),
        body: body.to_vec(),
        keep_alive,
    };
    Ok(Some((plain, size + len)))
}

/// `Sec-WebSocket-Accept` (RFC 6455, 4.2.2); `None` where the key is not base64 of sixteen bytes.
pub fn accept_for(key: &[u8]) -> Option<String> {
    let key = std::str::from_utf8(key).ok()?;
    (STANDARD.decode(key).ok()?.len() == 16).then(|| accept(key))
}

/// The answer that grants an upgrade.
pub fn switching_protocols(accept: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes()
}

/// An ordinary answer with a body.
pub fn response(status: (u16, &str), content_type: &str, body: &[u8]) -> Vec<u8> {
    let (code, reason) = status;
    let mut out = format!(
        "HTTP/1.1 {code} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(body);
    out
}

/// Appends a text message as one frame.
pub fn text(out: &mut Vec<u8>, text: &str) {
    frame(out, Opcode::Text, text.as_bytes());
}

/// Appends a ping. Only the first 125 bytes of `payload` are sent.
#[cfg(any(test, feature = "lab"))]
pub fn ping(out: &mut Vec<u8>, payload: &[u8]) {
    frame(out, Opcode::Ping, &payload[..payload.len().min(frame::CONTROL_MAX)]);
}

/// Appends a pong. Only the first 125 bytes of `payload` are sent.
pub fn pong(out: &mut Vec<u8>, payload: &[u8]) {
    frame(out, Opcode::Pong, &payload[..payload.len().min(frame::CONTROL_MAX)]);
}

/// Appends a close frame, of [`frame::NO_STATUS`] without a body; the reason is cut to fit.
pub fn close(out: &mut Vec<u8>, code: u16, reason: &str) {
    if code == frame::NO_STATUS {
        return frame(out, Opcode::Close, &[]);
    }
    let end = (0..=reason.len().min(frame::CONTROL_MAX - 2))
        .rev()
        .find(|&i| reason.is_char_boundary(i))
        .unwrap_or(0);
    let mut body = code.to_be_bytes().to_vec();
    body.extend_from_slice(&reason.as_bytes()[..end]);
    frame(out, Opcode::Close, &body);
}

/// Appends one whole frame as a server sends it.
pub fn frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let mut head = [0; HEADER_MAX];
    let size = Header::whole(opcode, payload.len(), None).encode(&mut head);
    out.extend_from_slice(&head[..size]);
    out.extend_from_slice(payload);
}

fn content_length(value: &[u8]) -> Result<usize, BadRequest> {
    if value.is_empty() || value.len() > 15 || !value.iter().all(u8::is_ascii_digit) {
        return Err(BadRequest::Malformed);
    }
    let len = value.iter().fold(0, |sum, b| sum * 10 + usize::from(b - b'0'));
    if len > MESSAGE_MAX { Err(BadRequest::BodyTooLarge) } else { Ok(len) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn upgrade(extra: &str) -> String {
        format!(
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: WebSocket\r\nConnection: keep-alive, \
             Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{extra}\r\n"
        )
    }

    fn from_client(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let key = [7, 0, 255, 128];
        let mut head = [0; HEADER_MAX];
        let header = Header { fin, opcode, mask: Some(key), len: payload.len() as u64 };
        let size = header.encode(&mut head);
        let mut out = head[..size].to_vec();
        let mut body = payload.to_vec();
        frame::mask(&mut body, key);
        out.extend(body);
        out
    }

    #[test]
    fn the_example_of_the_rfc() {
        let head = upgrade("");
        let bytes = format!("{head}rest");
        let (got, taken) = request(bytes.as_bytes()).unwrap().unwrap();
        assert_eq!(taken, head.len());
        assert_eq!(got, Request::Upgrade { path: "/ws".into(), accept: ACCEPT.into() });
        for cut in 0..head.len() {
            assert_eq!(request(&head.as_bytes()[..cut]), Ok(None));
        }
        let answer = String::from_utf8(switching_protocols(ACCEPT)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_post_waits_for_its_body() {
        let bytes = b"POST /info HTTP/1.1\r\ncontent-length: 15\r\n\r\n{\"type\":\"meta\"}GET";
        for cut in 0..bytes.len() - 3 {
            assert_eq!(request(&bytes[..cut]), Ok(None));
        }
        let (got, taken) = request(bytes).unwrap().unwrap();
        assert_eq!(taken, bytes.len() - 3);
        let body = b"{\"type\":\"meta\"}".to_vec();
        let expected =
            Request::Plain { method: "POST".into(), path: "/info".into(), body, keep_alive: true };
        assert_eq!(got, expected);
    }

    #[test]
    fn bad_requests_have_a_status() {
        let long = upgrade(&format!("X: {}\r\n", "x".repeat(HTTP_HEAD_MAX)));
        let many = upgrade(&"X: y\r\n".repeat(HTTP_HEADERS_MAX));
        let table = [
            ("nonsense\r\n\r\n".to_owned(), BadRequest::Malformed),
            ("GET / HTTP/1.0\r\n\r\n".to_owned(), BadRequest::Malformed),
            (upgrade("").replace(KEY, "short"), BadRequest::Malformed),
            (upgrade("").replace("keep-alive, Upgrade", "close"), BadRequest::Malformed),
            (upgrade("").replace("13", "8"), BadRequest::Version),
            ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n".to_owned(), BadRequest::Malformed),
            (
                format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", MESSAGE_MAX + 1),
                BadRequest::BodyTooLarge,
            ),
            (long, BadRequest::HeadTooLarge),
            (many, BadRequest::HeadTooLarge),
        ];
        for (bytes, expected) in table {
            assert_eq!(request(bytes.as_bytes()), Err(expected), "{bytes}");
            assert!(expected.status().0 >= 400);
        }
    }

    #[test]
    fn messages_pings_and_close_byte_by_byte() {
        let mut script = from_client(false, Opcode::Text, b"sub");
        script.extend(from_client(true, Opcode::Ping, b"?"));
        script.extend(from_client(true, Opcode::Continuation, b"scribe"));
        script.extend(from_client(true, Opcode::Binary, &[0; 300]));
        script.extend(from_client(true, Opcode::Pong, b""));
        script.extend(from_client(true, Opcode::Close, b"\x03\xe8bye"));
        script.extend(from_client(true, Opcode::Text, b"ignored"));
        let mut conn = ServerConn::default();
        let mut got = Vec::new();
        for byte in script {
            conn.push(&[byte]);
            while let Some(message) = conn.poll().unwrap() {
                got.push(message);
            }
        }
        let expected = [
            FromClient::Ping(b"?".to_vec()),
            FromClient::Text("subscribe".into()),
            FromClient::Binary(vec![0; 300]),
            FromClient::Pong(Vec::new()),
            FromClient::Close { code: 1000, reason: "bye".into() },
        ];
        assert_eq!(got, expected);
        assert!(conn.ended());
    }

    #[test]
    fn a_violation_is_reported_once() {
        let table = [
            (vec![0x81, 0x01, b'x'], Violation::Unmasked),
            (from_client(true, Opcode::Continuation, b""), Violation::LoneContinuation),
            (from_client(true, Opcode::Text, b"\xff"), Violation::InvalidUtf8),
            (from_client(false, Opcode::Text, b"").repeat(2), Violation::InterleavedData),
            (vec![0x82, 0xff, 0, 0, 0, 0, 0, 16, 0, 1, 0, 0, 0, 0], Violation::TooLarge),
        ];
        for (bytes, expected) in table {
            let mut conn = ServerConn::default();
            conn.push(&bytes);
            assert_eq!(conn.poll(), Err(expected));
            assert!(conn.ended());
            conn.push(&from_client(true, Opcode::Text, b"x"));
            assert_eq!(conn.poll(), Ok(None));
        }
    }

    #[test]
    fn frames_to_the_client_parse_as_a_servers() {
        let mut out = Vec::new();
        text(&mut out, &"x".repeat(70_000));
        ping(&mut out, &[1; 200]);
        pong(&mut out, b"p");
        close(&mut out, 1000, &"é".repeat(100));
        close(&mut out, frame::NO_STATUS, "unsent");
        let mut lens = Vec::new();
        let mut rest = &out[..];
        while let Some((header, size)) = Header::parse(rest, Role::Server).unwrap() {
            let end = size + usize::try_from(header.len).unwrap();
            if header.opcode == Opcode::Close {
                frame::close_body(&rest[size..end]).unwrap();
            }
            lens.push((header.opcode, header.len));
            rest = &rest[end..];
        }
        let expected = [
            (Opcode::Text, 70_000),
            (Opcode::Ping, 125),
            (Opcode::Pong, 1),
            (Opcode::Close, 124),
            (Opcode::Close, 0),
        ];
        assert_eq!(lens, expected);
    }
}
