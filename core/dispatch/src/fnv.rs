//! FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).

/// The hash of nothing.
pub(crate) const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of what `hash` was of and `bytes` behind it.
pub(crate) fn add(hash: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
