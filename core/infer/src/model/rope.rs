//! Rotary position embedding (Su and others, 2021), in the arrangement of GPT-NeoX.

use trine_ternary::math;

use super::Model;
use crate::error::Error;

/// Fills `frequencies`, (width / 2), with those of the model.
pub(crate) fn fill(model: &Model<'_>, frequencies: &mut [f32]) -> Result<(), Error> {
    if let Some(listed) = model.weights.frequencies {
        for (frequency, listed) in frequencies.iter_mut().zip(listed.iter()) {
            *frequency = listed;
        }
        return Ok(());
    }
    computed(model, frequencies)
}

#[cfg(feature = "gguf")]
fn computed(model: &Model<'_>, frequencies: &mut [f32]) -> Result<(), Error> {
    rope_frequencies(model.config.rope_base, model.config.head_width(), frequencies);
    Ok(())
}

#[cfg(not(feature = "gguf"))]
const fn computed(_: &Model<'_>, _: &mut [f32]) -> Result<(), Error> {
    use crate::error::TensorProblem;
    use crate::weights::{Name, Role};

    Err(Error::Tensor(Name::model(Role::RopeFrequencies), TensorProblem::Missing))
}

/// Fills `frequencies`, (width / 2), with base^(-2i / width), as the reference has it: the
/// exponent, the power and its inverse are each rounded to single precision.
#[cfg(feature = "gguf")]
pub fn rope_frequencies(base: f32, width: usize, frequencies: &mut [f32]) {
    for (i, frequency) in frequencies.iter_mut().enumerate() {
        *frequency = 1.0 / libm::powf(base, (2 * i) as f32 / width as f32);
    }
}

/// Fills `rotation`, (2, width / 2), with the cosines and then the sines of one position.
pub(crate) fn angles(position: f32, frequencies: &[f32], rotation: &mut [f32]) {
    let (cosines, sines) = rotation.split_at_mut(frequencies.len().min(rotation.len()));
    for ((cosine, sine), frequency) in cosines.iter_mut().zip(sines).zip(frequencies) {
        (*sine, *cosine) = math::sin_cos(position * frequency);
    }
}

#[cfg(all(test, feature = "gguf"))]
mod tests {
    use trine_ternary::Kernels;

    use super::*;

    #[test]
    fn a_turn_keeps_lengths_and_its_opposite_undoes_it() {
        let mut table = [0.0; 2];
        rope_frequencies(10_000.0, 4, &mut table);
        assert_eq!(table, [1.0, 0.01]);
        let (mut there, mut back) = ([0.0; 4], [0.0; 4]);
        angles(3.0, &table, &mut there);
        angles(-3.0, &table, &mut back);
        let mut head = [1.0, 2.0, 3.0, 4.0];
        Kernels::best().rotate(&there, &mut head);
        let length = head[0] * head[0] + head[2] * head[2];
        assert!((length - 10.0_f32).abs() < 1e-5, "{head:?}");
        assert!((head[0] - (3.0_f32.cos() - 3.0 * 3.0_f32.sin())).abs() < 1e-6);
        Kernels::best().rotate(&back, &mut head);
        for (number, wanted) in head.iter().zip([1.0, 2.0, 3.0, 4.0]) {
            assert!((number - wanted).abs() < 1e-5, "{head:?}");
        }
    }

    #[test]
    fn products_depend_on_the_distance_alone() {
        let mut table = [0.0; 4];
        rope_frequencies(500_000.0, 8, &mut table);
        let product = |at: f32, other: f32| {
            let (mut q, mut k) = ([0.5, -1.0, 2.0, 0.1, 0.3, 0.7, -0.2, 1.1], [1.0; 8]);
            let mut rotation = [0.0; 8];
            angles(at, &table, &mut rotation);
            Kernels::best().rotate(&rotation, &mut q);
            angles(other, &table, &mut rotation);
            Kernels::best().rotate(&rotation, &mut k);
            q.iter().zip(k).map(|(a, b)| a * b).sum::<f32>()
        };
        assert!((product(9.0, 4.0) - product(105.0, 100.0)).abs() < 1e-4);
    }
}
