//! Deltas: there and back, cut, with bits turned, and byte by byte.

use trine_bits::{Fnv64, Random};
use trine_unseen::Base;
use trine_unseen::base::{Piece, Thresholds};

use super::delta::{Delta, NewPiece, floats_of, trits_of, write_delta};
use super::{BASE, BaseAsker, OpenedBase, ToolList};
use crate::{DeltaError, Error};

const THRESHOLDS: Thresholds = Thresholds { acting: 0.75, reading: 0.5 };

/// The weights of the base, of which about one in `each` is another.
fn changed(base: &Base<'_>, each: usize, random: &mut Random) -> Vec<NewPiece> {
    let mut new = Vec::new();
    base.weights(&mut |piece| {
        let mut is_changed = || random.below(each) == 0;
        new.push(match piece {
            Piece::Matrix(..) => {
                let mut trits = trits_of(&piece);
                for trit in trits.iter_mut().filter(|_| is_changed()) {
                    *trit = if *trit == 1 { -1 } else { *trit + 1 };
                }
                NewPiece::Trits(trits)
            }
            Piece::Floats(bytes) => {
                let mut floats = floats_of(bytes);
                floats.iter_mut().filter(|_| is_changed()).for_each(|x| *x += 0.125);
                NewPiece::Floats(floats)
            }
        });
    });
    new
}

/// A delta whose changes are these bytes, with the right length and hash.
fn sealed(delta: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut out = [&delta[..44], changes].concat();
    let length = (out.len() as u32).to_le_bytes();
    out[8..12].copy_from_slice(&length);
    let hash = Fnv64::new().bytes(&out[20..]).hash();
    out[12..20].copy_from_slice(&hash.to_le_bytes());
    out
}

#[test]
fn what_is_written_is_what_is_applied() {
    let base = Base::parse(BASE).unwrap();
    let mut random = Random::named(1, "deltas");
    for each in [3, 100, 5000] {
        let new = changed(&base, each, &mut random);
        let bytes = write_delta(&base, 7, THRESHOLDS, &new);
        let delta = Delta::parse(&bytes).unwrap();
        let tuned = delta.apply(&base).unwrap();
        let tuned = Base::parse(&tuned).unwrap();
        assert_eq!((delta.list, tuned.thresholds()), (7, THRESHOLDS));
        let mut wanted = new.iter();
        tuned.weights(&mut |piece| match (piece, wanted.next()) {
            (Piece::Floats(bytes), Some(NewPiece::Floats(floats))) => {
                let pairs = floats_of(bytes).into_iter().zip(floats);
                pairs.for_each(|(x, wanted)| assert!((x - wanted).abs() < 1e-5, "{x} {wanted}"));
            }
            (_, Some(NewPiece::Trits(trits))) => assert!(trits_of(&piece) == *trits),
            other => panic!("{other:?}"),
        });
        // The delta between both is the same one.
        let mut again = Vec::new();
        tuned.weights(&mut |piece| {
            again.push(match piece {
                Piece::Matrix(..) => NewPiece::Trits(trits_of(&piece)),
                Piece::Floats(bytes) => NewPiece::Floats(floats_of(bytes)),
            });
        });
        let again = write_delta(&base, 7, THRESHOLDS, &again);
        let again = Delta::parse(&again).unwrap();
        assert_eq!(again.count(&base), delta.count(&base));
    }
}

#[test]
fn a_delta_without_changes_is_the_base() {
    let base = Base::parse(BASE).unwrap();
    let bytes = write_delta(&base, 0, base.thresholds(), &[]);
    let tuned = Delta::parse(&bytes).unwrap().apply(&base).unwrap();
    assert!(tuned == BASE, "to the byte");
}

#[test]
fn a_delta_that_is_cut_or_damaged_is_none() {
    let base = Base::parse(BASE).unwrap();
    let new = changed(&base, 20_000, &mut Random::named(2, "deltas"));
    let bytes = write_delta(&base, 7, THRESHOLDS, &new);
    for length in 0..bytes.len() {
        assert!(Delta::parse(&bytes[..length]).is_err(), "{length}");
    }
    assert!(Delta::parse(&[&bytes[..], &[0]].concat()).is_err());
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Delta::parse(&damaged).is_err(), "{bit}");
    }
}

