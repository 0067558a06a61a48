//! Changes to bytes that are sound: deeper than any bytes get by themselves.

/// The bytes after changes of four bytes each: what is done, where (two bytes, as a share of the
/// length), and with which byte.
#[must_use]
pub fn changed(sound: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    let (changes, _) = changes.as_chunks::<4>();
    for [what, low, high, byte] in changes {
        let at = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len().max(1);
        match what % 5 {
            0 => bytes.insert(at, *byte),
            1 => _ = bytes.drain(at..(at + usize::from(byte % 16)).min(bytes.len())),
            2 => bytes.truncate(bytes.len() - usize::from(*byte).min(bytes.len())),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|place| *place = *byte),
        }
    }
    bytes
}
