//! Our own backend has the engine's logits, each bit of them.

use trine_ggml::{Activations, Blocks, Device, GgmlEngine, Kept, Options, Sizes};
use trine_infer::gguf::File;
use trine_infer::sample::likeliest;
use trine_ternary::parallel::Serial;
use trine_ternary::{Packing, RowFormat};

use super::golden::model;
use super::making::Made;
use super::seed::Seed;
use super::{opened, read_prompt, session, tokens};

/// The devices of our own backend: with the feature `fibers` there is one, and where its module is
/// said to lie somewhere.
pub(crate) fn ours() -> Vec<Device> {
    let found: Vec<Device> = Device::all().into_iter().filter(|one| one.is_ternary()).collect();
    let folder = std::env::var_os("TRINE_GGML_MODULES").map(std::path::PathBuf::from);
    let has_module = folder.is_some_and(|folder| folder.join("libggml-ternary.so").exists());
    assert!(!(cfg!(feature = "fibers") || has_module) || !found.is_empty());
    found
}

/// Compares a prompt and a text after it.
fn compare(made: &Made, prompt: usize, text: usize, options: &Options) {
    let model = model(&File::parse(made.file().leak()).unwrap());
    for device in ours() {
        let _seed = Seed::new();
        let mut engine = opened(&model, device, options);
        let mut own = session(&model, options);
        let prompt: Vec<u32> = tokens(3, made.vocab).take(prompt).collect();
        engine.read_prompt(&prompt).unwrap();
        read_prompt(&mut own, &prompt);
        assert_eq!(engine.splits(), 1, "{made:?}");
        for token in tokens(1, made.vocab).take(text) {
            let (found, wanted) = (engine.logits().unwrap(), own.logits().unwrap());
            let bits = |logits: &[f32]| logits.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(likeliest(found), likeliest(wanted), "{made:?}");
            assert_eq!(bits(found), bits(wanted), "{made:?}");
            engine.read(&[token]).unwrap();
            own.read(&[token], &Serial).unwrap();
        }
    }
}

#[test]
fn our_own_backend_has_each_bit_of_the_engines_logits_with_every_head() {
    for head in [RowFormat::F32, RowFormat::F16, RowFormat::Q8_0, RowFormat::Q6K] {
        compare(&Made { head, blocks: 1, ..Made::SMALL }, 1, 2, &Options::new(128));
    }
}

#[test]
fn it_has_each_bit_in_every_family() {
    let silu = Made { architecture: "bitnet", packing: Packing::I2S, ..Made::SMALL };
    compare(&silu, 5, 3, &Options { kv: Kept::F32, ..Options::new(128) });
    // The first block have prefix attention over a prompt, of which not all is computed at once.
    let whole = Made { whole: 1, ..Made::SMALL };
    compare(&whole, 20, 3, &Options { batch: 16, ..Options::new(128) });
}

#[test]
fn it_has_each_bit_of_heads_of_any_width() {
    // Heads of 24, of which the last 8 numbers are half of 16 partial sums.
    let odd = Made { width: 384, ffn: 640, heads: 16, kv_heads: 4, ..Made::SMALL };
    let odd = Made { packing: Packing::I2S, ..odd };
    compare(&odd, 37, 2, &Options::new(128));
}

#[test]
fn it_has_each_bit_where_matrices_of_a_stack_have_other_scales() {
    // Keys and values have 16 rows, so that they lie in a block of rows with queries.
    let made = Made { width: 128, heads: 8, kv_heads: 1, ffn: 128, is_uneven: true, ..Made::SMALL };
    let made = Made { packing: Packing::I2S, ..made };
    compare(&made, 19, 2, &Options::new(128));
}

