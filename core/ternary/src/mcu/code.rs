//! The codes of the look-up packings: one byte names five trits, or four.
//!
//! A code is the place of a sum in the table of its group, so the order of the codes is the order
//! in which the tables are cheapest to fill. The sums of the first three trits take 28 places (27
//! and one to spare), which are 14 words of two; adding one constant to all of them gives
//! the sums for the next value of the last trits. Seven words fill the registers of a Cortex-M0, so
//! the first seven go through all values of the last trits, and then the other seven.
//!
//! Within the 28 places, the two halves of a word differ by one step of one trit, and words follow
//! each other by steps too:
//!
//! | places | trits |
//! |---|---|
//! | 0..18 | t0 runs first, then t1; in the even places t2 is -1, in the odd ones 0 |
//! | 18..24 | t2 is 1; t1 runs; in the even places t0 is -1, in the odd ones 0 |
//! | 24..28 | t2 and t0 are 1; t1 runs, and beyond 1 to 2, which no matrix has |

/// Places of the sums of the first three trits, with the one that nothing names.
pub(crate) const PLACES: u8 = 28;
/// Half of them: what one pass over the last trits fills.
const HALF: u8 = PLACES / 2;

/// What is added to each sum in a table. No sum of six int8 activations is below -1024 (the sixth
/// is for the digit of 3 that bytes can hold), and none with the bias reaches 65536.
pub(crate) const BIAS: u32 = 1024;

/// Bytes of a table of fours.
pub(crate) const TABLE4_BYTES: u8 = PLACES * 3 * 2;

/// How many values the last trits take together: one trit for groups of four, two for five.
const fn last_values(group: usize) -> u8 {
    if group == 4 { 3 } else { 9 }
}

/// The place of a group's sum in its table, counted in halfwords. Every digit is 0, 1 or 2, which
/// is a trit plus 1; a group of four leaves the last digit alone.
pub(crate) const fn place(digits: [u8; 5], group: usize) -> u8 {
    let [d0, d1, d2, d3, d4] = digits;
    let first = match (d2, d0) {
        (2, 2) => 24 + d1,
        (2, _) => 18 + 2 * d1 + d0,
        _ => 2 * (d0 + 3 * d1) + d2,
    };
    let last = if group == 4 { d3 } else { d3 + 3 * d4 };
    let half = first / HALF;
    half * HALF * last_values(group) + last * HALF + first % HALF
}

/// The digits of a place. The last of 28 would have a digit of 3, and its sum is in the tables too;
/// behind the last place there are sums of zero.
pub(crate) const fn digits(place: u8, group: usize) -> [u8; 5] {
    let pass = HALF * last_values(group);
    let (half, rest) = (place / pass, place % pass);
    let (last, within) = (rest / HALF, rest % HALF);
    let first = half * HALF + within;
    let last_digit = if group == 4 { 0 } else { 1 };
    if half > 1 {
        return [1, 1, 1, 1, last_digit];
    }
    let (d0, d1, d2) = match first {
        24.. => (2, first - 24, 2),
        18.. => (first % 2, (first - 18) / 2, 2),
        _ => (first / 2 % 3, first / 6, first % 2),
    };
    [d0, d1, d2, last % 3, last / 3]
}

#[cfg(test)]
mod tests {
    use super::{digits, place};

    #[test]
    fn every_group_of_trits_has_a_place_of_its_own() {
        for group in [4, 5] {
            let count = 3u32.pow(group as u32);
            let mut seen = [false; 256];
            for number in 0..count {
                let mut all = [0; 5];
                for (at, digit) in all.iter_mut().take(group).enumerate() {
                    *digit = (number / 3u32.pow(at as u32) % 3) as u8;
                }
                let at = place(all, group);
                assert!(!seen[usize::from(at)], "{all:?}");
                seen[usize::from(at)] = true;
                assert_eq!(digits(at, group), all);
            }
        }
    }

    #[test]
    fn places_that_no_trits_name_have_digits_too() {
        let named = |group| (0..=255).filter(|&at| place(digits(at, group), group) == at).count();
        // Three or nine of the others have a digit of 3 and are their own place as well.
        assert_eq!((named(4), named(5)), (84, 252));
        assert_eq!(digits(125 + 14, 5), [2, 3, 2, 0, 0]);
        assert_eq!(digits(252, 5), [1; 5]);
    }
}
