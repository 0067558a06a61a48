//! Rows as files have them. 16 bytes hold 16 neighbouring columns in each digit, so activations are
//! read as they lie.

/// `gemm` of an instruction set, which has `dot`, sums of four products in each lane, whichever.
macro_rules! doors {
    ($features:literal) => {
        use core::arch::aarch64::{
            int32x4_t, uint8x16_t, vaddq_u8, vaddvq_s32, vdupq_n_s32, vhaddq_u8, vshrq_n_u8,
        };
        use core::ops::Range;

        use super::dot;
        use $crate::arch::aarch64::panels::{sum, two_bits};
        use $crate::arch::aarch64::{load, load_signed, signed};
        use $crate::matrix::Matrix;
        use $crate::packing::Packing;
        use $crate::scalar::Tokens;

        /// `out[r · tokens + t]` for each row of `rows`, of a matrix in a file's layout.
        #[target_feature(enable = $features)]
        pub(super) fn gemm(
            matrix: &Matrix<'_>,
            rows: Range<usize>,
            tokens: Tokens<'_>,
            out: &mut [i32],
        ) {
            let size = matrix.packing().group_bytes(matrix.cols());
            for t in 0..tokens.count {
                let q = tokens.get(t);
                let all = sum(q);
                let outs = out.iter_mut().skip(t).step_by(tokens.count);
                for (row, out) in rows.clone().zip(outs) {
                    let bytes = &matrix.bytes()[row * size..][..size];
                    let lanes = match matrix.packing() {
                        Packing::I2S => i2_s::<32>(bytes, q),
                        Packing::I2SArm => i2_s::<16>(bytes, q),
                        Packing::Tq2_0 => tq2_0(bytes, q),
                        _ => tq1_0(bytes, q),
                    };
                    *out = vaddvq_s32(lanes) - all;
                }
            }
        }

        /// Blocks of `WIDTH` bytes, whose first columns are in the highest bits.
        #[target_feature(enable = $features)]
        fn i2_s<const WIDTH: usize>(row: &[u8], q: &[i8]) -> int32x4_t {
            let mut acc = vdupq_n_s32(0);
            for (block, q) in row.chunks_exact(WIDTH).zip(q.chunks_exact(4 * WIDTH)) {
                let (parts, (q, _)) = (block.as_chunks().0, q.as_chunks());
                for (at, part) in parts.iter().enumerate() {
                    let [d3, d2, d1, d0] = two_bits(load(part));
                    for (digit, digits) in [d0, d1, d2, d3].into_iter().enumerate() {
                        let q = load_signed(&q[digit * (WIDTH / 16) + at]);
                        acc = dot(acc, signed(digits), q);
                    }
                }
            }
            acc
        }

        #[target_feature(enable = $features)]
        fn tq2_0(row: &[u8], q: &[i8]) -> int32x4_t {
            let mut acc = vdupq_n_s32(0);
            for (block, q) in row.as_chunks::<66>().0.iter().zip(q.as_chunks::<256>().0) {
                for (bytes, q) in block.as_chunks::<32>().0.iter().zip(q.as_chunks::<128>().0) {
                    let (q, _) = q.as_chunks();
                    for (at, part) in bytes.as_chunks().0.iter().enumerate() {
                        for (digit, digits) in two_bits(load(part)).into_iter().enumerate() {
                            acc = dot(acc, signed(digits), load_signed(&q[2 * digit + at]));
                        }
                    }
                }
            }
            acc
        }

        /// Adds the products of the highest digits of base-three fractions: ⌊3·x / 256⌋, which is
        /// ⌊(x + ⌊x / 2⌋) / 2⌋ / 64.
        #[inline]
        #[target_feature(enable = $features)]
        fn highest(acc: int32x4_t, x: uint8x16_t, q: &[i8; 16]) -> int32x4_t {
            let digits = vshrq_n_u8::<6>(vhaddq_u8(x, vshrq_n_u8::<1>(x)));
            dot(acc, signed(digits), load_signed(q))
        }

        /// A block has 160 columns in 32 bytes, 80 in 16 bytes and 16 in four.
        #[target_feature(enable = $features)]
        fn tq1_0(row: &[u8], q: &[i8]) -> int32x4_t {
            let mut acc = vdupq_n_s32(0);
            for (block, q) in row.as_chunks::<54>().0.iter().zip(q.as_chunks::<256>().0) {
                let (parts, (q, _)) = (block.as_chunks().0, q.as_chunks());
                let triple = |x| vaddq_u8(x, vaddq_u8(x, x));
                for (part, (first, stride)) in parts.iter().zip([(0, 2), (1, 2), (10, 1)]) {
                    let mut x = load(part);
                    for digit in 0..5 {
                        acc = highest(acc, x, &q[first + stride * digit]);
                        x = triple(x);
                    }
                }
                let mut last = [0_u8; 16];
                last[..4].copy_from_slice(&block[48..52]);
                for at in 4..16 {
                    last[at] = last[at - 4].wrapping_mul(3);
                }
                acc = highest(acc, load(&last), &q[15]);
            }
            acc
        }
    };
}

pub(super) use doors;