#[test]
fn it_has_each_bit_where_heads_of_many_tokens_share_what_they_read() {
    // The second block has the keys of all that the first one makes of each token.
    let made = Made { blocks: 2, ffn: 128, packing: Packing::I2S, ..Made::SMALL };
    // Each head its own keys, three heads the same ones, and heads as wide as shared memory takes
    // in half precision; wider ones in single precision go another way.
    for (width, heads, kv_heads) in [(128, 2, 2), (384, 6, 2), (256, 2, 1), (512, 2, 1)] {
        for kv in [Kept::F16, Kept::F32] {
            let made = Made { width, heads, kv_heads, ..made };
            compare(&made, 43, 2, &Options { kv, batch: 40, ..Options::new(128) });
        }
    }
}

#[test]
fn it_has_each_bit_at_positions_far_apart() {
    let long = Made { blocks: 1, context: 1100, heads: 2, kv_heads: 1, ..Made::SMALL };
    // Scores of more positions than lie in shared memory together.
    compare(&long, 1030, 2, &Options { batch: 1030, ..Options::new(1100) });
}

#[test]
fn what_it_does_not_compute_is_refused_with_what_to_do() {
    let model = model(&File::parse(Made::SMALL.file().leak()).unwrap());
    for device in ours() {
        let refused = |options: &Options| {
            let plan = |_: &_| panic!("no plan was made");
            GgmlEngine::open(&model, device, options, &Serial, plan).err().unwrap().to_string()
        };
        let floats = Options { activations: Activations::Floats, ..Options::new(64) };
        assert!(refused(&floats).contains("leave out --activations floats"));
        let short = Options { memory: Some(100_000), ..Options::new(64) };
        assert!(refused(&short).contains("--backend cpu"));
        let sizes = Sizes {
            dim: 64,
            ffn: 128,
            layers: 1,
            heads: 2,
            kv_heads: 1,
            whole: 0,
            epsilon: 1e-5,
            rope_base: 1e4,
            is_rounded: true,
        };
        let said = Blocks::open(sizes, device, 1).unwrap_err().to_string();
        assert!(said.contains("trains nothing"), "{said}");
    }
}

#[test]
fn a_model_that_finds_no_room_for_all_of_its_blocks_is_refused() {
    let made = Made { blocks: 8, ..Made::SMALL };
    let model = model(&File::parse(made.file().leak()).unwrap());
    for device in ours() {
        let options = Options { memory: Some(800_000), batch: 1, ..Options::new(64) };
        let opened = GgmlEngine::open(&model, device, &options, &Serial, |_: &_| ());
        let said = opened.err().unwrap().to_string();
        assert!(said.contains("8 blocks"), "{said}");
        let some = Options { layers: Some(3), ..Options::new(64) };
        let opened = GgmlEngine::open(&model, device, &some, &Serial, |_: &_| ());
        assert!(opened.err().unwrap().to_string().contains("leave out --layers"));
    }
}

#[cfg(feature = "fibers")]
mod wrong {
    use std::process::Command;

    use super::*;

    unsafe extern "C" {
        /// Kernels of prompts leave out what is behind their first tokens.
        safe fn trine_ternary_leaves_out(last: bool);
    }

    /// What tells a process that its kernels are wrong: other tests have right ones.
    const WRONG: &str = "TRINE_FIBERS_WRONG";
    const NAME: &str = "ternary::wrong::a_device_with_a_wrong_kernel_is_not_believed";

    /// Opens models in a process whose kernels may be wrong.
    fn open() {
        let device = ours().into_iter().next().unwrap();
        for made in [
            Made { blocks: 1, ..Made::SMALL },
            Made { architecture: "bitnet", packing: Packing::I2S, ..Made::SMALL },
            Made { whole: 1, head: RowFormat::Q6K, ..Made::SMALL },
        ] {
            let model = model(&File::parse(made.file().leak()).unwrap());
            let open = |wrong: bool, batch: usize| {
                trine_ternary_leaves_out(wrong);
                let options = Options { batch, ..Options::new(128) };
                GgmlEngine::open(&model, device, &options, &Serial, |_| {}).err()
            };
            assert!(open(false, 128).is_none(), "{made:?}");
            let said = open(true, 128).unwrap().to_string();
            assert!(
                said.contains("computes this model wrongly: after 65 tokens on trial"),
                "{said}"
            );
            assert!(said.contains(&device.name()) && said.contains("logits are not"), "{said}");
        }
    }

