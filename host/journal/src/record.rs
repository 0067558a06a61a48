//! The bytes of the file: a header, and records behind it.
//!
//! ```text
//! header   "trine-jl"  version u32  CRC-32 of these twelve bytes
//! record   length u32  CRC-32 of the length and the payload  payload
//! payload  kind u8  time u64  key length u8  key  rest
//! rest     of 1, begun: digest [u8; 32]
//!          of 2, ended: 0 result, 1 error, 2 not kept; the answer
//!          of 3, freed, and of 4, lost: nothing
//! ```
//!
//! Numbers are little-endian, times are milliseconds since 1970.

use std::ops::Range;

use trine_bits::Crc32;

/// Bytes of the header.
pub const HEADER_LEN: usize = 16;
/// Longest key of a call.
pub const KEY_MAX: usize = 255;
/// Longest answer that is kept.
pub const ANSWER_MAX: usize = 64 * 1024;

/// Version of the format.
const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"trine-jl";
/// Bytes before the payload.
const HEAD: usize = 8;
/// Bytes of a payload before its key.
const BEFORE_KEY: usize = 10;
const PAYLOAD_MAX: usize = BEFORE_KEY + KEY_MAX + 1 + ANSWER_MAX;
/// Bytes that are looked through for the next record behind damaged ones, checksums included.
const SEARCH_MAX: usize = 64 * 1024 * 1024;

/// What is known of the tool and arguments of a call.
pub type Digest = [u8; 32];

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When it was written, in milliseconds since 1970.
    pub at: u64,
    /// The call.
    pub key: &'a [u8],
    /// What it says of the call.
    pub kind: RecordKind<'a>,
}

/// What a record says of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind<'a> {
    /// Its tool is about to be entered.
    Begun(&'a Digest),
    /// It has ended with this answer, which is an error or not.
    Ended {
        /// Whether the answer is an error.
        is_error: bool,
        /// The answer, as it was sent.
        answer: &'a [u8],
    },
    /// It has ended, and its answer is not kept.
    NotKept,
    /// It did nothing, and may begin.
    Freed,
    /// How it ended will never be known.
    Lost,
}

/// What stands in a file behind its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A record, and where it stands.
    Record(Range<usize>, Record<'a>),
    /// Bytes that are no record.
    Damaged(Range<usize>),
}

/// The header of a file.
#[must_use]
pub fn header() -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    let version = VERSION.to_le_bytes();
    let crc = checksum(&[MAGIC, &version]).to_le_bytes();
    let parts = MAGIC.iter().chain(&version).chain(&crc);
    bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
    bytes
}

/// The version that a header names, if it is one.
#[must_use]
pub fn version(bytes: &[u8]) -> Option<u32> {
    let (head, rest) = bytes.split_first_chunk::<12>()?;
    let crc = u32::from_le_bytes(*rest.first_chunk()?);
    let (magic, version) = head.split_first_chunk::<8>()?;
    let is_one = magic == MAGIC && checksum(&[head]) == crc;
    is_one.then(|| version.first_chunk().map(|it| u32::from_le_bytes(*it)))?
}

fn checksum(parts: &[&[u8]]) -> u32 {
    let mut crc = Crc32::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.sum()
}

impl<'a> Record<'a> {
    /// Its bytes. A key longer than [`KEY_MAX`] or an answer longer than [`ANSWER_MAX`] is cut.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let key = self.key.get(..KEY_MAX).unwrap_or(self.key);
        let (kind, rest): (u8, [&[u8]; 2]) = match &self.kind {
            RecordKind::Begun(digest) => (1, [&digest[..], &[]]),
            RecordKind::Ended { is_error, answer } => {
                let what: &[u8] = if *is_error { &[1] } else { &[0] };
                (2, [what, answer.get(..ANSWER_MAX).unwrap_or(answer)])
            }
            RecordKind::NotKept => (2, [&[2], &[]]),
            RecordKind::Freed => (3, [&[], &[]]),
            RecordKind::Lost => (4, [&[], &[]]),
        };
        let mut payload = vec![kind];
        payload.extend(self.at.to_le_bytes());
        payload.push(key.len() as u8);
        payload.extend(key);
        rest.iter().for_each(|part| payload.extend(*part));
        let len = (payload.len() as u32).to_le_bytes();
        let crc = checksum(&[&len, &payload]).to_le_bytes();
        [&len[..], &crc, &payload].concat()
    }

    /// The record at the beginning of the bytes, and its length; `None` when it is incomplete.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let payload_len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        if payload_len > PAYLOAD_MAX {
            return None;
        }
        let payload = rest.get(..payload_len)?;
        // What cannot be one is seen before its checksum is computed.
        let record = Self::of_payload(payload)?;
        let is_whole = checksum(&[len, payload]) == u32::from_le_bytes(*crc);
        is_whole.then_some((record, HEAD + payload_len))
    }

    fn of_payload(payload: &'a [u8]) -> Option<Self> {
        let (kind, rest) = payload.split_first()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (key_len, rest) = rest.split_first()?;
        let (key, rest) = rest.split_at_checked(usize::from(*key_len))?;
        let kind = match (*kind, rest) {
            (1, digest) => RecordKind::Begun(digest.try_into().ok()?),
            (2, [what @ (0 | 1), answer @ ..]) if answer.len() <= ANSWER_MAX => {
                RecordKind::Ended { is_error: *what == 1, answer }
            }
            (2, [2]) => RecordKind::NotKept,
            (3, []) => RecordKind::Freed,
            (4, []) => RecordKind::Lost,
            _ => return None,
        };
        Some(Self { at: u64::from_le_bytes(*at), key, kind })
    }
}

