//! A record as bytes and back.
//!
//! In: a [`Record`] or its bytes. Out: the other. Hot path: constant offsets, no allocation.

use super::field::{HEADER_BYTES, Malformed, PAYLOAD_BYTES, RECORD_BYTES, unpadded};
use super::{Body, Bytes, Coin, Record};
use crate::units::{CoinId, Ns};

impl Coin {
    /// The name as text.
    pub fn text(&self) -> String {
        unpadded(&self.name)
    }
}

impl Record {
    /// The record as bytes, checksum zero.
    pub fn encode(&self) -> Bytes {
        let mut out = [0u8; RECORD_BYTES];
        out[4] = self.body.kind();
        out[5] = self.coin.0;
        out[8..16].copy_from_slice(&self.seq.to_le_bytes());
        out[16..24].copy_from_slice(&self.at.0.to_le_bytes());
        let (_, payload) = out.split_at_mut(HEADER_BYTES);
        if let Ok(p) = payload.try_into() {
            self.body.put(p);
        }
        out
    }

    /// Reads a record; the checksum is not looked at (see `journal`).
    ///
    /// # Errors
    /// [`Malformed`] where kind or a code is unknown.
    pub fn decode(b: &Bytes) -> Result<Record, Malformed> {
        let (h, payload) = b.split_at(HEADER_BYTES);
        let eight = |i: usize| <[u8; 8]>::try_from(&h[i..i + 8]).unwrap_or_default();
        let p: &[u8; PAYLOAD_BYTES] = payload.try_into().map_err(|_| Malformed::Code)?;
        Ok(Record {
            seq: u64::from_le_bytes(eight(8)),
            at: Ns(i64::from_le_bytes(eight(16))),
            coin: CoinId(h[5]),
            body: Body::take(h[4], p)?,
        })
    }
}

impl Body {
    /// The record of a kind whose payload begins with these bytes; the rest is zero.
    pub(super) fn from_payload(kind: u8, bytes: &[u8]) -> Option<Body> {
        let mut payload = [0; PAYLOAD_BYTES];
        payload.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Body::take(kind, &payload).ok()
    }
}