#[test]
fn changes_that_no_delta_has_are_refused_and_nothing_panics() {
    let base = Base::parse(BASE).unwrap();
    let new = changed(&base, 20_000, &mut Random::named(3, "deltas"));
    let bytes = write_delta(&base, 7, THRESHOLDS, &new);
    let changes = &bytes[44..];
    let apply = |changes: &[u8]| {
        let sealed = sealed(&bytes, changes);
        Delta::parse(&sealed).unwrap().apply(&base)
    };
    assert!(apply(changes).is_ok());
    for length in [0, 1, changes.len() / 2, changes.len() - 1] {
        assert_eq!(apply(&changes[..length]).unwrap_err(), DeltaError::Changes, "{length}");
    }
    assert_eq!(apply(&[changes, &[0]].concat()).unwrap_err(), DeltaError::Changes);
    assert_eq!(apply(&[0x80, 0x00]).unwrap_err(), DeltaError::Changes, "not the shortest form");
    assert_eq!(apply(&[0xff; 64]).unwrap_err(), DeltaError::Changes, "a number without an end");
    let mut random = Random::named(4, "deltas");
    for _ in 0..60 {
        let mut damaged = changes.to_vec();
        let at = random.below(damaged.len());
        damaged[at] ^= 1 << random.below(8);
        if let Ok(tuned) = apply(&damaged) {
            Base::parse(&tuned).unwrap();
        }
    }
}

#[test]
fn a_delta_of_another_base_or_of_other_tools_is_refused_by_name() {
    let base = Base::parse(BASE).unwrap();
    let mut bytes = write_delta(&base, 7, THRESHOLDS, &[]);
    let error = |bytes: &[u8]| OpenedBase::open(bytes).unwrap_err().to_string();
    let opened = OpenedBase::open(&bytes).unwrap();
    let tools = ToolList::parse(r#"[{"name": "gate", "description": "Opens it."}]"#).unwrap();
    let Err(other) = BaseAsker::new(&opened, &tools) else { panic!("other tools") };
    assert!(matches!(other, Error::Delta(DeltaError::List { made: 7, .. })), "{other}");
    bytes[20] ^= 1;
    let bytes = sealed(&bytes, &bytes[44..]);
    let given = format!("this program has {:016x}", base.hash());
    assert!(error(&bytes).contains(&given), "{}", error(&bytes));
    assert!(error(b"TRINED01").contains("copy it again"));
}

#[test]
fn the_format_is_frozen() {
    let base = Base::parse(BASE).unwrap();
    let mut new = Vec::new();
    base.weights(&mut |piece| {
        new.push(match piece {
            Piece::Matrix(..) => NewPiece::Trits(trits_of(&piece)),
            Piece::Floats(bytes) => NewPiece::Floats(floats_of(bytes)),
        });
    });
    if let Some(NewPiece::Trits(trits)) = new.first_mut() {
        // The next one at 2, and the one after that at 300.
        trits[2] = (trits[2] + 2) % 3 - 1;
        trits[300] = (trits[300] + 3) % 3 - 1;
    }
    let mut old = Vec::new();
    if let Some(NewPiece::Floats(floats)) = new.get_mut(1) {
        old.clone_from(floats);
        floats[5] += 1.0;
        floats[6] -= 0.5;
    }
    let bytes = write_delta(&base, 0x1122_3344_5566_7788, THRESHOLDS, &new);
    assert_eq!(&bytes[..8], b"TRINED01");
    assert_eq!(bytes[20..28], base.hash().to_le_bytes());
    assert_eq!(bytes[28..36], [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
    assert_eq!(bytes[36..44], [0, 0, 0x40, 0x3f, 0, 0, 0, 0x3f]);
    // Two trits: a gap of 2, and one of 297 with a turn.
    assert_eq!(bytes[44..48], [2, 4, 0xd3, 0x04]);
    // Two floats: a step, then five numbers that stay and 127 steps up, and 64 down.
    assert_eq!(bytes[48], 2);
    let step = f32::from_le_bytes(*bytes[49..].first_chunk().unwrap());
    assert!((step * 127.0 - 1.0).abs() < 1e-4, "{step}");
    assert_eq!(bytes[53..57], [5, 0xfe, 0x01, 0]);
    assert!(matches!(bytes[57], 125 | 127), "{}", bytes[57]);
    assert!(bytes[58..].iter().all(|byte| *byte == 0), "no other piece changes");
}
