//! Where a journal ends, and how a new process goes on from there.
//!
//! In: a folder through [`Disk`]. Out: [`Recovered`]: the exact prefix, the torn tail, every
//! damage. Cold path.
//!
//! 1. `inspect` changes nothing.
//! 2. `repair` cuts a torn tail and removes unfinished segments. It never touches damage: a
//!    damaged journal is for people, not for guesses.
//! 3. `cut` takes whole records back, newest first: whenever it is interrupted, a prefix stands.
//! 4. `next_seq`, `records`, `digest` describe the prefix before the first damage.

use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::format::{self, HEADER_BYTES};
use super::reader::{Damage, Found, ReadError, Reader, Torn};
use super::{Digest, DiskError};
use crate::record::{Body, Bytes, RECORD_BYTES, Record};
use crate::units::Ns;

/// Damages kept in the list; all are counted.
pub const DAMAGE_LISTED: usize = 1000;

/// What stands in a journal.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// Configuration it was written under; `None` for an empty journal.
    pub config: Option<[u64; 2]>,
    /// Segments, by the highest number; the number of the next one.
    pub segments: u64,
    /// Records of the prefix, `Lost` included.
    pub records: u64,
    /// Records the prefix says were lost.
    pub lost: u64,
    /// Sequence number after the prefix.
    pub next_seq: u64,
    /// Digest of the prefix.
    pub digest: Digest,
    /// Time of the first and of the last record of the prefix.
    pub span: Option<(Ns, Ns)>,
    /// Whether the prefix ends with `Stop`.
    pub stopped: bool,
    /// Unfinished end.
    pub torn: Option<Torn>,
    /// The first damages.
    pub damage: Vec<Damage>,
    /// Number of damages.
    pub damages: u64,
    /// Sound records after the first damage.
    pub salvageable: u64,
    /// Hash of the last segment's sound bytes.
    pub(super) last_hash: u128,
    /// Where it begins.
    pub(super) front: Front,
}

/// Where a journal begins whose first segments were dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    /// Number of the first segment that counts.
    pub segment: u64,
    /// Number of its first record.
    pub seq: u64,
    /// Digest of the records before it.
    pub digest: Digest,
}

impl Recovered {
    /// Whether every byte is sound and in its place.
    pub fn is_clean(&self) -> bool {
        self.torn.is_none() && self.damages == 0
    }

    fn take(&mut self, record: &Record) {
        if self.damages > 0 {
            self.salvageable += 1;
            return;
        }
        self.records += 1;
        if let Body::Lost(l) = record.body {
            self.lost = self.lost.saturating_add(l.count);
        }
        self.digest.update(&record.encode());
        self.next_seq = record.seq.saturating_add(1);
        self.span = Some((self.span.map_or(record.at, |s| s.0), record.at));
        self.stopped = matches!(record.body, Body::Stop(_));
    }
}

/// Reads a whole journal.
///
/// # Errors
/// [`ReadError`] where it cannot be read at all. Damage is a result, not an error.
#[cfg(any(test, feature = "lab"))]
pub fn inspect<D: Disk>(disk: &mut D) -> Result<Recovered, ReadError> {
    inspect_since(disk, &Front::default())
}

/// Reads a journal from where its bound left it.
///
/// # Errors
/// [`ReadError`] where it cannot be read at all. Damage is a result, not an error.
pub fn inspect_since<D: Disk>(disk: &mut D, from: &Front) -> Result<Recovered, ReadError> {
    let mut out =
        Recovered { front: from.clone(), digest: from.digest.clone(), ..Recovered::default() };
    let mut reader = Reader::since(disk, from.segment)?;
    while let Some(found) = reader.step()? {
        match found {
            Found::Record(r) => out.take(&r),
            Found::Torn(t) => out.torn = Some(t),
            Found::Damage(d) => {
                out.damages += 1;
                if out.damage.len() < DAMAGE_LISTED {
                    out.damage.push(d);
                }
            }
        }
    }
    if out.records == 0 && out.damages == 0 {
        out.next_seq = reader.next_seq().unwrap_or(from.seq);
    }
    out.config = reader.config();
    out.segments = reader.segments();
    out.last_hash = reader.last_hash();
    Ok(out)
}

/// Number of the first record of a segment.
///
/// # Errors
/// [`ReadError::Disk`] where it cannot be read; [`DiskError::Missing`] where its header is unsound.
pub fn first_seq<D: Disk>(disk: &mut D, segment: u64) -> Result<u64, ReadError> {
    let mut file = disk.open(&format::segment_name(segment))?;
    let mut head = [0; HEADER_BYTES];
    disk.read(&mut file, 0, &mut head)?;
    format::Header::decode(&head).map(|h| h.first_seq).map_err(|_| DiskError::Missing.into())
}

