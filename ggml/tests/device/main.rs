//! Models on ggml's devices compute what our engine computes.
//!
//! Every device of the build is tried: the processor as ggml has it, and with the feature `vulkan`
//! one of Vulkan's, which without a graphics processor is Mesa's lavapipe (`cargo xtask test --leg
//! ggml` sets what ggml wants to see it). Lavapipe compiles each kernel for minutes together, and
//! ggml has one for each number of tokens up to 8: so prompts come in ones and in tens here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agreement;
mod fails;
mod golden;
mod made;
#[path = "../making/mod.rs"]
mod making;
mod refused;
mod whole;

use trine_ggml::{Device, Engine, Kept, Kind, Options};
use trine_infer::sample::likeliest;
use trine_infer::{KvKind, Model, Session, Step, arena_bytes};
use trine_ternary::parallel::Serial;

/// All devices, of which one is Vulkan's where Vulkan was built.
fn devices() -> Vec<Device> {
    let devices = Device::all();
    assert!(devices.iter().any(|device| device.kind() == Kind::Cpu));
    if cfg!(feature = "vulkan") {
        let found = devices.iter().find(|device| device.backend() == "Vulkan");
        let device = found.unwrap();
        assert!(device.name().starts_with("Vulkan"), "{device:?}");
        assert!(device.kind() != Kind::Cpu, "{device:?}");
    }
    devices
}

/// A model on a device.
fn opened<'w>(model: &Model<'w>, device: Device, options: &Options) -> Engine<'w> {
    let mut told = String::new();
    let engine = Engine::open(model, device, options, &Serial, |plan| told = plan.to_string());
    let engine = engine.unwrap();
    assert!(told.contains(&device.name()), "{told}");
    println!("{told}");
    engine
}

/// Our engine's session, with keys and values as a device keeps them.
fn session(model: &Model<'static>, options: &Options) -> Session<'static, 'static> {
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
    Session::new(model, &own, vec![0; bytes].leak()).unwrap()
}

/// Reads a prompt, in some models whole.
fn read_prompt(session: &mut Session<'_, '_>, prompt: &[u32]) {
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

/// Greedy tokens after a prompt, by both; and the greatest difference of the logits on the way.
fn both(
    model: &Model<'static>,
    device: Device,
    options: &Options,
    prompt: &[u32],
    count: usize,
) -> (Vec<u32>, Vec<u32>, f32) {
    let (mut ours, mut theirs) = (session(model, options), opened(model, device, options));
    read_prompt(&mut ours, prompt);
    theirs.read_prompt(prompt).unwrap();
    let (mut wanted, mut found, mut apart) = (Vec::new(), Vec::new(), 0.0_f32);
    for _ in 0..count {
        apart = apart.max(difference(theirs.logits().unwrap(), ours.logits().unwrap()));
        wanted.push(likeliest(ours.logits().unwrap()));
        found.push(likeliest(theirs.logits().unwrap()));
        ours.read(&wanted[wanted.len() - 1..], &Serial).unwrap();
        theirs.read(&found[found.len() - 1..]).unwrap();
    }
    (wanted, found, apart)
}
