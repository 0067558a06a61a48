//! Models on ggml's devices compute what our engine computes.
//!
//! Every device of the build is tried: the processor as ggml has it, and with the feature `vulkan`
//! one of Vulkan's, which without a GPU is Mesa's lavapipe (`cargo xtask test --leg
//! ggml` sets what ggml wants to see it). Lavapipe compiles each kernel for minutes together, and
//! ggml has one for each number of tokens up to 8: so prompts come in ones and in tens here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agreement;
#[cfg(feature = "fibers")]
mod barriers;
mod fails;
mod golden;
mod made;
#[path = "../making/mod.rs"]
mod making;
mod measured;
mod prefix;
mod refused;
mod seed;
mod ternary;

use std::path::PathBuf;

use trine_ggml::{Device, GgmlEngine, Kept, Kind, Options};
use trine_infer::sample::likeliest;
use trine_infer::{DecodeSession, KvKind, Model, Step, arena_bytes};
use trine_ternary::parallel::Serial;

/// Whether a device of Vulkan's is to be there: where it was built, unless the list of those that
/// ggml may see is empty (a program with several backends is tested for one of them).
fn has_vulkan() -> bool {
    let seen = std::env::var_os("GGML_VK_VISIBLE_DEVICES");
    cfg!(feature = "vulkan") && seen.is_none_or(|seen| !seen.is_empty())
}

/// A file of the repository. Cargo, or who runs these tests where neither cargo nor the source is,
/// says in which folder this package lies.
fn file(path: &str) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR");
    let package = package.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(package).join("..").join(path)
}

/// All devices that compute ggml's graphs, of which one is Vulkan's where that is to be there. Our
/// own backend is tried by itself ([`ternary`]).
fn devices() -> Vec<Device> {
    let mut devices = Device::all();
    devices.retain(|device| !device.is_ternary());
    assert!(devices.iter().any(|device| device.kind() == Kind::Cpu));
    if has_vulkan() {
        let found = devices.iter().find(|device| device.backend() == "Vulkan");
        let device = found.unwrap();
        assert!(device.name().starts_with("Vulkan"), "{device:?}");
        assert!(device.kind() != Kind::Cpu, "{device:?}");
    }
    devices
}

/// A model on a device.
fn opened<'w>(model: &Model<'w>, device: Device, options: &Options) -> GgmlEngine<'w> {
    let mut told = String::new();
    let engine = GgmlEngine::open(model, device, options, &Serial, |plan| told = plan.to_string());
    let engine = engine.unwrap();
    assert!(told.contains(&device.name()), "{told}");
    println!("{told}");
    engine
}

/// Our engine's session, with keys and values as a device keeps them.
fn session(model: &Model<'static>, options: &Options) -> DecodeSession<'static, 'static> {
    let options = Options { context: options.context.min(model.config().context), ..*options };
    let kv = if options.kv == Kept::F32 { KvKind::F32 } else { KvKind::F16 };
    let own = trine_infer::Options {
        context: options.context,
        batch: options.batch.min(options.context),
        kv,
        ..trine_infer::Options::new(model.config())
    };
    let own = own.with_tables(model.weights());
    let bytes = arena_bytes(model.config(), &own).unwrap() + 3;
    DecodeSession::new(model, &own, vec![0; bytes].leak()).unwrap()
}

/// Reads a prompt, in some models whole.
fn read_prompt(session: &mut DecodeSession<'_, '_>, prompt: &[u32]) {
    session.begin_prompt(prompt.iter().copied()).unwrap();
    while session.step(usize::MAX, &Serial) == Step::More {}
}

/// The greatest difference, relative to the greatest logit.
fn difference(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    let most = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let apart = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
    // What is no number is as far away as can be.
    let far = |apart: f32| if apart.is_nan() { f32::INFINITY } else { apart };
    apart.map(far).fold(0.0_f32, f32::max) / most
}

/// Tokens that are the same in each run, those of the figures in `benches/record` (linear
/// congruences of Numerical Recipes).
fn tokens(seed: u32, vocab: usize) -> impl Iterator<Item = u32> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % vocab as u32
    })
}

/// What a device makes of a text, beside our engine.
#[derive(Clone, Copy, Debug, Default)]
struct Comparison {
    steps: usize,
    /// Steps after which the same token is the likeliest.
    same: usize,
    /// The greatest difference of the logits.
    apart: f32,
}

impl Comparison {
    /// Of a prompt and so many random tokens after it. What random models write by themselves is
    /// soon the same few words again, of which any engine is sure.
    fn of(
        model: &Model<'static>,
        device: Device,
        options: &Options,
        prompt: &[u32],
        count: usize,
    ) -> Self {
        let (mut ours, mut theirs) = (session(model, options), opened(model, device, options));
        read_prompt(&mut ours, prompt);
        theirs.read_prompt(prompt).unwrap();
        let mut found = Self::default();
        for token in tokens(1, model.config().vocab).take(count) {
            let (own, other) = (ours.logits().unwrap(), theirs.logits().unwrap());
            found.apart = found.apart.max(difference(other, own));
            found.same += usize::from(likeliest(own) == likeliest(other));
            found.steps += 1;
            ours.read(&[token], &Serial).unwrap();
            theirs.read(&[token]).unwrap();
        }
        found
    }

    /// Sums in another order are now and then rounded to another integer, and random models leave
    /// tokens close together: one of ten may be another, rather than the one of thirty that are
    /// (docs/gpu.md), and two of a short text. A wrong sum leaves none.
    fn check(&self, what: &str) {
        let Self { steps, same, apart } = *self;
        println!("{what}: {same} of {steps}, {apart:.1e} apart");
        assert!(apart < 0.1, "{what}: {apart:.1e}");
        assert!(same + (steps / 10).max(2) >= steps, "{what}: {same} of {steps}");
    }
}
