//! Values that no one asked for: checked in full, without recursion, and passed over.

use super::number::Number;
use super::reader::{DEPTH_MAX, JsonError, expect, packed, string, token, word};

/// How many bytes are left behind the value that starts at the first byte.
#[inline(never)]
pub(super) fn skip(rest: &[u8]) -> usize {
    skip_levels(rest).unwrap_or_else(packed)
}

#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn skip_levels(mut rest: &[u8]) -> Result<usize, JsonError> {
    // One bit a level, the innermost lowest: 1 is an object, 0 an array.
    let (mut levels, mut depth) = (0u64, 0);
    loop {
        // A value starts here.
        let (byte, value) = token(rest)?;
        let tail = value.get(1..).unwrap_or_default();
        rest = match byte {
            b'"' => string(tail)?.1,
            b'-' | b'0'..=b'9' => Number::read(value).ok_or(JsonError::Syntax)?.1,
            b'{' | b'[' => {
                let object = byte == b'{';
                if depth == DEPTH_MAX {
                    return Err(JsonError::Depth);
                }
                let (next, inside) = token(tail)?;
                if next != if object { b'}' } else { b']' } {
                    levels = levels << 1 | u64::from(object);
                    depth += 1;
                    rest = if object { name(inside)? } else { inside };
                    continue;
                }
                inside.get(1..).unwrap_or_default()
            }
            b't' => word(value, b"true")?,
            b'f' => word(value, b"false")?,
            b'n' => word(value, b"null")?,
            _ => return Err(JsonError::Syntax),
        };
        // A value ended here: so may what is around it.
        loop {
            if depth == 0 {
                return Ok(rest.len());
            }
            let (byte, next) = token(rest)?;
            let tail = next.get(1..).unwrap_or_default();
            let object = levels & 1 == 1;
            if byte == b',' {
                rest = if object { name(tail)? } else { tail };
                break;
            }
            if byte != if object { b'}' } else { b']' } {
                return Err(JsonError::Syntax);
            }
            rest = tail;
            levels >>= 1;
            depth -= 1;
        }
    }
}

/// Consumes a member's name and the colon.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn name(rest: &[u8]) -> Result<&[u8], JsonError> {
    let (_, rest) = string(expect(rest, b'"')?)?;
    expect(rest, b':')
}
