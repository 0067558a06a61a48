//! SipHash-2-4 with 128 bits of output: a keyed hash that suits short messages.
//!
//! From J.-P. Aumasson and D. J. Bernstein, *`SipHash`: a fast short-input PRF* (INDOCRYPT 2012);
//! the 128-bit output is that of the authors' reference implementation, whose test vectors the
//! tests hold. Two rounds are written out in one line, without a branch between them, so that a
//! Cortex-M keeps the state in registers; they stand there for the words, for the last one and for
//! the end.

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
    // Hidden from the compiler, which would look at the second half only if the first is right.
    core::hint::black_box((first ^ front) | (second ^ back)) == 0
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
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        absorb(&mut state, u64::from_le_bytes(*word));
    }
    absorb(&mut state, last(bytes));
    state[2] ^= 0xee;
    let mut sums = [0; 2];
    for sum in &mut sums {
        state = two_rounds(two_rounds(state));
        *sum = state[0] ^ state[1] ^ state[2] ^ state[3];
        state[1] ^= 0xdd;
    }
    (sums[0], sums[1])
}

/// What is left behind the whole words, and the length in the highest byte.
fn last(bytes: &[u8]) -> u64 {
    let (_, rest) = bytes.as_chunks::<8>();
    let left = match bytes.last_chunk::<8>() {
        // In one piece, where that does not reach before the first byte. One byte is always
        // shifted out, seven more at most: all eight at once would be more than a shift can do.
        Some(end) => (u64::from_le_bytes(*end) >> 8) >> (8 * (7 - rest.len())),
        None => rest.iter().rev().fold(0, |left, &byte| left << 8 | u64::from(byte)),
    };
    left | (bytes.len() as u64) << 56
}

fn halves(bytes: &[u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(*bytes);
    (number as u64, (number >> 64) as u64)
}

#[inline(always)]
fn absorb(state: &mut State, word: u64) {
    state[3] ^= word;
    *state = two_rounds(*state);
    state[0] ^= word;
}

#[inline(always)]
const fn two_rounds(state: State) -> State {
    round(round(state))
}

#[inline(always)]
const fn round([a, b, c, d]: State) -> State {
    let a = a.wrapping_add(b);
    let b = b.rotate_left(13) ^ a;
    let a = a.rotate_left(32);
    let c = c.wrapping_add(d);
    let d = d.rotate_left(16) ^ c;
    let a = a.wrapping_add(d);
    let d = d.rotate_left(21) ^ a;
    let c = c.wrapping_add(b);
    let b = b.rotate_left(17) ^ c;
    [a, b, c.rotate_left(32), d]
}
