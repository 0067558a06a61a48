//! Tables of all sums that a group of activations can have.
//!
//! A sum is stored with [`BIAS`] added, so that it is never negative: then two of them in one word
//! add up without a borrow from the one to the other, and a processor without SIMD adds two sums
//! at once. Whoever adds up looked-up sums takes the bias off once, at the start.

use super::arch::stride;
use super::code::{BIAS, PLACES};
use super::layout::Layout;

/// A value in both halves of a word. With negative ones the upper half borrows, as it should: sums
/// of such words are what the halves' sums are, as long as these are not negative.
const fn pair(value: i32) -> u32 {
    (value as u32).wrapping_mul(0x1_0001)
}

/// The words of the first three trits' sums for the lowest value of the last trits.
fn first_words([a0, a1, a2, a3, a4]: [i32; 5]) -> [u32; PLACES as usize / 2] {
    let [p0, p1, p2] = [a0, a1, a2].map(pair);
    let low = pair(BIAS as i32 - a1 - a3 - a4);
    let mut words = [0; PLACES as usize / 2];
    let upper = |value: i32| (value as u32) << 16;
    // t0 = t1 = -1, and t2 is -1 in the lower half, 0 in the upper.
    let mut row = low.wrapping_sub(p0).wrapping_sub(p2).wrapping_add(upper(a2));
    // t2 = 1, t1 = -1, and t0 is -1 in the lower half, 0 in the upper.
    let mut above = low.wrapping_sub(p0).wrapping_add(p2).wrapping_add(upper(a0));
    let (rows, rest) = words.split_at_mut(9);
    let (aboves, ends) = rest.split_at_mut(3);
    for (three, place) in rows.chunks_exact_mut(3).zip(aboves) {
        let mut word = row;
        for place in three {
            *place = word;
            word = word.wrapping_add(p0);
        }
        *place = above;
        row = row.wrapping_add(p1);
        above = above.wrapping_add(p1);
    }
    // t2 = t0 = 1, and t1 is -1 in the lower half, 0 in the upper.
    let end = low.wrapping_add(p0).wrapping_add(p2).wrapping_add(upper(a1));
    ends.copy_from_slice(&[end, end.wrapping_add(p1).wrapping_add(p1)]);
    words
}

/// Fills one table for each whole group.
pub(crate) fn fill(layout: Layout, activations: &[i8], tables: &mut [u32]) {
    let tables = tables.chunks_exact_mut(stride(layout));
    if layout == Layout::Table4Trit {
        for (group, table) in activations.as_chunks::<4>().0.iter().zip(tables) {
            fill4(*group, table);
        }
    } else {
        for (group, table) in activations.as_chunks::<5>().0.iter().zip(tables) {
            fill5(*group, table);
        }
    }
}

/// Fills the table of one group of five activations, all 128 words.
fn fill5(activations: [i8; 5], table: &mut [u32]) {
    let wide = activations.map(i32::from);
    let [_, _, _, a3, a4] = wide;
    let (step, back) = (pair(a3), pair(a4 - 2 * a3));
    fill_passes(&first_words(wide), table, [step, step, back, step, step, back, step, step, 0]);
    if let Some(rest) = table.get_mut(126..) {
        rest.fill(pair(BIAS as i32));
    }
}

/// Fills the table of one group of four activations, all 42 words.
fn fill4([a0, a1, a2, a3]: [i8; 4], table: &mut [u32]) {
    let wide = [a0, a1, a2, a3, 0].map(i32::from);
    let step = pair(i32::from(a3));
    fill_passes(&first_words(wide), table, [step, step, 0]);
}

fn fill_passes<const VALUES: usize>(words: &[u32; 14], table: &mut [u32], steps: [u32; VALUES]) {
    for (half, pass) in words.as_chunks::<7>().0.iter().zip(table.chunks_exact_mut(7 * VALUES)) {
        let mut words = *half;
        for (places, step) in pass.as_chunks_mut::<7>().0.iter_mut().zip(steps) {
            *places = words;
            for word in &mut words {
                *word = word.wrapping_add(step);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::arch::portable::at;
    use super::super::code::{BIAS, digits, place};
    use super::{fill4, fill5};

    fn sums_are_right(activations: [i8; 5], group: usize, table: &[u32]) {
        for code in 0..=255 {
            let digits = digits(code, group);
            if group == 4 && place(digits, group) != code {
                continue;
            }
            let trits = digits.iter().zip(activations).take(group);
            let sum: i32 = trits.map(|(&d, a)| (i32::from(d) - 1) * i32::from(a)).sum();
            assert_eq!(at(table, code) as i32 - BIAS as i32, sum, "{activations:?} {code}");
        }
    }

    #[test]
    fn each_place_holds_the_sum_that_it_names() {
        let extremes = [-128, -127, -1, 0, 1, 127];
        let mut table = [0; 128];
        for number in 0..6usize.pow(5) {
            let pick = |at: u32| extremes[number / 6usize.pow(at) % 6];
            let [a, b, c, d, e] = [pick(0), pick(1), pick(2), pick(3), pick(4)];
            fill5([a, b, c, d, e], &mut table);
            sums_are_right([a, b, c, d, e], 5, &table);
            if e == 0 {
                fill4([a, b, c, d], &mut table[..42]);
                sums_are_right([a, b, c, d, 0], 4, &table);
            }
        }
    }
}