/// Cuts the torn tail `found` speaks of, removes unfinished segments, and gives what stands then.
///
/// # Errors
/// [`ReadError::Disk`] as the disk refuses; [`DiskError::Exists`] where there is damage.
pub fn repair<D: Disk>(disk: &mut D, found: &Recovered) -> Result<Recovered, ReadError> {
    if found.damages > 0 {
        return Err(DiskError::Exists.into());
    }
    for name in disk.names()?.iter().filter(|n| format::is_temporary(n)) {
        disk.remove(name)?;
    }
    if let Some(torn) = found.torn {
        let name = format::segment_name(torn.segment);
        if torn.keep == 0 {
            disk.remove(&name)?;
        } else {
            disk.truncate(&name, torn.keep)?;
        }
    }
    disk.sync_dir()?;
    inspect_since(disk, &found.front)
}

/// Takes back the records from number `seq` on, and gives what stands then. A `Lost` that covers `seq`
/// goes as a whole, so `next_seq` may be below `seq`.
///
/// # Errors
/// [`ReadError::Disk`] as the disk refuses; [`DiskError::Exists`] where there is damage or a torn tail.
pub fn cut<D: Disk>(disk: &mut D, found: &Recovered, seq: u64) -> Result<Recovered, ReadError> {
    if !found.is_clean() {
        return Err(DiskError::Exists.into());
    }
    let (header, record) = (HEADER_BYTES as u64, RECORD_BYTES as u64);
    for number in (found.front.segment..found.segments).rev() {
        let name = format::segment_name(number);
        let mut file = disk.open(&name)?;
        let size = disk.size(&name)?;
        // Numbers grow: the first place whose number is not below `seq`.
        let (mut low, mut high) = (0, size.saturating_sub(header) / record);
        while low < high {
            let middle = low + (high - low) / 2;
            let mut bytes: Bytes = [0; RECORD_BYTES];
            disk.read(&mut file, header + middle * record, &mut bytes)?;
            if format::seq_of(&bytes) < seq { low = middle + 1 } else { high = middle }
        }
        if low == 0 && number > found.front.segment {
            disk.remove(&name)?;
            continue;
        }
        if header + low * record < size {
            disk.truncate(&name, header + low * record)?;
        }
        break;
    }
    disk.sync_dir()?;
    inspect_since(disk, &found.front)
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Writer};
    use super::*;
    use crate::laws::disk::FakeDisk;
    use crate::record::{Lost, NO_COIN, Regimes};

    const OPTIONS: Options = Options { config: [1, 2], segment_bytes: 8 * 128, sync_ns: 10 };

    /// Forty records over six segments; numbers 10 to 14 were lost.
    fn written() -> (FakeDisk, Vec<Record>) {
        let mut disk = FakeDisk::new();
        let mut list = Vec::new();
        for seq in (0..10).chain(14..44) {
            let body = match seq {
                14 => Lost { first: 10, count: 5 }.into(),
                _ => Regimes { p: [0.5, 0.0, 0.0, 1.0], sigma_bps: [0.0; 4] }.into(),
            };
            list.push(Record { seq, at: Ns(5), coin: NO_COIN, body });
        }
        let mut w = Writer::create(&mut disk, OPTIONS).expect("an empty folder");
        list.iter().for_each(|r| w.append(&r.encode()).expect("healthy"));
        w.finish().expect("healthy");
        (disk, list)
    }

    #[test]
    fn cut_leaves_the_prefix_and_the_journal_goes_on_from_it() {
        for seq in 0..=50 {
            let (mut disk, list) = written();
            let found = inspect(&mut disk).expect("readable");
            let left = cut(&mut disk, &found, seq).expect("whole");
            // What speaks of lost records goes as a whole.
            let kept: Vec<&Record> = list.iter().filter(|r| r.seq < seq).collect();
            let next = kept.last().map_or(0, |r| r.seq + 1);
            assert!(left.is_clean(), "{seq}: {left:?}");
            assert_eq!((left.records, left.next_seq), (kept.len() as u64, next), "{seq}");
            let mut w = Writer::resume(&mut disk, OPTIONS, &left).expect("it goes on");
            for r in list.iter().filter(|r| r.seq >= next) {
                w.append(&r.encode()).expect("healthy");
            }
            w.finish().expect("healthy");
            let again = inspect(&mut disk).expect("readable");
            assert!(again.is_clean(), "{seq}: {again:?}");
            assert_eq!(again.digest.value(), found.digest.value(), "{seq}: the same as before");
        }
    }
}
