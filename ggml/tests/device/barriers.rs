//! A kernel that lacks a barrier gives other bits, whichever barrier it is: each is left out once.

use std::ffi::{CStr, c_char, c_int};
use std::process::Command;

use trine_ggml::{GgmlEngine, Kept, Options};
use trine_infer::gguf::File;
use trine_ternary::parallel::Serial;
use trine_ternary::{Packing, RowFormat};

use super::golden::model;
use super::making::Made;
use super::seed::Seed;
use super::ternary::ours;
use super::{read_prompt, session, tokens};

unsafe extern "C" {
    /// Places in kernels at which threads waited so far; null behind the last.
    safe fn trine_ternary_place(number: c_int) -> *const c_char;
    /// Leaves out one of these places; below zero, none.
    safe fn trine_ternary_leaves_out_place(number: c_int);
}

/// What tells a process that its kernels lack barriers: other tests have right ones.
const LACKS: &str = "TRINE_FIBERS_LACK";
const NAME: &str = "barriers::a_kernel_that_lacks_a_barrier_gives_other_bits";
/// Seeds with which a barrier may go unnoticed, at most: all but one.
const SEEDS: u64 = 4;

/// A model, a prompt of so many tokens, and the bits of the logits after it and a token more.
struct Case {
    made: Made,
    prompt: usize,
    options: Options,
    wanted: Vec<u32>,
}

fn bits(logits: Option<&[f32]>) -> Vec<u32> {
    logits.unwrap().iter().map(|x| x.to_bits()).collect()
}

impl Case {
    fn new(made: Made, prompt: usize, options: Options) -> Self {
        let mut case = Self { made, prompt, options, wanted: Vec::new() };
        let model = model(&File::parse(made.file().leak()).unwrap());
        let mut own = session(&model, &case.options);
        read_prompt(&mut own, &case.tokens());
        case.wanted = bits(own.logits());
        own.read(&[1], &Serial).unwrap();
        case.wanted.extend(bits(own.logits()));
        case
    }

    fn tokens(&self) -> Vec<u32> {
        tokens(3, self.made.vocab).take(self.prompt).collect()
    }

    /// Whether the device has these bits. Where it fails, or is found out when the model is opened,
    /// it has not.
    fn holds(&self) -> bool {
        let model = model(&File::parse(self.made.file().leak()).unwrap());
        let device = ours().into_iter().next().unwrap();
        let Ok(mut engine) = GgmlEngine::open(&model, device, &self.options, &Serial, |_| {})
        else {
            return false;
        };
        let mut found = Vec::new();
        let all = self.tokens();
        for tokens in [&all[..], &[1]] {
            if engine.read(tokens).is_err() {
                return false;
            }
            found.extend(bits(engine.logits()));
        }
        found == self.wanted
    }
}

/// Models in which each kernel of the backend runs, each as small as may be.
fn cases() -> Vec<Case> {
    let made = Made { blocks: 1, packing: Packing::I2S, ..Made::SMALL };
    let narrow = Made { width: 128, heads: 2, kv_heads: 1, ffn: 128, ..made };
    let head = Made { head: RowFormat::Q6K, ..made };
    // Heads of 24 share nothing, and rows of 8,448 do not lie in shared memory at once.
    let odd = Made { width: 384, ffn: 640, heads: 16, kv_heads: 4, ..made };
    let long = Made { ffn: 8448, ..narrow };
    let far = Made { context: 1100, ..narrow };
    let options = Options { batch: 40, ..Options::new(64) };
    let single = Options { kv: Kept::F32, ..options };
    vec![
        Case::new(head, 37, options),
        Case::new(narrow, 40, single),
        Case::new(odd, 19, options),
        Case::new(long, 2, options),
        Case::new(far, 1030, Options { batch: 1030, ..Options::new(1100) }),
    ]
}

fn place(number: c_int) -> Option<String> {
    let text = trine_ternary_place(number);
    // SAFETY: a text that is there ends with a zero, and stays until another place is come to.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned())
}

fn leave_out_each() {
    let cases = cases();
    let seed = Seed::new();
    assert!(cases.iter().all(Case::holds));
    drop(seed);
    let places: Vec<String> = (0..).map_while(place).collect();
    let mut unnoticed = Vec::new();
    for (number, place) in places.iter().enumerate() {
        trine_ternary_leaves_out_place(number as c_int);
        let notices = |seed| {
            let _seed = Seed::of(seed);
            cases.iter().position(|case| !case.holds())
        };
        let noticed = (0..SEEDS).find_map(|seed| Some((seed, notices(seed)?)));
        println!("{place}: {noticed:?}");
        if noticed.is_none() {
            unnoticed.push(place);
        }
    }
    trine_ternary_leaves_out_place(-1);
    // Two of products, two of their sums, and so on: fewer would say that kernels did not run.
    assert!(places.len() >= 12, "{places:?}");
    assert!(unnoticed.is_empty(), "no test notices that these are left out: {unnoticed:?}");
    assert!(cases.iter().all(Case::holds));
}

#[test]
fn a_kernel_that_lacks_a_barrier_gives_other_bits() {
    if std::env::var_os(LACKS).is_some() {
        return leave_out_each();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", NAME, "--nocapture"]).env(LACKS, "1");
    let done = command.output().unwrap();
    println!("{}", String::from_utf8_lossy(&done.stdout));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
