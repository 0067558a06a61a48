//! How often the likeliest token is another on a device, over random models of each family.
//!
//! A sum in another order differs in its last bit, which now and then is rounded to another
//! integer, and that changes all that follows. How much a model makes of it, our own engine says by
//! itself: the weights of its first norm moved to the next numbers change tokens, too.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use trine_ggml::Options;
use trine_infer::gguf::File;
use trine_infer::sample::likeliest;
use trine_infer::{DecodeSession, Model};
use trine_ternary::Packing;
use trine_ternary::parallel::Serial;

use super::golden::model;
use super::made::PROMPT;
use super::making::Made;
use super::{devices, difference, opened, read_prompt, session, tokens};

const SHAPE: Made =
    Made { ffn: 768, blocks: 3, vocab: 1000, packing: Packing::I2S, context: 320, ..Made::SMALL };
/// What the engine runs.
static FAMILIES: [(&str, Made); 3] = [
    ("bitnet-b1.58: relu²", SHAPE),
    ("bitnet: SiLU", Made { architecture: "bitnet", ..SHAPE }),
    ("two blocks see the prompt whole", Made { whole: 2, ..SHAPE }),
];
/// How many tokens and how many models of each family: a few in the tests of each day, and as many
/// as say something where `cargo xtask bench greedy` asks for them.
fn amount() -> (usize, u64) {
    if std::env::var_os("TRINE_MANY").is_some() { (256, 5) } else { (16, 1) }
}

/// How another text compares with our engine's.
#[derive(Clone, Copy, Debug, Default)]
struct Compared {
    same: usize,
    /// The greatest difference of a logit, relative to the greatest one.
    apart: f32,
    /// How much likelier our token is than the one in its place, at most; relative as well.
    gap: f32,
}

/// Random tokens after a prompt, and the logits of our engine before each of them.
struct LogitTrace(Vec<(u32, Vec<f32>)>);

impl LogitTrace {
    fn of(mut session: DecodeSession<'_, '_>) -> Self {
        let mut steps = Vec::new();
        let mut likely = BTreeSet::new();
        for token in tokens(1, SHAPE.vocab).take(amount().0) {
            let logits = session.logits().unwrap().to_vec();
            likely.insert(likeliest(&logits));
            session.read(&[token], &Serial).unwrap();
            steps.push((token, logits));
        }
        // Where one token is always the likeliest, nothing is compared.
        assert!(4 * likely.len() > steps.len(), "{} of {}", likely.len(), steps.len());
        Self(steps)
    }

    /// Compares what follows elsewhere. `read` is handed a token and answers the logits before it.
    fn compare(&self, mut read: impl FnMut(u32) -> Vec<f32>) -> Compared {
        let mut compared = Compared::default();
        for (token, logits) in &self.0 {
            let found = read(*token);
            let [own, other] = [logits, &found].map(|all| likeliest(all) as usize);
            let most = logits.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            compared.same += usize::from(own == other);
            compared.gap = compared.gap.max((logits[own] - logits[other]) / most);
            compared.apart = compared.apart.max(difference(&found, logits));
        }
        compared
    }
}

fn read_here(made: &Made, options: &Options) -> (Model<'static>, DecodeSession<'static, 'static>) {
    let model = model(&File::parse(made.file().leak()).unwrap());
    let mut session = session(&model, options);
    read_prompt(&mut session, &PROMPT);
    (model, session)
}

/// One model: our engine with a norm moved, and then each device.
fn measure(made: &Made) -> Vec<Compared> {
    let options = Options { batch: 32, threads: 1, ..Options::new(made.context) };
    let (model, session) = read_here(made, &options);
    let text = LogitTrace::of(session);
    let (_, mut moved) = read_here(&Made { is_nudged: true, ..*made }, &options);
    let mut all = vec![text.compare(|token| {
        let logits = moved.logits().unwrap().to_vec();
        moved.read(&[token], &Serial).unwrap();
        logits
    })];
    for device in devices() {
        let mut engine = opened(&model, device, &options);
        engine.read_prompt(&PROMPT).unwrap();
        all.push(text.compare(|token| {
            let logits = engine.logits().unwrap().to_vec();
            engine.read(&[token]).unwrap();
            logits
        }));
    }
    all
}

/// A row of the table: the shares in the order of their size, and the worst of the rest.
fn row(family: &str, who: &str, all: &[Compared]) -> String {
    let mut same: Vec<usize> = all.iter().map(|one| one.same).collect();
    same.sort_unstable();
    let total = amount().0 * same.len();
    let share = 100.0 * same.iter().sum::<usize>() as f32 / total as f32;
    let most = |of: fn(&Compared) -> f32| all.iter().map(of).fold(0.0_f32, f32::max);
    let (apart, gap) = (most(|one| one.apart), most(|one| one.gap));
    let mut each = String::new();
    same.iter().for_each(|same| write!(each, "{same} ").unwrap());
    format!("| {family} | {who} | {each}| {share:.1} % | {apart:.1e} | {gap:.1e} |")
}

#[test]
fn a_device_writes_another_token_about_as_often_as_the_last_bit_of_a_norm_does() {
    let (tokens, models) = amount();
    let who: Vec<String> = devices().iter().map(|device| format!("{device:?}")).collect();
    let mut rows = String::new();
    let (mut moved, mut least) = (0, usize::MAX);
    for (family, made) in &FAMILIES {
        let seeds: Vec<_> = (1..=models).map(|seed| measure(&Made { seed, ..*made })).collect();
        let of = |at: usize| seeds.iter().map(|seed| seed[at]).collect::<Vec<_>>();
        rows += &(row(family, "our engine, a norm moved", &of(0)) + "\n");
        for (at, who) in who.iter().enumerate() {
            rows += &(row(family, who, &of(at + 1)) + "\n");
            assert!(of(at + 1).iter().all(|one| one.apart < 0.1));
            least = least.min(of(at + 1).iter().map(|one| one.same).sum());
        }
        moved += of(0).iter().map(|one| one.same).sum::<usize>();
    }
    println!(
        "| family | beside our engine | the same of {tokens}, {models} seeds | all | logits \
         apart | likelier by |\n|---|---|---|---:|---:|---:|\n{rows}"
    );
    let (each, mean) = (models as usize * tokens, moved / FAMILIES.len());
    // Of a few tokens two more are no sign.
    assert!(least + each / 10 + 2 >= mean, "{least} of {each}; {mean} with a norm moved");
}
