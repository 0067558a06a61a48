//! Random numbers that are the same on every machine and in every version of every library.

pub use trine_bits::Random;

/// A number on the bell curve of mean 0 and deviation 1 (Box and Muller, 1958).
pub fn bell(random: &mut Random) -> f32 {
    let radius = libm::sqrtf(-2.0 * libm::logf(1.0 - random.unit()));
    radius * libm::cosf(core::f32::consts::TAU * random.unit())
}

#[cfg(test)]
mod tests {
    use super::{Random, bell};

    #[test]
    fn the_bell_has_mean_0_and_deviation_1() {
        let mut random = Random::named(1, "bell");
        let numbers: Vec<f32> = (0..20_000).map(|_| bell(&mut random)).collect();
        let mean = numbers.iter().sum::<f32>() / 20_000.0;
        let square = numbers.iter().map(|x| x * x).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.02 && (square - 1.0).abs() < 0.03, "{mean} {square}");
    }
}
