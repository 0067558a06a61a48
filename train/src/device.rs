//! The blocks of a model on one of ggml's devices: a GPU.

use trine_ggml::{Blocks, Device, Sentence, Sizes};

use crate::error::{Error, Result};
use crate::net::{Accelerator, Batch};
use crate::shape::{RMS_EPSILON, ROPE_BASE, Shape};
use crate::weights::{Arithmetic, Rounded};

/// Blocks on a device.
#[derive(Debug)]
pub struct OnDevice {
    blocks: Blocks,
    dim: usize,
}

impl OnDevice {
    /// Takes memory of a device for the blocks of a model. `threads` counts where the device is the
    /// processor.
    ///
    /// # Errors
    /// What the device lacks.
    pub fn open(device: Device, rounded: &Rounded, threads: usize) -> Result<Self> {
        let Shape { dim, ffn, layers, heads, kv_heads, whole, .. } = rounded.shape;
        let sizes = Sizes {
            dim,
            ffn,
            layers,
            heads,
            kv_heads,
            whole,
            epsilon: RMS_EPSILON,
            rope_base: ROPE_BASE,
            is_rounded: rounded.arithmetic == Arithmetic::Ternary,
        };
        let blocks = Blocks::open(sizes, device, threads).map_err(Error::device)?;
        Ok(Self { blocks, dim })
    }
}

impl Accelerator for OnDevice {
    fn name(&self) -> String {
        let device = self.blocks.device();
        format!("{} ({})", device.name(), device.description())
    }

    fn take(&mut self, rounded: &Rounded) -> Result<()> {
        let first = rounded.plan.blocks.first();
        let first = first.map_or(rounded.plan.len, |block| block.attn_norm.start);
        let taken = self.blocks.take(&rounded.numbers[first..], &rounded.scales);
        taken.map_err(Error::device)
    }

    fn forward(&mut self, batch: &Batch, stream: &mut [f32]) -> Result<()> {
        let sentence = |&(tokens, prompt): &(usize, usize)| Sentence { tokens, prompt };
        let sentences: Vec<Sentence> = batch.sentences.iter().map(sentence).collect();
        let dim = self.dim;
        let factors =
            |block: usize, half: usize, out: &mut [f32]| batch.factors(block, half, dim, out);
        let dropped = batch.is_dropped().then_some(&factors as &trine_ggml::Dropped<'_>);
        let done = self.blocks.forward(&sentences, dropped, stream);
        done.map_err(Error::device)
    }

    fn back(&mut self, stream: &mut [f32], gradients: &mut [f32]) -> Result<()> {
        self.blocks.back(stream, gradients).map_err(Error::device)
    }
}

#[cfg(test)]
mod tests {
    use trine_ggml::Kind;

    use super::*;
    use crate::net::{self, Choice, Losses, Mix, Part, Pass, TokenisedExample};
    use crate::random::{Random, bell};
    use crate::recipe::Recipe;
    use crate::simd::Products;
    use crate::trainer::Trainer;
    use crate::weights::Weights;

    const SHAPE: Shape = Shape {
        dim: 32,
        ffn: 64,
        layers: 2,
        heads: 4,
        kv_heads: 2,
        vocab: 40,
        context: 64,
        whole: 0,
        tags: 3,
    };
    const MIX: Mix = Mix { choice: 0.1, language: 0.02, tag: 0.03, taught: 0.0, dropout: 0.2 };

    /// All devices, of which one is Vulkan's where Vulkan was built and is not hidden.
    fn devices() -> Vec<Device> {
        let mut devices = Device::all();
        devices.retain(|device| !device.is_ternary());
        assert!(devices.iter().any(|device| device.kind() == Kind::Cpu));
        let is_vulkan = |device: &Device| device.name().starts_with("Vulkan");
        // A program with several backends is tested for one, and sees none of the others' then.
        let seen = std::env::var_os("GGML_VK_VISIBLE_DEVICES");
        let has_vulkan = cfg!(feature = "vulkan") && seen.is_none_or(|seen| !seen.is_empty());
        assert!(devices.iter().any(is_vulkan) || !has_vulkan, "{devices:?}");
        devices
    }

    /// Sentences of several lengths. Sizes are small enough for the smallest kernels of Vulkan's
    /// products: lavapipe compiles larger ones for minutes.
    fn examples(random: &mut Random) -> Vec<TokenisedExample> {
        let example = |tokens: usize| {
            let prompt = tokens - 3;
            let permitted: Vec<u32> = (0..SHAPE.vocab as u32).collect();
            let choice = |at| Choice {
                at,
                target: random.below(SHAPE.vocab) as u32,
                permitted: permitted.clone(),
                ..Choice::default()
            };
            TokenisedExample {
                choices: (prompt - 1..tokens).map(choice).collect(),
                tokens: (0..tokens).map(|_| random.below(SHAPE.vocab) as u32).collect(),
                prompt,
                tags: vec![(0, 1), (1, 2)],
            }
        };
        [13, 16].map(example).into()
    }

    /// A model in single precision whose norms are not all the same.
    fn model(whole: usize, arithmetic: Arithmetic) -> Rounded {
        let mut weights = Weights::random(Shape { whole, ..SHAPE }, 3);
        let mut random = Random::named(3, "norms");
        for block in weights.plan.blocks.clone() {
            for norm in [block.attn_norm, block.attn_sub_norm, block.ffn_norm, block.ffn_sub_norm] {
                weights.numbers[norm].iter_mut().for_each(|x| *x += 0.2 * bell(&mut random));
            }
        }
        Rounded::with(&weights, arithmetic, Products::Single)
    }

