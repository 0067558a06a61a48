//! Ids of calls: a slot and a sequence number on it, in one number.
//!
//! A device with `slots` slots keeps, per slot, the last id and its answer, as a server of NFS
//! version 4.1 keeps a slot table (RFC 8881, section 2.10.6). The id is `sequence * slots + slot`,
//! with sequences from 1 on that rise per slot. Ids of one slot compare as their sequences do.

/// Most slots that a device may have.
pub const SLOTS_MAX: u8 = 64;

/// The id of the call with this sequence number on this slot; `None` when `slot` is not below
/// `slots` or the id would pass 32 bits: the host then starts a new session.
///
/// ```
/// use trine_wire::slot::{id, slot, sequence};
///
/// assert_eq!(id(3, 1, 4), Some(13)); // the third call on slot 1 of 4
/// assert_eq!((sequence(13, 4), slot(13, 4)), (3, 1));
/// ```
#[must_use]
pub const fn id(sequence: u32, slot: u8, slots: u8) -> Option<u32> {
    if slot >= slots {
        return None;
    }
    match sequence.checked_mul(slots as u32) {
        Some(first) => first.checked_add(slot as u32),
        None => None,
    }
}

/// The slot of an id on a device with `slots` slots; 0 slots count as one.
#[must_use]
pub const fn slot(id: u32, slots: u8) -> u8 {
    if slots == 0 { 0 } else { (id % slots as u32) as u8 }
}

/// The sequence number of an id; 0 is none that a host gives.
#[must_use]
pub const fn sequence(id: u32, slots: u8) -> u32 {
    if slots == 0 { id } else { id / slots as u32 }
}
