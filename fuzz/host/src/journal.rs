//! The file of a journal of calls.
//!
//! What is read covers each byte once, records are what they were written from, and a file that was
//! cut or damaged anywhere is told with what it has lost.

use trine_journal::Report;
use trine_journal::record::{self, HEADER_LEN, Item, Record};

/// Reads a file: the bytes by themselves, and behind a header.
pub fn run(data: &[u8]) {
    read(data);
    read(&[&record::header()[..], data].concat());
}

fn read(bytes: &[u8]) {
    let (mut at, mut records, mut damaged) = (HEADER_LEN, 0, 0);
    for item in record::read(bytes) {
        let (range, is_record) = match item {
            Item::Record(range, record) => {
                let written = &bytes[range.clone()];
                assert_eq!(record.encode(), written, "it is written as it was read");
                assert_eq!(Record::decode(written), Some((record, range.len())));
                (range, true)
            }
            Item::Damaged(range) => (range, false),
        };
        assert!(range.start == at && range.end > at, "{range:?} behind {at}");
        at = range.end;
        records += usize::from(is_record);
        damaged += usize::from(!is_record);
    }
    assert!(at == bytes.len() || bytes.len() < HEADER_LEN);
    let Some(report) = Report::of(bytes) else {
        return assert_ne!(record::version(bytes), Some(1));
    };
    assert!(report.calls <= records && report.unknown <= report.calls);
    if bytes.len() >= HEADER_LEN {
        assert_eq!(report.damaged.len() + usize::from(report.cut > 0), damaged);
        assert!(report.cut <= (bytes.len() - HEADER_LEN) as u64);
    }
}
