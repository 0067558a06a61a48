//! Figures of arrays of numbers.

use trine_c_api::{TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_E_VERSION, TRINE_OK, trine_status};

use crate::answer::{answered, refused};

/// What `trine_calculate` says of an array of numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_figures {
    /// `sizeof(trine_figures)`, which the program sets.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// How many numbers there are.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Their mean.
    pub mean: f64,
    /// The standard deviation from the mean, of these numbers as a whole.
    pub deviation: f64,
    /// The smallest of them.
    pub least: f64,
    /// The largest of them.
    pub most: f64,
}

/// Sum, mean, deviation, least and most of an array of numbers, which is read where it lies. Sums
/// are compensated (Neumaier 1974), so that they are as near as a double can be for any order.
///
/// @param values The numbers. One that is not a number makes all figures such.
/// @param count How many there are, at least one.
/// @param figures Where they go; the program has set `struct_size`.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, or TRINE_E_ARGUMENT when there are no numbers.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_calculate(
    values: *const f64,
    count: usize,
    figures: *mut trine_figures,
) -> trine_status {
    answered(|| {
        // SAFETY: the caller's structure.
        let Some(place) = (unsafe { figures.as_mut() }) else {
            return refused(TRINE_E_NULL, "there is no place for the figures");
        };
        if (place.struct_size as usize) < size_of::<trine_figures>() {
            return refused(TRINE_E_VERSION, "set struct_size to sizeof(trine_figures)");
        }
        if values.is_null() {
            return refused(TRINE_E_NULL, "values is NULL");
        }
        if count == 0 {
            return refused(TRINE_E_ARGUMENT, "of no numbers there are no figures");
        }
        if !values.is_aligned() {
            return refused(TRINE_E_ARGUMENT, "values is not aligned as a double");
        }
        // SAFETY: not NULL, aligned, and `count` numbers as the caller says.
        let values = unsafe { std::slice::from_raw_parts(values, count) };
        let found = calculated(values);
        *place = trine_figures { struct_size: place.struct_size, ..found };
        Ok(TRINE_OK)
    })
}

/// The sum of numbers, with what each step has rounded away.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = sum + value;
        let (large, small) = if sum.abs() >= value.abs() { (sum, value) } else { (value, sum) };
        lost += (large - next) + small;
        sum = next;
    }
    // Past the largest double there is nothing to add.
    if sum.is_finite() { sum + lost } else { sum }
}

fn calculated(values: &[f64]) -> trine_figures {
    let count = values.len();
    #[expect(clippy::cast_precision_loss, reason = "no array has 2^53 numbers")]
    let number = count as f64;
    let total = sum(values.iter().copied());
    let mean = total / number;
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    let deviation = (squares / number).sqrt();
    let (least, most) = if values.iter().any(|value| value.is_nan()) {
        (f64::NAN, f64::NAN)
    } else {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        (least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let count = count as u64;
    trine_figures { struct_size: 0, reserved: 0, count, sum: total, mean, deviation, least, most }
}
