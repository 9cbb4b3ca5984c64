//! The bytes of a journal segment.
//!
//! In: headers and records. Out: bytes, and back with the fault named. Cold path. Little-endian.
//!
//! ```text
//!  00000007.journal
//!    0  ┌──────────────────────────────────────────────────────────────┐
//!       │ header, 128 bytes                                            │
//!  128  ├──────────────────────────────────────────────────────────────┤
//!       │ record, 128 bytes: crc32c of bytes 4..128 | see `record`     │
//!  256  ├──────────────────────────────────────────────────────────────┤
//!       │ …                                                            │
//!
//!  header
//!    0        8          12         16         24          32             48
//!    | magic  | layout   | alphabet | number   | first_seq | config       |
//!    | "pmjrnl\r\n"      | u32      | u32      | u64       | 2 x u64      |
//!   48                   64                                   124      128
//!    | previous (u128)   | zero                               | crc32c   |
//! ```
//! 1. `layout` is [`LAYOUT_VERSION`], `alphabet` is [`FORMAT_VERSION`]. Another version with a sound checksum is
//!    refused by name; magic, both versions and the place of the checksum stay where they are in
//!    every version to come.
//! 2. `number` is the number in the file's name, from 0 without holes.
//! 3. `first_seq` is the sequence number of the first record: the next one not lost.
//! 4. `previous` is the xxh3-128 of the whole file before (0 in the first): moved, exchanged,
//!    cut or missing segments break the chain.
//! 5. `crc32c` covers bytes 0..124 of the header.

use crate::record::{Bytes, FORMAT_VERSION, RECORD_BYTES};

/// Version of the segments' layout.
pub const LAYOUT_VERSION: u32 = 1;
/// File in a run's folder that the one writing process holds locked.
pub const FOLDER_LOCK: &str = "lock";
/// Bytes of a header; one record's place, so that records stay aligned to sectors.
pub(super) const HEADER_BYTES: usize = RECORD_BYTES;

const MAGIC: [u8; 8] = *b"pmjrnl\r\n";
const CRC_AT: usize = HEADER_BYTES - 4;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the segment, from 0.
    pub number: u64,
    /// Sequence number of its first record.
    pub first_seq: u64,
    /// Hash of the decision-relevant configuration.
    pub config: [u64; 2],
    /// xxh3-128 of the file before; 0 in the first.
    pub previous: u128,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// Shorter than a header.
    #[error("the header is cut")]
    Short,
    /// Another kind of file.
    #[error("the file is no segment of a journal")]
    Magic,
    /// Bytes were changed.
    #[error("the header's checksum is wrong")]
    Checksum,
    /// Sound, but of a version this program does not know.
    #[error("the header names layout {layout} and record format {alphabet}")]
    Version {
        /// Version of the segments' layout.
        layout: u32,
        /// Version of the records.
        alphabet: u32,
    },
}

impl Header {
    /// The header as bytes, sealed.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0u8; HEADER_BYTES];
        out[0..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&LAYOUT_VERSION.to_le_bytes());
        out[12..16].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        out[16..24].copy_from_slice(&self.number.to_le_bytes());
        out[24..32].copy_from_slice(&self.first_seq.to_le_bytes());
        out[32..40].copy_from_slice(&self.config[0].to_le_bytes());
        out[40..48].copy_from_slice(&self.config[1].to_le_bytes());
        out[48..64].copy_from_slice(&self.previous.to_le_bytes());
        let crc = crc32c::crc32c(&out[..CRC_AT]);
        out[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`HeaderFault`]; the version is judged only where the checksum is sound.
    pub fn decode(bytes: &[u8]) -> Result<Header, HeaderFault> {
        let b: &[u8; HEADER_BYTES] =
            bytes.get(..HEADER_BYTES).and_then(|b| b.try_into().ok()).ok_or(HeaderFault::Short)?;
        if b[..8] != MAGIC {
            return Err(HeaderFault::Magic);
        }
        if crc32c::crc32c(&b[..CRC_AT]) != four(b, CRC_AT) {
            return Err(HeaderFault::Checksum);
        }
        let (layout, alphabet) = (four(b, 8), four(b, 12));
        if layout != LAYOUT_VERSION || alphabet != FORMAT_VERSION {
            return Err(HeaderFault::Version { layout, alphabet });
        }
        Ok(Header {
            number: eight(b, 16),
            first_seq: eight(b, 24),
            config: [eight(b, 32), eight(b, 40)],
            previous: u128::from(eight(b, 48)) | u128::from(eight(b, 56)) << 64,
        })
    }
}

/// File name of a segment.
pub fn segment_name(number: u64) -> String {
    format!("{number:08}.journal")
}

/// Name under which a segment is prepared.
pub(super) fn temporary_name(number: u64) -> String {
    format!("{number:08}.tmp")
}

/// The number in a segment's file name; `None` for another file.
pub fn segment_number(name: &str) -> Option<u64> {
    numbered(name, ".journal")
}

/// Whether a file is a segment that was never finished.
pub(super) fn is_temporary(name: &str) -> bool {
    numbered(name, ".tmp").is_some()
}

/// Writes a record's checksum.
pub(super) fn seal(record: &mut Bytes) {
    let crc = crc32c::crc32c(&record[4..]);
    record[..4].copy_from_slice(&crc.to_le_bytes());
}

/// Whether a record's checksum is sound.
pub(super) fn is_sealed(record: &Bytes) -> bool {
    crc32c::crc32c(&record[4..]) == four(record, 0)
}

/// The sequence number of an encoded record.
pub(super) fn seq_of(record: &Bytes) -> u64 {
    eight(record, 8)
}

fn numbered(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_suffix(suffix)?;
    let plain = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok().filter(|n| segment_name(*n).starts_with(digits)) } else { None }
}

fn four(b: &[u8; RECORD_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]])
}

fn eight(b: &[u8; RECORD_BYTES], at: usize) -> u64 {
    u64::from(four(b, at)) | u64::from(four(b, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header =
        Header { number: 3, first_seq: 99, config: [5, 6], previous: u128::MAX - 7 };

    #[test]
    fn header_round_trip() {
        assert_eq!(Header::decode(&HEADER.encode()), Ok(HEADER));
        assert_eq!(Header::decode(&HEADER.encode()[..127]), Err(HeaderFault::Short));
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_found() {
        let good = HEADER.encode();
        for bit in 0..HEADER_BYTES * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(&bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn another_version_is_refused_by_name() {
        for (at, want) in [
            (8, HeaderFault::Version { layout: 9, alphabet: FORMAT_VERSION }),
            (12, HeaderFault::Version { layout: LAYOUT_VERSION, alphabet: 9 }),
        ] {
            let mut b = HEADER.encode();
            b[at] = 9;
            let crc = crc32c::crc32c(&b[..CRC_AT]);
            b[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
            assert_eq!(Header::decode(&b), Err(want));
        }
    }

    #[test]
    fn names() {
        assert_eq!(segment_number(&segment_name(7)), Some(7));
        assert_eq!(segment_number(&segment_name(123_456_789)), Some(123_456_789));
        for bad in ["7.journal", "0000000x.journal", "000000007.journal", "00000007.tmp", "lock"] {
            assert_eq!(segment_number(bad), None, "{bad}");
        }
        assert!(is_temporary("00000000.tmp") && !is_temporary("x.tmp"));
    }
}
