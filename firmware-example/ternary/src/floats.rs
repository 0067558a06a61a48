//! What a model computes with floats, on any processor: a checksum of all bits.

use trine_ternary::{Error, Kernels, RowFormat, RowInput, Rows, f16_from_f32, math};

use crate::{CHECKSUM, Random, mixed};

/// Lengths, around those that registers are filled with.
pub const LENGTHS: &[usize] = &[1, 7, 8, 15, 16, 17, 32, 37, 64, 96];

const MOST: usize = 96;

/// A number of bytes that is a multiple of four, and of which others begin at the second.
#[repr(align(4))]
struct Bytes([u8; 4 * MOST + 4]);

/// A checksum of every function for this length; halves and rows begin `skip` bytes behind a
/// multiple of four.
///
/// # Errors
/// When a length is refused.
pub fn checksum(len: usize, skip: usize) -> Result<u32, Error> {
    let kernels = Kernels::scalar();
    let mut random = Random(len as u32);
    let mut number = || {
        let [a, b, c] = [random.next(), random.next(), random.next()].map(f32::from);
        (a * 256.0 + b - 32_768.0) / (c * 16.0 + 1.0)
    };
    let (mut a, mut b) = ([0.0; MOST], [0.0; MOST]);
    let (a, b) = (&mut a[..len], &mut b[..len]);
    a.fill_with(&mut number);
    b.fill_with(&mut number);
    let mut hash = CHECKSUM;
    let mut add = |x: f32| hash = mixed(hash, x.to_bits());
    for x in a.iter() {
        let (sine, cosine) = math::sin_cos(*x);
        [math::exp(*x), math::sqrt(x.abs()), sine, cosine].into_iter().for_each(&mut add);
    }
    let mut halves = [0; MOST + 1];
    let halves = &mut halves[skip / 2..][..len];
    halves.iter_mut().zip(&*b).for_each(|(half, x)| *half = f16_from_f32(*x));
    add(kernels.dot(a, b));
    add(kernels.dot_f16(a, halves));
    kernels.axpy_f16(0.37, halves, b);
    b.iter().copied().for_each(&mut add);
    let mut q = [0; MOST];
    let q = &mut q[..len];
    add(kernels.quantize(a, q)?.scale);
    q.iter().for_each(|q| add(f32::from(*q)));
    for format in [RowFormat::F32, RowFormat::F16, RowFormat::Q8_0] {
        let mut bytes = Bytes([0; 4 * MOST + 4]);
        let Some(size) = format.bytes(1, len) else { continue };
        let place = &mut bytes.0[skip..][..size];
        // The upper bytes of floats are those of small numbers.
        place.iter_mut().for_each(|byte| *byte = random.next());
        let step = if format == RowFormat::F32 { 4 } else { 2 };
        place.iter_mut().skip(step - 1).step_by(step).for_each(|byte| *byte &= 0x3f);
        let rows = Rows::new(format, 1, len, place)?;
        let (mut out, mut scales) = ([0.0], [0.0; MOST / 32]);
        let input = if format.is_integer() {
            let scales = &mut scales[..len / 32];
            kernels.quantize_blocks(a, 32, q, scales)?;
            RowInput::Blocks { q, scales }
        } else {
            RowInput::Floats(a)
        };
        kernels.project(&rows, 0..1, input, &mut out)?;
        add(out[0]);
    }
    Ok(hash)
}
