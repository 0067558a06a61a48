//! The alphabet of byte-level BPE: a printable character for each byte.
//!
//! Bytes that are printable in Latin-1 stand for themselves and the others, in their order, for the
//! characters from U+0100 on. It is `bytes_to_unicode` of GPT-2
//! (<https://github.com/openai/gpt-2/blob/master/src/encoder.py>).

const FIRST_OTHER: u32 = 0x100;

const fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff)
}

/// The UTF-8 of each byte's character: two bytes, of which the second may be 0 for none.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, for all there are")]
const UTF8: [[u8; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut others = 0;
    let mut byte = 0_u8;
    loop {
        let code = if stands_for_itself(byte) {
            byte as u32
        } else {
            others += 1;
            FIRST_OTHER + others - 1
        };
        // All codes are below U+0800.
        let utf8 = if code < 0x80 {
            [code as u8, 0]
        } else {
            [0xc0 | (code >> 6) as u8, 0x80 | (code & 0x3f) as u8]
        };
        table[byte as usize] = utf8;
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The bytes that do not stand for themselves.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, for all there are")]
const OTHERS: [u8; 68] = {
    let mut table = [0; 68];
    let mut count = 0;
    let mut byte = 0_u8;
    loop {
        if !stands_for_itself(byte) {
            table[count] = byte;
            count += 1;
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The characters of `bytes`, in UTF-8.
pub(super) fn spelled(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let spell = |byte: &u8| UTF8.get(usize::from(*byte)).copied().unwrap_or_default();
    bytes
        .iter()
        .map(spell)
        .flat_map(|[first, second]| core::iter::once(first).chain((second != 0).then_some(second)))
}

/// The byte that a character stands for.
pub(super) fn byte(character: char) -> Option<u8> {
    let code = u32::from(character);
    match u8::try_from(code) {
        Ok(byte) => stands_for_itself(byte).then_some(byte),
        Err(_) => OTHERS.get(usize::try_from(code - FIRST_OTHER).ok()?).copied(),
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use super::{byte, spelled};

    fn spelling(bytes: &[u8]) -> String {
        String::from_utf8(spelled(bytes).collect()).unwrap()
    }

    #[test]
    fn spellings_are_those_of_gpt_2() {
        assert_eq!(spelling(b" Hello\n"), "ĠHelloĊ");
        assert_eq!(spelling("ä€".as_bytes()), "Ã¤âĤ¬");
        assert_eq!(spelling(&[0, 0x7f, 0xad, 0xff]), "ĀġŃÿ");
    }

    #[test]
    fn each_byte_reads_back() {
        let all: Vec<u8> = (0..=255).collect();
        let read: Vec<u8> = spelling(&all).chars().map(|c| byte(c).unwrap()).collect();
        assert_eq!(read, all);
        for character in [' ', '\u{7f}', '\u{ad}', '\u{144}', '中', '😀'] {
            assert_eq!(byte(character), None);
        }
    }
}
