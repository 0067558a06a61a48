//! SipHash-2-4 with 128 bits of output: a keyed hash that suits short messages.
//!
//! From J.-P. Aumasson and D. J. Bernstein, *`SipHash`: a fast short-input PRF* (INDOCRYPT 2012);
//! the 128-bit output is that of the authors' reference implementation, whose test vectors the
//! tests hold. The state stays in registers for the two rounds of a word; both the words and the
//! end run through one loop, so a microcontroller holds the round once.

type State = [u64; 4];

/// The hash of `bytes` under `key`.
#[must_use]
pub fn siphash128(key: &[u8; 16], bytes: &[u8]) -> [u8; 16] {
    let (first, second) = hash(key, bytes);
    let mut out = [0; 16];
    let (front, back) = out.split_at_mut(8);
    front.copy_from_slice(&first.to_le_bytes());
    back.copy_from_slice(&second.to_le_bytes());
    out
}

/// Whether `tag` is the hash of `bytes` under `key`. Every byte of it is looked at, so that the
/// time tells nothing of where it is wrong.
pub(crate) fn is_hash(key: &[u8; 16], bytes: &[u8], tag: &[u8; 16]) -> bool {
    let (first, second) = hash(key, bytes);
    let (front, back) = halves(tag);
    (first ^ front) | (second ^ back) == 0
}

// Out of line, since it has callers for each direction.
#[inline(never)]
fn hash(key: &[u8; 16], bytes: &[u8]) -> (u64, u64) {
    let (low, high) = halves(key);
    let mut state = [
        low ^ 0x736f_6d65_7073_6575,
        high ^ 0x646f_7261_6e64_6f6d ^ 0xee,
        low ^ 0x6c79_6765_6e65_7261,
        high ^ 0x7465_6462_7974_6573,
    ];
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        absorb(&mut state, u64::from_le_bytes(*word));
    }
    // The last word ends in the length.
    let mut last = [0, 0, 0, 0, 0, 0, 0, bytes.len() as u8];
    for (place, &byte) in last.iter_mut().zip(rest) {
        *place = byte;
    }
    absorb(&mut state, u64::from_le_bytes(last));
    state[2] ^= 0xee;
    rounds(&mut state, 4);
    let first = state[0] ^ state[1] ^ state[2] ^ state[3];
    state[1] ^= 0xdd;
    rounds(&mut state, 4);
    let second = state[0] ^ state[1] ^ state[2] ^ state[3];
    (first, second)
}

fn halves(bytes: &[u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(*bytes);
    (number as u64, (number >> 64) as u64)
}

#[inline]
fn absorb(state: &mut State, word: u64) {
    state[3] ^= word;
    rounds(state, 2);
    state[0] ^= word;
}

#[inline(never)]
fn rounds(state: &mut State, count: u32) {
    let [mut a, mut b, mut c, mut d] = *state;
    for _ in 0..count {
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
    }
    *state = [a, b, c, d];
}
