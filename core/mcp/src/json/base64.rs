//! Base64, as images are sent.

use super::Writer;

/// Base64 (RFC 4648 §4, padded) written piece by piece: what three bytes do not fill waits here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base64 {
    waiting: [u8; 2],
    count: u8,
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Base64 {
    /// Starts a new text.
    #[must_use]
    pub const fn new() -> Self {
        Self { waiting: [0; 2], count: 0 }
    }

    /// Appends the next bytes.
    pub fn piece(&mut self, mut bytes: &[u8], out: &mut Writer<'_>) {
        while self.count > 0 {
            let Some((&next, rest)) = bytes.split_first() else { return };
            bytes = rest;
            if self.count == 2 {
                out.raw(&group([self.waiting[0], self.waiting[1], next]));
                self.count = 0;
            } else {
                self.waiting[1] = next;
                self.count = 2;
            }
        }
        let triples = bytes.chunks_exact(3);
        let rest = triples.remainder();
        for triple in triples {
            out.raw(&group([triple[0], triple[1], triple[2]]));
        }
        self.waiting[..rest.len()].copy_from_slice(rest);
        self.count = rest.len() as u8;
    }

    /// Appends what waits, with its padding.
    pub fn finish(self, out: &mut Writer<'_>) {
        match self.count {
            1 => {
                let [first, second, ..] = group([self.waiting[0], 0, 0]);
                out.raw(&[first, second, b'=', b'=']);
            }
            2 => {
                let [first, second, third, _] = group([self.waiting[0], self.waiting[1], 0]);
                out.raw(&[first, second, third, b'=']);
            }
            _ => {}
        }
    }
}

/// Four letters for three bytes.
fn group([a, b, c]: [u8; 3]) -> [u8; 4] {
    let bits = u32::from_be_bytes([0, a, b, c]);
    [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift & 63) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_does_not_care_where_it_is_cut() {
        let bytes: std::vec::Vec<u8> = (0..=99).collect();
        for (len, expected) in [(0, ""), (1, "AA=="), (2, "AAE="), (3, "AAEC"), (4, "AAECAw==")] {
            for cut in 0..=len {
                let mut out = [0; 16];
                let mut writer = Writer::new(&mut out);
                let w = &mut writer;
                let mut base64 = Base64::new();
                base64.piece(&bytes[..cut], w);
                base64.piece(&bytes[cut..len], w);
                base64.finish(w);
                let len = writer.finish().unwrap();
                assert_eq!(&out[..len], expected.as_bytes());
            }
        }
    }
}