    #[test]
    fn a_device_with_a_wrong_kernel_is_not_believed() {
        if std::env::var_os(WRONG).is_some() {
            return open();
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", NAME, "--nocapture"]).env(WRONG, "1");
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[cfg(feature = "fibers")]
mod lost {
    use std::collections::BTreeMap;
    use std::ffi::c_int;
    use std::process::Command;

    use trine_infer::Model;

    use super::*;

    unsafe extern "C" {
        /// The device of fibers fails from so many calls on; below zero, never.
        safe fn trine_ternary_answers(calls: c_int);
    }

    /// What tells a process that its device fails: other tests have one that does not.
    const FAILS: &str = "TRINE_FIBERS_FAIL";
    /// Each call that reads tokens is one after which the device is lost.
    const EACH: &str = "TRINE_FIBERS_EACH";
    const NAME: &str = "ternary::lost::a_device_that_is_lost_is_an_error_wherever_it_is";

    fn check(said: &str) {
        let wanted = ["it answers no more calls", "has not enough memory"];
        assert!(wanted.iter().any(|wanted| said.contains(wanted)), "{said}");
    }

    /// Opens a model and writes a text, on a device that is lost after so many calls; says where.
    fn lost_after(model: &Model<'static>, context: usize, calls: c_int) -> &'static str {
        let device = ours().into_iter().next().unwrap();
        trine_ternary_answers(calls);
        let options = Options::new(context);
        let mut engine = match GgmlEngine::open(model, device, &options, &Serial, |_| {}) {
            Ok(engine) => engine,
            Err(error) => {
                check(&error.to_string());
                return "opened";
            }
        };
        let reads: [(_, &[u32]); 3] = [("prompt", &[1, 2, 3]), ("token", &[4]), ("next", &[5])];
        for (what, tokens) in reads {
            let read = engine.tokens().len();
            if let Err(error) = engine.read(tokens) {
                check(&error.to_string());
                assert!(engine.logits().is_none() && engine.tokens().len() == read);
                return what;
            }
        }
        "nowhere"
    }

    #[test]
    fn a_device_that_is_lost_is_an_error_wherever_it_is() {
        if std::env::var_os(FAILS).is_none() {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", NAME, "--nocapture"]).env(FAILS, "1");
            let done = command.output().unwrap();
            println!("{}", String::from_utf8_lossy(&done.stdout));
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            return;
        }
        // As narrow as models are: calls are counted, whatever they compute.
        let made = Made { width: 128, heads: 2, kv_heads: 2, ffn: 128, blocks: 1, ..Made::SMALL };
        let made = Made { packing: Packing::I2S, ..made };
        let model = model(&File::parse(made.file().leak()).unwrap());
        let mut places = BTreeMap::new();
        // A model is opened with many calls, which repeat themselves: few of them are tried. Of the
        // fewer calls that read tokens, each third one is, and in a soak each one.
        let (opening, reading) = (97, if std::env::var_os(EACH).is_some() { 1 } else { 3 });
        let (mut calls, mut step) = (0, opening);
        loop {
            let place = lost_after(&model, 8, calls);
            if place != "opened" && step == opening {
                (calls, step) = (calls - step + 1, reading);
                continue;
            }
            *places.entry(place).or_insert(0) += 1;
            if place == "nowhere" {
                break;
            }
            calls += step;
        }
        trine_ternary_answers(-1);
        println!("{places:?}");
        assert_eq!(places.len(), 5, "{places:?}");
        // The next model finds a device that answers.
        assert_eq!(lost_after(&model, 64, -1), "nowhere");
    }
}
