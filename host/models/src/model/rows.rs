//! Rows of an embedding or a head in another format.

use half::f16;
use trine_ternary::{RowFormat, Rows};

/// The bytes of these rows in a format; `None` when it has no such rows, or none is written in it.
/// In their own format they are copied as they are.
pub(super) fn in_format(rows: &Rows<'_>, format: RowFormat) -> Option<Vec<u8>> {
    let size = format.bytes(rows.rows(), rows.cols())?;
    let mut out = Vec::with_capacity(size);
    let mut numbers = vec![0.0; rows.cols()];
    if format == rows.format() {
        return Some(rows.bytes().to_vec());
    }
    for row in 0..rows.rows() {
        rows.read(row, &mut numbers).ok()?;
        match format {
            RowFormat::F32 => out.extend(numbers.iter().flat_map(|number| number.to_le_bytes())),
            RowFormat::F16 => {
                out.extend(numbers.iter().flat_map(|number| f16::from_f32(*number).to_le_bytes()));
            }
            RowFormat::Q8_0 => numbers.chunks_exact(32).for_each(|block| q8_0(block, &mut out)),
            _ => return None,
        }
    }
    Some(out)
}

/// ggml's `Q8_0`: the greatest magnitude becomes 127; halves go away from zero, as in
/// `quantize_row_q8_0_ref`.
fn q8_0(block: &[f32], out: &mut Vec<u8>) {
    let most = block.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
    let scale = most / 127.0;
    let factor = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    out.extend(f16::from_f32(scale).to_le_bytes());
    out.extend(block.iter().map(|number| ((number * factor).round() as i8).cast_unsigned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_within_half_a_step() {
        let numbers: Vec<f32> = (0..96).map(|i| ((i * 37 % 96) as f32 - 47.0) / 13.0).collect();
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let rows = Rows::new(RowFormat::F32, 3, 32, &bytes).unwrap();
        for (format, step) in
            [(RowFormat::F32, 0.0), (RowFormat::F16, 0.003), (RowFormat::Q8_0, 0.03)]
        {
            let packed = in_format(&rows, format).unwrap();
            let packed = Rows::new(format, 3, 32, &packed).unwrap();
            let mut row = [0.0; 32];
            for (index, wanted) in numbers.chunks_exact(32).enumerate() {
                packed.read(index, &mut row).unwrap();
                let apart = row.iter().zip(wanted).map(|(a, b)| (a - b).abs());
                assert!(apart.fold(0.0, f32::max) <= step / 2.0, "{format:?}");
            }
        }
        let odd = Rows::new(RowFormat::F32, 4, 24, &bytes).unwrap();
        assert!(in_format(&odd, RowFormat::Q8_0).is_none());
    }
}
