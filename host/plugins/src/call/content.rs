//! Content that is read piece by piece.

use super::{CONTENT_MAX, Read};

/// Reads the content of a call to its end; or says why not.
pub(super) fn read(size: u32, read: Read<'_>) -> Result<Vec<u8>, String> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > CONTENT_MAX {
        return Err(format!("the content has {size} bytes, {CONTENT_MAX} at most"));
    }
    let mut bytes = vec![0; size];
    let mut at = 0;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
        let room = rest.len();
        let got = read(u32::try_from(at).unwrap_or(u32::MAX), rest).min(room);
        if got == 0 {
            return Err(format!("the content ended after {at} of {size} bytes"));
        }
        at += got;
    }
    Ok(bytes)
}