/// What stands in a file, from the first byte behind its header.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
    /// What may still be looked through.
    search: usize,
}

/// Reads a file, of which [`version`] has judged the header.
#[must_use]
pub const fn read(bytes: &[u8]) -> Items<'_> {
    Items { bytes, at: HEADER_LEN, search: SEARCH_MAX }
}

impl<'a> Items<'a> {
    fn record_at(&self, at: usize) -> Option<(Record<'a>, usize)> {
        Record::decode(self.bytes.get(at..)?)
    }

    /// Where the next record begins, or where the bytes end.
    fn next_record(&mut self) -> usize {
        let mut at = self.at + 1;
        while at < self.bytes.len() && self.search > 0 {
            if self.record_at(at).is_some() {
                return at;
            }
            self.search = self.search.saturating_sub(1 + self.cost(at));
            at += 1;
        }
        self.bytes.len()
    }

    /// Bytes that a checksum was computed of there.
    fn cost(&self, at: usize) -> usize {
        let head = self.bytes.get(at..).and_then(|it| it.first_chunk::<4>());
        let len = head.map_or(0, |len| u32::from_le_bytes(*len) as usize);
        if len > PAYLOAD_MAX { 0 } else { len }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let from = self.at;
        if let Some((record, len)) = self.record_at(from) {
            self.at += len;
            return Some(Item::Record(from..self.at, record));
        }
        self.at = self.next_record();
        Some(Item::Damaged(from..self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: Digest = [0xd1; 32];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn all() -> [Record<'static>; 6] {
        let of = |at, kind| Record { at, key: b"pay-7", kind };
        [
            of(0x0102, RecordKind::Begun(&DIGEST)),
            of(0x0103, RecordKind::Ended { is_error: false, answer: b"{}" }),
            of(0x0104, RecordKind::Ended { is_error: true, answer: b"{}" }),
            of(0x0105, RecordKind::NotKept),
            of(0x0106, RecordKind::Freed),
            of(0x0107, RecordKind::Lost),
        ]
    }

    #[test]
    fn golden_bytes_of_the_header_and_of_each_record() {
        assert_eq!(hex(&header()), "7472696e652d6a6c01000000ccc5f438");
        let golden = [
            concat!(
                "2f000000e1457c7b010201000000000000057061792d37",
                "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
            ),
            "1200000021da5186020301000000000000057061792d37007b7d",
            "120000005dcc01a7020401000000000000057061792d37017b7d",
            "1000000010cdd863020501000000000000057061792d3702",
            "0f000000ceea8c44030601000000000000057061792d37",
            "0f000000a2048242040701000000000000057061792d37",
        ];
        for (record, golden) in all().iter().zip(golden) {
            assert_eq!(hex(&record.encode()), golden, "{record:?}");
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_not_with_a_byte_less_or_a_bit_turned() {
        for record in all() {
            let bytes = record.encode();
            assert_eq!(Record::decode(&bytes), Some((record, bytes.len())));
            for at in 0..bytes.len() {
                assert_eq!(Record::decode(&bytes[..at]), None, "{at} of {record:?}");
                for bit in 0..8 {
                    let mut turned = bytes.clone();
                    turned[at] ^= 1 << bit;
                    assert_eq!(Record::decode(&turned), None, "bit {bit} of {at} of {record:?}");
                }
            }
        }
    }

    #[test]
    fn a_header_names_its_version_or_is_none() {
        assert_eq!(version(&header()), Some(VERSION));
        for at in 0..HEADER_LEN {
            assert_eq!(version(&header()[..at]), None);
            let mut turned = header();
            turned[at] ^= 4;
            assert_eq!(version(&turned), None, "{at}");
        }
    }

    #[test]
    fn records_behind_damage_are_found() {
        let parts: Vec<Vec<u8>> = all().iter().map(Record::encode).collect();
        let mut bytes = [&header()[..], &parts.concat()].concat();
        let from = HEADER_LEN + parts[0].len();
        bytes[from + 9] ^= 1;
        let end = from + parts[1].len();
        let items: Vec<_> = read(&bytes).collect();
        assert_eq!(items.len(), 6);
        assert_eq!(items[1], Item::Damaged(from..end));
        assert!(matches!(items[2], Item::Record(_, record) if record == all()[2]));
        let cut: Vec<_> = read(&bytes[..bytes.len() - 1]).collect();
        assert!(matches!(cut.last(), Some(Item::Damaged(_))));
        assert_eq!(read(&bytes[..HEADER_LEN]).count(), 0);
        assert_eq!(read(b"").count(), 0);
    }

    #[test]
    fn the_longest_answer_is_kept_whole() {
        let answer = vec![b'x'; ANSWER_MAX];
        let kind = RecordKind::Ended { is_error: false, answer: &answer };
        let record = Record { at: u64::MAX, key: &[7; KEY_MAX], kind };
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes), Some((record, bytes.len())));
    }
}