    /// Losses and derivatives of examples in two parts: by the processor, and on a device.
    fn both(
        device: Device,
        rounded: &Rounded,
        examples: &[TokenisedExample],
        mix: &Mix,
    ) -> [(Losses, Vec<f32>); 2] {
        let mut there = OnDevice::open(device, rounded, 2).unwrap();
        let (one, other) = examples.split_at(1);
        let (mut here, mut losses) = (vec![0.0; rounded.plan.len], Losses::default());
        for (seed, part) in [(7, one), (8, other)] {
            let mut gradients = vec![0.0; rounded.plan.len];
            let part: Vec<&TokenisedExample> = part.iter().collect();
            losses += Pass::default().learn(rounded, &part, mix, seed, &mut gradients);
            here.iter_mut().zip(gradients).for_each(|(sum, x)| *sum += x);
        }
        let (mut passes, mut own) = (vec![Pass::default(); 2], [Losses::default(); 2]);
        let mut gradients = [vec![1.0; rounded.plan.len], vec![1.0; rounded.plan.len]];
        let parts = passes.iter_mut().zip(&mut gradients).zip(&mut own).zip([(7, one), (8, other)]);
        let part = |(((pass, gradients), losses), (seed, examples))| {
            let examples: &[TokenisedExample] = examples;
            let gradients: &mut Vec<f32> = gradients;
            Part { pass, examples: examples.iter().collect(), seed, gradients, losses }
        };
        net::learn(&mut there, rounded, parts.map(part).collect(), mix, 2).unwrap();
        let [mut sum, other] = gradients;
        sum.iter_mut().zip(other).for_each(|(sum, x)| *sum += x);
        [(losses, here), (own[0] + own[1], sum)]
    }

    /// That derivatives of each part of the model are alike, relative to the greatest of the part.
    fn assert_alike(rounded: &Rounded, found: &[f32], wanted: &[f32], bound: f32, about: &str) {
        let plan = &rounded.plan;
        let mut parts = vec![plan.embedding.at.clone(), plan.output_norm.clone()];
        for block in &plan.blocks {
            parts.extend(block.matrices.iter().map(|matrix| matrix.at.clone()));
            let norms = [&block.attn_norm, &block.attn_sub_norm, &block.ffn_norm];
            parts.extend(norms.into_iter().chain([&block.ffn_sub_norm]).cloned());
        }
        for (index, part) in parts.into_iter().enumerate() {
            let (found, wanted) = (&found[part.clone()], &wanted[part]);
            let most = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let apart = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
            let apart = apart.fold(0.0_f32, f32::max) / most;
            assert!(most > 0.0 && apart < bound, "{about}, part {index}: {apart} of {most}");
        }
    }

    /// How far derivatives may be apart. Vulkan multiplies in half precision, unless it is told not
    /// to, which in a ternary model moves some numbers to another code.
    fn bound(device: Device, arithmetic: Arithmetic) -> f32 {
        let is_single = std::env::var_os("GGML_VK_DISABLE_F16").is_some();
        let is_half = !(is_single && device.backend() == "Vulkan");
        match (device.kind(), arithmetic) {
            (Kind::Cpu, _) => 2e-5,
            (_, Arithmetic::Ternary) if is_half => 5e-2,
            (_, Arithmetic::Dense) if is_half => 5e-3,
            _ => 5e-4,
        }
    }

    #[test]
    fn derivatives_on_every_device_are_the_processors() {
        let examples = examples(&mut Random::new(1));
        for device in devices() {
            for (whole, arithmetic, dropout) in [
                (0, Arithmetic::Ternary, 0.2),
                (1, Arithmetic::Ternary, 0.0),
                (2, Arithmetic::Dense, 0.2),
            ] {
                let about = format!("{device:?}, {arithmetic:?}, {whole} whole");
                let rounded = model(whole, arithmetic);
                let mix = Mix { dropout, ..MIX };
                let [(wanted, here), (found, there)] = both(device, &rounded, &examples, &mix);
                let apart = (found.choice - wanted.choice).abs() / wanted.choice;
                assert!(apart < 1e-3, "{about}: {found:?} in place of {wanted:?}");
                assert_eq!(found.choices, wanted.choices);
                assert_alike(&rounded, &there, &here, bound(device, arithmetic), &about);
            }
        }
    }

    #[test]
    fn steps_on_every_device_lower_the_loss_as_the_processors_do() {
        let shape = Shape { layers: 1, ..SHAPE };
        let recipe = Recipe { dropout: 0.1, warm_up: 2, ..Recipe::default() };
        let examples = examples(&mut Random::new(2));
        for device in devices() {
            let trainer = || Trainer::new(Weights::random(shape, 5), recipe);
            let (mut here, mut there) = (trainer(), trainer());
            let mut on = OnDevice::open(device, &there.rounded, 2).unwrap();
            let losses = |_| {
                let wanted = here.learn(&examples).choice;
                (wanted, there.learn_on(&mut on, &examples).unwrap().choice)
            };
            let losses: Vec<(f64, f64)> = (0..8).map(losses).collect();
            for (wanted, found) in &losses {
                assert!((found - wanted).abs() < 0.03 * wanted, "{device:?}: {losses:?}");
            }
            assert!(losses[7].1 < 0.8 * losses[0].1, "{device:?}: {losses:?}");
        }
    }
}
