//! The two streams of a container without a terminal, as the engine sends them: pieces, each with
//! a head of eight bytes, which are the stream, three zeros, and the length.

const HEAD: usize = 8;

/// Both streams in one, in the order in which the pieces came.
pub(crate) fn joined(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (mut rest, mut all) = (bytes, Vec::with_capacity(bytes.len()));
    while let Some((head, after)) = rest.split_first_chunk::<HEAD>() {
        let &[0..=2, 0, 0, 0, a, b, c, d] = head else { return Err(wrong("a head is wrong")) };
        let size = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let (piece, next) = after.split_at_checked(size).ok_or_else(|| wrong("they are cut"))?;
        all.extend_from_slice(piece);
        rest = next;
    }
    if rest.is_empty() {
        Ok(all)
    } else {
        Err(wrong("a head is cut"))
    }
}

fn wrong(why: &str) -> String {
    format!("the Docker Engine's logs cannot be read: {why}")
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn pieces_of_both_streams_are_joined_in_order() {
        let bytes = b"\x02\0\0\0\0\0\0\x04err\n\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x04out\n";
        assert_eq!(joined(bytes).unwrap(), b"err\nout\n");
        assert_eq!(joined(b"").unwrap(), b"");
    }

    #[test]
    fn what_is_cut_or_of_another_form_is_an_error() {
        let whole = b"\x01\0\0\0\0\0\0\x04out\n";
        for end in 1..whole.len() {
            assert!(joined(&whole[..end]).is_err(), "{end}");
        }
        assert!(joined(b"plain text of a terminal").is_err());
        assert!(joined(b"\x01\0\0\0\xff\xff\xff\xffx").is_err());
    }
}
