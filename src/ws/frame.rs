//! Frame headers, masking and close bodies: the rules of RFC 6455 sections 5 and 7 that need no
//! state.
//!
//! In: bytes. Out: a [`Header`], or the [`Violation`] that ends the connection. Hot path.
//!
//! 1. A header is judged byte by byte from the left, so the verdict does not depend on how many
//!    bytes have arrived, and nothing is reserved for a length before it has been judged.
//! 2. `parse(encode(h)) = h` for every header that may be sent.
//! 3. Every violation names one close code: 1002, 1007 or 1009.

/// Bytes of the longest header: two, eight of length, four of masking key.
pub const HEADER_MAX: usize = 14;

/// Bytes of the longest payload of a control frame (RFC 6455 section 5.5).
pub const CONTROL_MAX: usize = 125;

/// Close code reported for a close frame without a body. Never sent (RFC 6455 section 7.4.1).
pub const NO_STATUS: u16 = 1005;

/// Which end sent a frame. A client masks, a server must not (RFC 6455 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that asked for the upgrade.
    Client,
    /// The end that granted it.
    Server,
}

/// What a frame is (RFC 6455 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// A later piece of a fragmented message.
    Continuation = 0,
    /// UTF-8 text.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// The end of the conversation.
    Close = 8,
    /// To be answered by a pong with the same payload.
    Ping = 9,
    /// The answer to a ping, or a sign of life.
    Pong = 10,
}

/// A judged frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Last (or only) fragment of its message.
    pub fin: bool,
    /// Kind of frame.
    pub opcode: Opcode,
    /// Masking key, present exactly when a client sent the frame.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload, `0..=2^63 - 1`; at most [`CONTROL_MAX`] for control frames.
    pub len: u64,
}

/// A breach of RFC 6455, or of this program's limits, by the other end. Always fatal to the
/// connection; [`Violation::code`] says what to put into the close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A server sent a masked frame.
    #[error("masked frame from a server")]
    Masked,
    /// A client sent a frame without a mask.
    #[error("unmasked frame from a client")]
    Unmasked,
    /// A reserved bit is set though no extension was agreed on.
    #[error("reserved bits set without an extension")]
    ReservedBits,
    /// Opcode 3 to 7 or 11 to 15.
    #[error("reserved opcode")]
    ReservedOpcode,
    /// A control frame without FIN.
    #[error("fragmented control frame")]
    FragmentedControl,
    /// A control frame with more than 125 bytes.
    #[error("control frame longer than 125 bytes")]
    LongControl,
    /// A length written with more bytes than it needs.
    #[error("length not in its shortest form")]
    LengthNotMinimal,
    /// A 64-bit length with its highest bit set.
    #[error("length with its highest bit set")]
    LengthBit63,
    /// A continuation while no fragmented message is open.
    #[error("continuation without a message")]
    LoneContinuation,
    /// A new text or binary frame inside a fragmented message.
    #[error("new message inside a fragmented one")]
    InterleavedData,
    /// A text message, or the reason of a close frame, is not UTF-8.
    #[error("text that is not UTF-8")]
    InvalidUtf8,
    /// A close frame whose body is a single byte.
    #[error("close frame with a one-byte body")]
    ShortClose,
    /// A close frame with a code that may not be sent.
    #[error("close code that may not be sent")]
    CloseCode,
    /// A message longer than this end accepts; decided on the header alone.
    #[error("message larger than accepted")]
    TooLarge,
    /// A message in more fragments than this end accepts.
    #[error("message in more fragments than accepted")]
    TooManyFragments,
}

impl Violation {
    /// The close code that names this violation: 1002 (protocol), 1007 (not UTF-8), 1009 (too big).
    pub fn code(self) -> u16 {
        match self {
            Violation::InvalidUtf8 => 1007,
            Violation::TooLarge | Violation::TooManyFragments => 1009,
            _ => 1002,
        }
    }
}

impl Opcode {
    /// The opcode of four bits, if it is not reserved.
    pub fn from_bits(bits: u8) -> Option<Opcode> {
        Some(match bits {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return None,
        })
    }

    /// Whether frames of this kind may stand between the fragments of a message.
    pub fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

impl Header {
    /// A frame that is a whole message.
    pub fn whole(opcode: Opcode, len: usize, mask: Option<[u8; 4]>) -> Header {
        Header { fin: true, opcode, mask, len: len as u64 }
    }

