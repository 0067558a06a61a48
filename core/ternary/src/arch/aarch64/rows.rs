//! The rows of a head.

/// The doors of an instruction set, which has `dot`, sums of four products in each lane, whichever.
macro_rules! doors {
    ($features:literal) => {
        use core::arch::aarch64::{
            int32x4_t, vaddvq_s32, vandq_u8, vdupq_n_s8, vdupq_n_s32, vdupq_n_u8, vmlaq_n_s32,
            vorrq_u8, vshlq_n_u8, vshrq_n_u8, vsubq_s8,
        };

        use super::dot;
        use $crate::arch::aarch64::float::widen;
        use $crate::arch::aarch64::{load, load_signed, signed};
        use $crate::arch::rows::floats as rows_of_floats;
        use $crate::rows::{RowFormat, Rows, f16_at};

        /// A row as floats.
        #[target_feature(enable = $features)]
        pub(crate) fn read(weights: &Rows<'_>, row: usize, out: &mut [f32]) {
            $crate::rows::read_body(weights, row, out, |halves| widen(halves));
        }

        /// `out[r]` of each row of floats.
        #[target_feature(enable = $features)]
        pub(crate) fn floats(
            weights: &Rows<'_>,
            rows: core::ops::Range<usize>,
            x: &[f32],
            out: &mut [f32],
        ) {
            if weights.format() == RowFormat::F16 {
                let halves = |bytes: [[u8; 2]; 16]| widen(&bytes.map(u16::from_le_bytes));
                rows_of_floats(weights, rows, x, out, halves);
            } else {
                let singles = |bytes: [[u8; 4]; 16]| bytes.map(f32::from_le_bytes);
                rows_of_floats(weights, rows, x, out, singles);
            }
        }

        /// `out[r]` of each row of integers, in the order of
        /// [`scalar::dot_blocks`](crate::scalar::dot_blocks).
        #[target_feature(enable = $features)]
        pub(crate) fn blocks(
            weights: &Rows<'_>,
            rows: core::ops::Range<usize>,
            q: &[i8],
            scales: &[f32],
            out: &mut [f32],
        ) {
            let six_bits = weights.format() == RowFormat::Q6K;
            for (row, out) in rows.zip(out) {
                let bytes = weights.row(row);
                *out = if six_bits { q6_k(bytes, q, scales) } else { q8_0(bytes, q, scales) };
            }
        }

        #[target_feature(enable = $features)]
        fn q8_0(row: &[u8], q: &[i8], scales: &[f32]) -> f32 {
            let (blocks, (q, _)) = (row.as_chunks::<34>().0, q.as_chunks::<32>());
            let mut acc = 0.0;
            for ((block, q), scale) in blocks.iter().zip(q).zip(scales) {
                let mut sums = vdupq_n_s32(0);
                for (weights, q) in block[2..].as_chunks().0.iter().zip(q.as_chunks().0) {
                    sums = dot(sums, signed(load(weights)), load_signed(q));
                }
                acc += vaddvq_s32(sums) as f32 * (f16_at(block) * scale);
            }
            acc
        }

        #[target_feature(enable = $features)]
        fn q6_k(row: &[u8], q: &[i8], scales: &[f32]) -> f32 {
            let (blocks, (q, _)) = (row.as_chunks::<210>().0, q.as_chunks::<256>());
            let mut acc = 0.0;
            for ((block, q), scale) in blocks.iter().zip(q).zip(scales) {
                acc += vaddvq_s32(six(block, q)) as f32 * (f16_at(&block[208..]) * scale);
            }
            acc
        }

        /// `Σ scale·(w − 32)·q` of one block, in four lanes.
        #[inline]
        #[target_feature(enable = $features)]
        fn six(block: &[u8; 210], q: &[i8; 256]) -> int32x4_t {
            let (registers, _) = block[..192].as_chunks::<16>();
            let (q, _) = q.as_chunks::<16>();
            let (four, two) = (vdupq_n_u8(0x0f), vdupq_n_u8(0x30));
            let mut acc = vdupq_n_s32(0);
            for (half, at) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let first = load(&registers[4 * half + at]);
                let second = load(&registers[4 * half + 2 + at]);
                let high = load(&registers[8 + 2 * half + at]);
                // 32 columns have their high bits in bits 1:0, the next 32 in 3:2, 5:4 and 7:6.
                let quarters = [
                    (vandq_u8(first, four), vshlq_n_u8::<4>(high)),
                    (vandq_u8(second, four), vshlq_n_u8::<2>(high)),
                    (vshrq_n_u8::<4>(first), high),
                    (vshrq_n_u8::<4>(second), vshrq_n_u8::<2>(high)),
                ];
                for (quarter, (low, high)) in quarters.into_iter().enumerate() {
                    let weights = signed(vorrq_u8(low, vandq_u8(high, two)));
                    let weights = vsubq_s8(weights, vdupq_n_s8(32));
                    let part = 8 * half + 2 * quarter + at;
                    let sums = dot(vdupq_n_s32(0), weights, load_signed(&q[part]));
                    acc = vmlaq_n_s32(acc, sums, i32::from(block[192 + part].cast_signed()));
                }
            }
            acc
        }
    };
}

pub(super) use doors;
