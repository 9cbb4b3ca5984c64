//! The client's end of an upgraded connection: received bytes to messages, in place, and messages
//! to bytes to send.
//!
//! In: bytes read into [`Conn::space`], texts to send, a wish to close. Out: [`Message`]s, bytes in
//! [`Conn::to_send`], a [`Violation`] at most once. Hot path: after [`Conn::new`] nothing allocates.
//!
//! 1. `start <= end <= head <= tail <= buf.len()`: the message being put together is
//!    `buf[start..end]`, the bytes not looked at yet are `buf[head..tail]`.
//! 2. A message that came in one frame is never copied; fragments are moved down beside each other.
//! 3. Any division of the same bytes gives the same messages and the same violation.
//! 4. Every byte is examined a bounded number of times, however it is cut.
//! 5. When [`Conn::poll`] has given `None`, [`Conn::space`] is not empty.
//! 6. A close frame always fits into the send buffer, at most one is sent, and nothing after it.

use super::frame::{self, CONTROL_MAX, HEADER_MAX, Header, Opcode, Role, Violation};
use crate::limits;

/// Bytes kept free for a close frame: two of header, four of key, two of code.
const CLOSE_ROOM: usize = 8;
/// Bytes of the longest pong.
const PONG_ROOM: usize = 6 + CONTROL_MAX;
/// Bytes by which the receive buffer must exceed the largest message.
const SLACK_MIN: usize = 1024;
/// Smallest send buffer.
const SEND_MIN: usize = 4 * (PONG_ROOM + CLOSE_ROOM);

/// The sizes of a connection's fixed memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of the receive buffer; raised to `message` + 1,024 if less.
    pub receive: usize,
    /// Bytes of the largest message.
    pub message: usize,
    /// Frames a message may come in, at least 1.
    pub fragments: u32,
    /// Bytes of the send buffer, with headers; raised to 556 if less.
    pub send: usize,
}

/// What the server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// UTF-8 text, already checked.
    Text(&'a [u8]),
    /// Bytes.
    Binary(&'a [u8]),
    /// An answer to a ping, or a sign of life.
    Pong,
    /// The server ends the conversation. The answer is already in the send buffer.
    Close {
        /// Code as sent; [`frame::NO_STATUS`] when there was none.
        code: u16,
        /// Reason as sent, mostly empty.
        reason: &'a str,
    },
}

/// Where the closing handshake stands (RFC 6455 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// This end has closed; messages still arrive until the server's close frame.
    Closing,
    /// Nothing more is received. Send what is left in [`Conn::to_send`], then drop the link.
    Closed,
}

/// Why a text was not accepted for sending. Nothing of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The send buffer has no room for it now.
    #[error("the send buffer has no room for it now")]
    Full,
    /// A close frame has been sent; nothing may follow it.
    #[error("a close frame has been sent")]
    Closed,
}

/// One connection. Kept for the whole run: [`Conn::restart`] makes it ready for the next link.
#[derive(Debug)]
pub struct Conn {
    buf: Box<[u8]>,
    start: usize,
    end: usize,
    head: usize,
    tail: usize,
    /// End of the part of the message known to be UTF-8.
    checked: usize,
    /// The data frame whose payload is being received: bytes missing, and whether it is the last.
    frame: Option<Frame>,
    /// Kind of the message being put together.
    open: Option<Opcode>,
    fragments: u32,
    message_max: usize,
    fragments_max: u32,
    state: State,
    out: Box<[u8]>,
    out_head: usize,
    out_tail: usize,
    pong: [u8; CONTROL_MAX],
    pong_len: Option<usize>,
    pings: u64,
    rng: fastrand::Rng,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    missing: usize,
    fin: bool,
}

/// A message as positions in the buffer, so that it can be found in a loop.
#[derive(Clone, Copy)]
enum Found {
    Text,
    Binary,
    Pong,
    Close { code: u16, reason: (usize, usize) },
}

impl Default for Sizes {
    fn default() -> Sizes {
        Sizes {
            receive: limits::RECEIVE_MAX,
            message: limits::MESSAGE_MAX,
            fragments: limits::FRAGMENTS_MAX,
            send: limits::SEND_MAX,
        }
    }
}

