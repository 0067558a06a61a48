//! Ids of calls: a lane and a sequence number on it, in one number.
//!
//! A device with `lanes` lanes keeps, per lane, the last id and its answer, as a server of NFS
//! version 4.1 keeps a slot table (RFC 8881, section 2.10.6). The id is `sequence * lanes + lane`,
//! with sequences from 1 on that rise per lane. Ids of one lane compare as their sequences do.

/// Most lanes that a device may have.
pub const LANES_MAX: u8 = 64;

/// The id of the call with this sequence number on this lane; `None` when `lane` is not below
/// `lanes` or the id would pass 32 bits: the host then starts a new session.
///
/// ```
/// use trine_wire::lane::{id, lane, sequence};
///
/// assert_eq!(id(3, 1, 4), Some(13)); // the third call on lane 1 of 4
/// assert_eq!((sequence(13, 4), lane(13, 4)), (3, 1));
/// ```
#[must_use]
pub const fn id(sequence: u32, lane: u8, lanes: u8) -> Option<u32> {
    if lane >= lanes {
        return None;
    }
    match sequence.checked_mul(lanes as u32) {
        Some(first) => first.checked_add(lane as u32),
        None => None,
    }
}

/// The lane of an id on a device with `lanes` lanes; 0 lanes count as one.
#[must_use]
pub const fn lane(id: u32, lanes: u8) -> u8 {
    if lanes == 0 { 0 } else { (id % lanes as u32) as u8 }
}

/// The sequence number of an id; 0 is none that a host gives.
#[must_use]
pub const fn sequence(id: u32, lanes: u8) -> u32 {
    if lanes == 0 { id } else { id / lanes as u32 }
}