    /// Reads the header at the start of `bytes`, sent by `sender`. Gives the header and its size
    /// (2 to [`HEADER_MAX`] bytes), or `None` while bytes are missing.
    ///
    /// # Errors
    /// The leftmost violation among the bytes present.
    #[inline]
    pub fn parse(bytes: &[u8], sender: Role) -> Result<Option<(Header, usize)>, Violation> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Violation::ReservedBits);
        }
        let Some(opcode) = Opcode::from_bits(first & 0x0f) else {
            return Err(Violation::ReservedOpcode);
        };
        let fin = first & 0x80 != 0;
        if opcode.is_control() && !fin {
            return Err(Violation::FragmentedControl);
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let masked = second & 0x80 != 0;
        match sender {
            Role::Server if masked => return Err(Violation::Masked),
            Role::Client if !masked => return Err(Violation::Unmasked),
            _ => {}
        }
        let short = second & 0x7f;
        if opcode.is_control() && usize::from(short) > CONTROL_MAX {
            return Err(Violation::LongControl);
        }
        let Some((len, at)) = extended(bytes, short)? else { return Ok(None) };
        if !masked {
            return Ok(Some((Header { fin, opcode, mask: None, len }, at)));
        }
        let Some(key) = bytes.get(at..at + 4).and_then(|k| <[u8; 4]>::try_from(k).ok()) else {
            return Ok(None);
        };
        Ok(Some((Header { fin, opcode, mask: Some(key), len }, at + 4)))
    }

    /// Writes the header in its shortest form; gives its size in bytes.
    #[inline]
    pub fn encode(self, out: &mut [u8; HEADER_MAX]) -> usize {
        out[0] = u8::from(self.fin) << 7 | self.opcode as u8;
        let masked = u8::from(self.mask.is_some()) << 7;
        let mut at = if let Ok(short @ 0..=125) = u8::try_from(self.len) {
            out[1] = masked | short;
            2
        } else if let Ok(len) = u16::try_from(self.len) {
            out[1] = masked | 126;
            out[2..4].copy_from_slice(&len.to_be_bytes());
            4
        } else {
            out[1] = masked | 127;
            out[2..10].copy_from_slice(&self.len.to_be_bytes());
            10
        };
        if let Some(key) = self.mask {
            out[at..at + 4].copy_from_slice(&key);
            at += 4;
        }
        at
    }
}

/// The payload length and the offset after it, or `None` while bytes are missing.
fn extended(bytes: &[u8], short: u8) -> Result<Option<(u64, usize)>, Violation> {
    match short {
        126 => {
            let Some(b) = bytes.get(2..4).and_then(|b| <[u8; 2]>::try_from(b).ok()) else {
                return Ok(None);
            };
            let len = u64::from(u16::from_be_bytes(b));
            if len < 126 { Err(Violation::LengthNotMinimal) } else { Ok(Some((len, 4))) }
        }
        127 => {
            let Some(b) = bytes.get(2..10).and_then(|b| <[u8; 8]>::try_from(b).ok()) else {
                return Ok(None);
            };
            let len = u64::from_be_bytes(b);
            if len >> 63 != 0 {
                Err(Violation::LengthBit63)
            } else if len <= u64::from(u16::MAX) {
                Err(Violation::LengthNotMinimal)
            } else {
                Ok(Some((len, 10)))
            }
        }
        _ => Ok(Some((u64::from(short), 2))),
    }
}

/// Masks or unmasks `payload` in place, `key` starting at its first byte (RFC 6455 section 5.3).
#[inline]
pub fn mask(payload: &mut [u8], key: [u8; 4]) {
    let mut fours = payload.chunks_exact_mut(4);
    for four in &mut fours {
        for (byte, k) in four.iter_mut().zip(key) {
            *byte ^= k;
        }
    }
    for (byte, k) in fours.into_remainder().iter_mut().zip(key) {
        *byte ^= k;
    }
}