impl Conn {
    /// A connection with the sizes of [`limits`]. `seed` feeds the masking keys; RFC 6455 section
    /// 5.3 wants them unpredictable, so take it from the operating system outside of tests.
    pub fn new(seed: u64) -> Conn {
        Conn::with_sizes(Sizes::default(), seed)
    }

    /// A connection with other sizes.
    pub fn with_sizes(sizes: Sizes, seed: u64) -> Conn {
        Conn {
            // Ones, so that the pages are touched here and not first on the hot path.
            buf: vec![1; sizes.receive.max(sizes.message + SLACK_MIN)].into_boxed_slice(),
            start: 0,
            end: 0,
            head: 0,
            tail: 0,
            checked: 0,
            frame: None,
            open: None,
            fragments: 0,
            message_max: sizes.message,
            fragments_max: sizes.fragments,
            state: State::Open,
            out: vec![1; sizes.send.max(SEND_MIN)].into_boxed_slice(),
            out_head: 0,
            out_tail: 0,
            pong: [0; CONTROL_MAX],
            pong_len: None,
            pings: 0,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Forgets everything received and to be sent: ready for a new link. Keeps its memory.
    pub fn restart(&mut self) {
        self.drop_received();
        self.state = State::Open;
        self.out_head = 0;
        self.out_tail = 0;
        self.pong_len = None;
        self.pings = 0;
    }

    /// Where to read the next bytes to. Empty only if [`Conn::poll`] was not called until `None`.
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        if self.head == self.tail && self.open.is_none() {
            self.head = 0;
            self.tail = 0;
        } else {
            let slack = self.buf.len() - self.message_max;
            if self.buf.len() - self.tail < slack / 4 {
                self.compact(slack / 4);
            }
        }
        &mut self.buf[self.tail..]
    }

    /// The first `n` bytes of [`Conn::space`] have been filled.
    ///
    /// # Panics
    /// If `n` is more than the space there was.
    #[inline]
    pub fn filled(&mut self, n: usize) {
        if self.state == State::Closed {
            return;
        }
        assert!(n <= self.buf.len() - self.tail, "filled no more than the space");
        self.tail += n;
    }

    /// The next message, or `None` until more bytes have been read. Pings are answered on the way.
    /// After a close frame of the server, and after a violation, it is always `None`.
    ///
    /// # Errors
    /// The violation that ends this connection, once. Its close frame is in the send buffer.
    #[inline]
    pub fn poll(&mut self) -> Result<Option<Message<'_>>, Violation> {
        match self.find() {
            Ok(None) => Ok(None),
            Ok(Some(found)) => Ok(Some(match found {
                Found::Text => Message::Text(&self.buf[self.start..self.end]),
                Found::Binary => Message::Binary(&self.buf[self.start..self.end]),
                Found::Pong => Message::Pong,
                Found::Close { code, reason: (from, to) } => Message::Close {
                    code,
                    reason: std::str::from_utf8(&self.buf[from..to]).unwrap_or_default(),
                },
            })),
            Err(violation) => Err(self.fail(violation)),
        }
    }

    /// Puts a text message into the send buffer.
    ///
    /// # Errors
    /// [`Refused::Full`] when it does not fit now, [`Refused::Closed`] after a close.
    pub fn send_text(&mut self, text: &[u8]) -> Result<(), Refused> {
        self.send_data(Opcode::Text, text)
    }

    /// Puts a binary message into the send buffer.
    ///
    /// # Errors
    /// As [`Conn::send_text`].
    #[cfg(any(test, feature = "lab"))]
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.send_data(Opcode::Binary, bytes)
    }

    /// Starts the closing handshake with `code` (which must be one [`frame::may_send`] allows,
    /// else 1000 is sent). Messages still arrive until the server answers. Later calls do nothing.
    pub fn close(&mut self, code: u16) {
        if self.state == State::Open {
            self.push_close(Some(if frame::may_send(code) { code } else { 1000 }));
            self.state = State::Closing;
        }
    }

    /// The [`Conn::sent`] first bytes of [`Conn::to_send`] have been written to the socket.
    ///
    /// # Panics
    /// If `n` is more than there was to send.
    #[inline]
    pub fn sent(&mut self, n: usize) {
        assert!(n <= self.out_tail - self.out_head, "sent no more than there was");
        self.out_head += n;
        if self.out_head == self.out_tail {
            self.out_head = 0;
            self.out_tail = 0;
            if let Some(len) = self.pong_len.take() {
                let pong = self.pong;
                self.push(Opcode::Pong, &pong[..len]);
            }
        }
    }

    /// Bytes to write to the socket, oldest first.
    #[inline]
    pub fn to_send(&self) -> &[u8] {
        &self.out[self.out_head..self.out_tail]
    }

    /// Where the closing handshake stands.
    #[inline]
    #[cfg(any(test, feature = "lab"))]
    pub fn state(&self) -> State {
        self.state
    }

    /// Pings received since the last [`Conn::restart`]; the caller may judge a flood by it.
    #[cfg(any(test, feature = "lab"))]
    pub fn pings(&self) -> u64 {
        self.pings
    }

    /// Finds the next message; on success it lies in `buf[start..end]`.
    #[inline]
    fn find(&mut self) -> Result<Option<Found>, Violation> {
        while self.state != State::Closed {
            if let Some(frame) = self.frame {
                if let Some(found) = self.absorb(frame)? {
                    return Ok(Some(found));
                }
                if self.frame.is_some() {
                    return Ok(None);
                }
                continue;
            }
            let bytes = &self.buf[self.head..self.tail];
            let Some((header, size)) = Header::parse(bytes, Role::Server)? else {
                return Ok(None);
            };
            if !header.opcode.is_control() {
                self.begin(header, size)?;
                continue;
            }
            // At most 125 bytes, as the header has been judged.
            let len = usize::try_from(header.len).map_err(|_| Violation::LongControl)?;
            if bytes.len() < size + len {
                return Ok(None);
            }
            let from = self.head + size;
            self.head = from + len;
            if let Some(found) = self.control(header.opcode, from, from + len)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Enters a data frame: all limits are decided here, on the header alone.
    #[inline]
    fn begin(&mut self, header: Header, size: usize) -> Result<(), Violation> {
        let continues = header.opcode == Opcode::Continuation;
        if continues && self.open.is_none() {
            return Err(Violation::LoneContinuation);
        }
        if !continues && self.open.is_some() {
            return Err(Violation::InterleavedData);
        }
        let (have, fragments) =
            if continues { (self.end - self.start, self.fragments + 1) } else { (0, 1) };
        if fragments > self.fragments_max {
            return Err(Violation::TooManyFragments);
        }
        let missing = usize::try_from(header.len).map_err(|_| Violation::TooLarge)?;
        if missing > self.message_max - have {
            return Err(Violation::TooLarge);
        }
        self.head += size;
        if !continues {
            self.open = Some(header.opcode);
            self.start = self.head;
            self.end = self.head;
            self.checked = self.head;
        }
        self.fragments = fragments;
        self.frame = Some(Frame { missing, fin: header.fin });
        Ok(())
    }

    /// Takes what has arrived of a data frame's payload to the end of the message.
    #[inline]
    fn absorb(&mut self, frame: Frame) -> Result<Option<Found>, Violation> {
        let n = frame.missing.min(self.tail - self.head);
        if self.head != self.end {
            self.buf.copy_within(self.head..self.head + n, self.end);
        }
        self.head += n;
        self.end += n;
        let missing = frame.missing - n;
        let done = missing == 0;
        self.frame = (!done).then_some(Frame { missing, fin: frame.fin });
        let last = done && frame.fin;
        let text = self.open == Some(Opcode::Text);
        if text {
            self.check_utf8(last)?;
        }
        if !last {
            return Ok(None);
        }
        self.open = None;
        Ok(Some(if text { Found::Text } else { Found::Binary }))
    }

    /// Checks the new part of a text. A character cut off at the end is fine unless it is the last.
    #[inline]
    fn check_utf8(&mut self, last: bool) -> Result<(), Violation> {
        match std::str::from_utf8(&self.buf[self.checked..self.end]) {
            Ok(_) => self.checked = self.end,
            Err(e) if last || e.error_len().is_some() => return Err(Violation::InvalidUtf8),
            Err(e) => self.checked += e.valid_up_to(),
        }
        Ok(())
    }

    /// Acts on a control frame whose payload is `buf[from..to]`.
    #[cold]
    fn control(
        &mut self,
        opcode: Opcode,
        from: usize,
        to: usize,
    ) -> Result<Option<Found>, Violation> {
        match opcode {
            Opcode::Close => {
                let (code, _) = frame::close_body(&self.buf[from..to])?;
                if self.state == State::Open {
                    self.push_close((code != frame::NO_STATUS).then_some(code));
                }
                self.state = State::Closed;
                Ok(Some(Found::Close { code, reason: (to.min(from + 2), to) }))
            }
            Opcode::Ping => {
                self.pings += 1;
                if self.state == State::Open {
                    self.answer(from, to);
                }
                Ok(None)
            }
            _ => Ok(Some(Found::Pong)),
        }
    }

    /// Answers a ping. A peer that pings but does not read gets only its newest answered.
    fn answer(&mut self, from: usize, to: usize) {
        let len = to - from;
        self.pong[..len].copy_from_slice(&self.buf[from..to]);
        if self.out_tail - self.out_head + PONG_ROOM + CLOSE_ROOM <= self.out.len() / 4 {
            let pong = self.pong;
            self.push(Opcode::Pong, &pong[..len]);
            self.pong_len = None;
        } else {
            self.pong_len = Some(len);
        }
    }

    fn send_data(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Refused> {
        if self.state != State::Open {
            return Err(Refused::Closed);
        }
        let waiting = self.out_tail - self.out_head;
        if payload.len() > self.out.len() - waiting
            || waiting + HEADER_MAX + payload.len() + CLOSE_ROOM > self.out.len()
        {
            return Err(Refused::Full);
        }
        self.push(opcode, payload);
        Ok(())
    }

    fn push_close(&mut self, code: Option<u16>) {
        self.pong_len = None;
        match code {
            Some(code) => self.push(Opcode::Close, &code.to_be_bytes()),
            None => self.push(Opcode::Close, &[]),
        }
    }

    /// Appends one masked frame; the caller has made sure that it fits.
    fn push(&mut self, opcode: Opcode, payload: &[u8]) {
        let key = self.rng.u32(..).to_le_bytes();
        let mut head = [0; HEADER_MAX];
        let size = Header::whole(opcode, payload.len(), Some(key)).encode(&mut head);
        if self.out.len() - self.out_tail < size + payload.len() {
            self.out.copy_within(self.out_head..self.out_tail, 0);
            self.out_tail -= self.out_head;
            self.out_head = 0;
        }
        let at = self.out_tail + size;
        self.out[self.out_tail..at].copy_from_slice(&head[..size]);
        let body = &mut self.out[at..at + payload.len()];
        body.copy_from_slice(payload);
        frame::mask(body, key);
        self.out_tail = at + payload.len();
    }

    #[cold]
    fn fail(&mut self, violation: Violation) -> Violation {
        if self.state == State::Open {
            self.push_close(Some(violation.code()));
        }
        self.state = State::Closed;
        self.drop_received();
        violation
    }

    fn drop_received(&mut self) {
        self.start = 0;
        self.end = 0;
        self.head = 0;
        self.tail = 0;
        self.checked = 0;
        self.frame = None;
        self.open = None;
        self.fragments = 0;
    }

    /// Moves what is still needed to the front. At least three quarters of the slack are free then,
    /// so that a received byte costs at most `message / slack`.
    #[cold]
    fn compact(&mut self, worth: usize) {
        if self.state == State::Closed {
            self.drop_received();
            return;
        }
        if self.open.is_none() {
            self.start = self.head;
            self.end = self.head;
            self.checked = self.head;
        }
        let (message, rest) = (self.end - self.start, self.tail - self.head);
        let gain = self.tail - message - rest;
        if gain < worth && self.tail < self.buf.len() {
            return;
        }
        self.buf.copy_within(self.start..self.end, 0);
        self.buf.copy_within(self.head..self.tail, message);
        self.checked -= self.start;
        self.start = 0;
        self.end = message;
        self.head = message;
        self.tail = message + rest;
    }
}

#[cfg(test)]
#[path = "conn_tests.rs"]
mod tests;