/// Whether a close frame may carry `code`: 1000 to 1003, 1007 to 1014 (RFC 6455 section 7.4.1 and
/// the registry it opened) and 3000 to 4999.
pub fn may_send(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Reads the body of a close frame: code ([`NO_STATUS`] when the body is empty) and reason.
///
/// # Errors
/// [`Violation::ShortClose`], [`Violation::CloseCode`] or [`Violation::InvalidUtf8`].
pub fn close_body(body: &[u8]) -> Result<(u16, &str), Violation> {
    match body {
        [] => Ok((NO_STATUS, "")),
        [_] => Err(Violation::ShortClose),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_send(code) {
                return Err(Violation::CloseCode);
            }
            let reason = std::str::from_utf8(reason).map_err(|_| Violation::InvalidUtf8)?;
            Ok((code, reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Violation {
        /// Every violation.
        pub const ALL: [Violation; 15] = [
            Violation::Masked,
            Violation::Unmasked,
            Violation::ReservedBits,
            Violation::ReservedOpcode,
            Violation::FragmentedControl,
            Violation::LongControl,
            Violation::LengthNotMinimal,
            Violation::LengthBit63,
            Violation::LoneContinuation,
            Violation::InterleavedData,
            Violation::InvalidUtf8,
            Violation::ShortClose,
            Violation::CloseCode,
            Violation::TooLarge,
            Violation::TooManyFragments,
        ];
    }

    #[test]
    fn every_close_code() {
        for code in 0..=u16::MAX {
            let legal = (1000..1004).contains(&code)
                || (1007..1015).contains(&code)
                || (3000..5000).contains(&code);
            let body = code.to_be_bytes();
            let expected = if legal { Ok((code, "")) } else { Err(Violation::CloseCode) };
            assert_eq!(close_body(&body), expected, "{code}");
        }
        assert_eq!(close_body(&[]), Ok((NO_STATUS, "")));
        assert_eq!(close_body(&[3]), Err(Violation::ShortClose));
        assert_eq!(close_body(&[3, 232, 0xff]), Err(Violation::InvalidUtf8));
        assert_eq!(close_body(b"\x03\xe8bye"), Ok((1000, "bye")));
    }

    #[test]
    fn every_pair_of_first_bytes() {
        for first in 0..=255u8 {
            for second in 0..=255u8 {
                let mut bytes = [0u8; HEADER_MAX];
                bytes[0] = first;
                bytes[1] = second;
                // A length that is minimal in both long forms.
                match second & 0x7f {
                    126 => bytes[2] = 1,
                    127 => bytes[4] = 1,
                    _ => {}
                }
                let opcode = first & 15;
                let control = opcode >= 8;
                for sender in [Role::Client, Role::Server] {
                    let expected = if first & 0x70 != 0 {
                        Some(Violation::ReservedBits)
                    } else if matches!(opcode, 3..=7 | 11..=15) {
                        Some(Violation::ReservedOpcode)
                    } else if control && first & 0x80 == 0 {
                        Some(Violation::FragmentedControl)
                    } else if sender == Role::Server && second & 0x80 != 0 {
                        Some(Violation::Masked)
                    } else if sender == Role::Client && second & 0x80 == 0 {
                        Some(Violation::Unmasked)
                    } else if control && second & 0x7f > 125 {
                        Some(Violation::LongControl)
                    } else {
                        None
                    };
                    let got = Header::parse(&bytes, sender);
                    assert_eq!(got.err(), expected, "{first:02x} {second:02x} {sender:?}");
                }
            }
        }
    }

    #[test]
    fn lengths_must_be_minimal() {
        let parse = |bytes: &[u8]| Header::parse(bytes, Role::Server);
        let long = |len: u64| {
            let mut bytes = vec![0x82, 127];
            bytes.extend(len.to_be_bytes());
            bytes
        };
        assert_eq!(parse(&[0x82, 126, 0, 125]), Err(Violation::LengthNotMinimal));
        assert_eq!(parse(&[0x82, 126, 0, 126]).unwrap().unwrap().0.len, 126);
        assert_eq!(parse(&long(65_535)), Err(Violation::LengthNotMinimal));
        assert_eq!(parse(&long(65_536)).unwrap().unwrap().0.len, 65_536);
        assert_eq!(parse(&long(1 << 63)), Err(Violation::LengthBit63));
        assert_eq!(parse(&long((1 << 63) - 1)).unwrap().unwrap().0.len, (1 << 63) - 1);
    }

    #[test]
    fn codes_of_violations() {
        for violation in Violation::ALL {
            assert!(may_send(violation.code()), "{violation}");
        }
        assert_eq!(Violation::InvalidUtf8.code(), 1007);
        assert_eq!(Violation::TooLarge.code(), 1009);
        assert_eq!(Violation::TooManyFragments.code(), 1009);
        assert_eq!(Violation::Masked.code(), 1002);
    }

    fn opcode() -> impl Strategy<Value = Opcode> {
        (0u8..16).prop_filter_map("reserved", Opcode::from_bits)
    }

    proptest! {
        #[test]
        fn header_round_trip(
            opcode in opcode(),
            fin: bool,
            key: Option<[u8; 4]>,
            bits in 0u32..64,
            raw: u64,
        ) {
            let len = (raw >> 1) >> bits;
            let control = opcode.is_control();
            let header = Header {
                fin: fin || control,
                opcode,
                mask: key,
                len: if control { len % 126 } else { len },
            };
            let mut out = [0; HEADER_MAX];
            let size = header.encode(&mut out);
            let sender = if key.is_some() { Role::Client } else { Role::Server };
            prop_assert_eq!(Header::parse(&out[..size], sender), Ok(Some((header, size))));
            for cut in 0..size {
                prop_assert_eq!(Header::parse(&out[..cut], sender), Ok(None));
            }
        }

        #[test]
        fn masking_twice_is_nothing(mut bytes: Vec<u8>, key: [u8; 4]) {
            let clear = bytes.clone();
            mask(&mut bytes, key);
            for (i, (a, b)) in clear.iter().zip(&bytes).enumerate() {
                prop_assert_eq!(a ^ key[i % 4], *b);
            }
            mask(&mut bytes, key);
            prop_assert_eq!(bytes, clear);
        }
    }
}
