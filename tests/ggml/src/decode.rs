//! One token: GEMV from the second cache, from the last and from memory.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

use trine_ggml_kernels::ggml::{Activations, Dot};
use trine_ggml_kernels::machine::{Pages, Region, huge_share, pin, thread_time};
use trine_ggml_kernels::probe;
use trine_ggml_kernels::random::{Draw as _, Random};
use trine_ternary::{Isa, Kernels, Matrix, Packing, pack};

use crate::report::{Report, median};

/// Where the weights come from.
#[derive(Debug)]
pub(crate) struct Place {
    name: &'static str,
    /// Bytes of weights of each packing that a round goes through.
    bytes: usize,
    /// How often it goes through them.
    turns: usize,
    pages: Pages,
    gates: &'static [Gate],
}

/// What a packing must reach on an instruction set and a number of threads.
#[derive(Debug)]
struct Gate {
    isa: Isa,
    packing: Packing,
    threads: usize,
    compared: Baseline,
    /// The least, and what is aimed at.
    least: (f64, f64),
}

/// What a speed is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Baseline {
    Tq2_0,
    Tq1_0,
    Reading,
}

const fn gate(
    isa: Isa,
    packing: Packing,
    threads: usize,
    compared: Baseline,
    least: (f64, f64),
) -> Gate {
    Gate { isa, packing, threads, compared, least }
}

/// One matrix over and over, small enough for the second cache of most processors: what the
/// kernels themselves can do.
pub(crate) const SECOND: Place =
    Place { name: "second cache", bytes: 0, turns: 400, pages: Pages::Huge, gates: &[] };

/// One matrix over and over: too large for the second cache, and the last has it.
pub(crate) const LAST: Place = Place {
    name: "last cache",
    bytes: 0,
    turns: 48,
    pages: Pages::Huge,
    gates: &[
        gate(Isa::Avx512, Packing::Panel2Bit, 1, Baseline::Tq2_0, (3.0, 3.5)),
        gate(Isa::Avx512, Packing::PanelBase3, 1, Baseline::Tq1_0, (6.0, 7.0)),
        gate(Isa::Avx2, Packing::Panel2Bit, 1, Baseline::Tq2_0, (1.15, 1.4)),
        gate(Isa::Avx2, Packing::PanelBase3, 1, Baseline::Tq1_0, (1.15, 1.4)),
    ],
};

/// Many matrices; with those of the other packings, more than any cache holds between rounds.
pub(crate) const MEMORY: Place = Place {
    name: "memory",
    bytes: 512 << 20,
    turns: 1,
    pages: Pages::Huge,
    gates: &[
        gate(Isa::Avx512, Packing::Panel2Bit, 1, Baseline::Reading, (0.90, 0.95)),
        gate(Isa::Avx512, Packing::PanelBase3, 1, Baseline::Reading, (0.90, 0.95)),
        gate(Isa::Avx512, Packing::PanelBase3, 1, Baseline::Tq2_0, (1.8, 2.0)),
        gate(Isa::Avx512, Packing::Panel2Bit, 2, Baseline::Reading, (0.90, 0.95)),
        gate(Isa::Avx512, Packing::PanelBase3, 2, Baseline::Reading, (0.90, 0.95)),
        gate(Isa::Avx512, Packing::PanelBase3, 2, Baseline::Tq2_0, (1.4, 1.5)),
        gate(Isa::Avx2, Packing::Panel2Bit, 1, Baseline::Tq2_0, (1.15, 1.4)),
        gate(Isa::Avx2, Packing::PanelBase3, 1, Baseline::Tq1_0, (1.15, 1.4)),
    ],
};

/// The same on small pages, as a mapped file has them.
pub(crate) const SMALL_PAGES: Place = Place { pages: Pages::Small, gates: &[], ..MEMORY };

const PACKINGS: [Packing; 4] =
    [Packing::Panel2Bit, Packing::PanelBase3, Packing::Tq2_0, Packing::Tq1_0];

/// What goes through the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    Ours(Isa),
    Ggml,
    Read,
    ReadAhead,
}

/// A packing, what runs on it, and its speeds: weights and bytes a second.
struct Subject {
    packing: Packing,
    runner: Runner,
    weights: Vec<f64>,
    bytes: Vec<f64>,
}

/// Copies of one matrix, one after the other.
struct Weights {
    packing: Packing,
    region: Region,
    matrix_bytes: usize,
    copies: usize,
}

/// Measures and reports one shape in one place, on one thread and on two.
pub(crate) fn run(shape: (usize, usize), place: &Place, rounds: usize, report: &mut Report) {
    let weights = PACKINGS.map(|packing| fill(packing, shape, place));
    let huge = huge_share(weights.iter().map(|weights| &weights.region));
    let q = Random::new(9).activations(shape.1);
    for threads in 1..=2 {
        let mut subjects = subjects();
        for _ in 0..rounds {
            for subject in &mut subjects {
                let (by_weights, by_bytes) = round(subject, &weights, shape, &q, place, threads);
                subject.weights.push(by_weights);
                subject.bytes.push(by_bytes);
            }
        }
        show(shape, place, (threads, huge), &subjects, report);
    }
}

fn subjects() -> Vec<Subject> {
    let read = |packing| [(packing, Runner::Read), (packing, Runner::ReadAhead)];
    let mut runners = [Packing::Panel2Bit, Packing::PanelBase3].map(read).concat();
    for isa in Isa::supported().filter(|isa| *isa != Isa::Scalar) {
        runners.extend(PACKINGS.map(|packing| (packing, Runner::Ours(isa))));
    }
    runners.extend([(Packing::Tq2_0, Runner::Ggml), (Packing::Tq1_0, Runner::Ggml)]);
    let subject =
        |(packing, runner)| Subject { packing, runner, weights: Vec::new(), bytes: Vec::new() };
    runners.into_iter().map(subject).collect()
}

fn fill(packing: Packing, (rows, cols): (usize, usize), place: &Place) -> Weights {
    let matrix_bytes = packing.bytes(rows, cols).expect("a shape that every packing takes");
    let copies = (place.bytes / matrix_bytes).max(1);
    let mut region = Region::new(copies * matrix_bytes, place.pages);
    let (first, rest) = region.split_at_mut(matrix_bytes);
    pack(packing, rows, cols, &Random::new(8).trits(rows * cols), first).expect("sizes that fit");
    for copy in rest.chunks_exact_mut(matrix_bytes).take(copies - 1) {
        copy.copy_from_slice(first);
    }
    Weights { packing, region, matrix_bytes, copies }
}

/// All weights once a turn, the rows shared among the threads; the sum of the threads' speeds in
/// 10⁹ weights and 10⁹ bytes a second of their own processor time.
///
/// What is to come from a cache is gone through once before. What is to come from memory is not:
/// the weights of all other packings are read instead, since a last cache may be nearly as large as
/// those of one, and who comes after another would find some of them there.
fn round(
    subject: &Subject,
    weights: &[Weights],
    shape: (usize, usize),
    q: &[i8],
    place: &Place,
    threads: usize,
) -> (f64, f64) {
    let (mine, others): (Vec<_>, Vec<_>) =
        weights.iter().partition(|weights| weights.packing == subject.packing);
    let weights = mine.first().expect("weights of each packing");
    let barrier = Barrier::new(threads);
    let work = |index: usize| {
        pin(index);
        let (rows, cols) = shape;
        let part = rows * index / threads..rows * (index + 1) / threads;
        let mut job = Job::new(subject.runner, weights, cols, q, part.clone());
        match place.bytes {
            0 => job.run(weights, rows),
            _ => others.iter().for_each(|weights| {
                let own = weights.region.len() / threads;
                let reader = Worker::of(Runner::Read, weights.packing);
                reader.read(&weights.region[index * own..(index + 1) * own]);
            }),
        }
        barrier.wait();
        let since = thread_time();
        for _ in 0..place.turns {
            job.run(weights, rows);
        }
        let seconds = (thread_time() - since).as_secs_f64() * 1e9;
        let done = (place.turns * weights.copies) as f64 / rows as f64 * part.len() as f64;
        let bytes = done * weights.matrix_bytes as f64;
        (done * (rows * cols) as f64 / seconds, bytes / seconds)
    };
    let speeds: Vec<(f64, f64)> = thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..threads).map(|index| scope.spawn(move || work(index))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a thread of the bench")).collect()
    });
    speeds.iter().fold((0.0, 0.0), |sum, speed| (sum.0 + speed.0, sum.1 + speed.1))
}

/// What does the work of a [`Runner`]. It is found once: asking the processor what it has takes a
/// virtual machine as long as reading half a megabyte.
enum Worker {
    Ours(Kernels),
    Ggml(Dot),
    Read { isa: Isa, ahead: bool },
}

impl Worker {
    fn of(runner: Runner, packing: Packing) -> Self {
        match runner {
            Runner::Ours(isa) => Self::Ours(Kernels::new(isa).expect("one that is supported")),
            Runner::Ggml => Self::Ggml(Dot::of(packing).expect("a type of ggml's")),
            Runner::Read => Self::Read { isa: Isa::best(), ahead: false },
            Runner::ReadAhead => Self::Read { isa: Isa::best(), ahead: true },
        }
    }
}

impl Worker {
    /// Reads some bytes, where it is one that does nothing else.
    fn read(&self, bytes: &[u8]) {
        match self {
            // SAFETY: the processor has the instruction set, which is more than this.
            Self::Read { isa: Isa::Avx512, ahead } => unsafe { probe::read_avx512(bytes, *ahead) },
            // SAFETY: as above.
            Self::Read { isa: Isa::Avx2, ahead } => unsafe { probe::read_avx2(bytes, *ahead) },
            _ => {}
        }
    }
}

/// What one thread does with its rows of each matrix.
struct Job<'a> {
    worker: Worker,
    packing: Packing,
    cols: usize,
    rows: std::ops::Range<usize>,
    q: &'a [i8],
    blocks: Activations,
    sums: Vec<i32>,
    floats: Vec<f32>,
}

impl<'a> Job<'a> {
    fn new(
        runner: Runner,
        weights: &Weights,
        cols: usize,
        q: &'a [i8],
        rows: std::ops::Range<usize>,
    ) -> Self {
        let (sums, floats) = (vec![0; rows.len()], vec![0.0; rows.len()]);
        let blocks = Activations::new(q);
        let packing = weights.packing;
        let worker = Worker::of(runner, packing);
        Self { worker, packing, cols, rows, q, blocks, sums, floats }
    }

    fn run(&mut self, weights: &Weights, all_rows: usize) {
        for matrix in weights.region.chunks_exact(weights.matrix_bytes).take(weights.copies) {
            let (from, to) = (self.rows.start, self.rows.end);
            let part = &matrix[matrix.len() / all_rows * from..matrix.len() / all_rows * to];
            match &self.worker {
                Worker::Read { .. } => self.worker.read(part),
                Worker::Ggml(dot) => {
                    dot.gemv(part, self.cols, &self.blocks, &mut self.floats);
                    black_box(&mut self.floats);
                }
                Worker::Ours(kernels) => {
                    let matrix = Matrix::new(self.packing, all_rows, self.cols, matrix);
                    let matrix = matrix.expect("bytes of this shape");
                    let done = kernels.gemv(&matrix, from..to, self.q, &mut self.sums);
                    done.expect("lengths that fit");
                    black_box(&mut self.sums);
                }
            }
        }
    }
}

/// A table; and the gates, each as a line of its own.
fn show(
    (rows, cols): (usize, usize),
    place: &Place,
    (threads, huge): (usize, f64),
    subjects: &[Subject],
    report: &mut Report,
) {
    let huge = 100.0 * huge;
    let name = format!(
        "{rows}x{cols}, {}, threads: {threads}, {huge:.0} % of it on huge pages",
        place.name
    );
    report.table(&name, &["Gweights/s", "GB/s", "of reading", "beside TQ2_0", "beside TQ1_0"]);
    let find = |packing: Packing, runner: Runner| {
        let is_it = |subject: &&Subject| subject.packing == packing && subject.runner == runner;
        subjects.iter().find(is_it).expect("a subject of its own")
    };
    // The faster of the two ways to read the same bytes counts; those of ggml's types are about as
    // many.
    let read_of = |packing: Packing| {
        let packing = if packing == Packing::PanelBase3 { packing } else { Packing::Panel2Bit };
        let reads = [Runner::Read, Runner::ReadAhead].map(|runner| find(packing, runner));
        let of = |subject: &Subject| median(subject.bytes.clone());
        if of(reads[0]) > of(reads[1]) { reads[0] } else { reads[1] }
    };
    let ratio = |of: &[f64], to: &[f64]| median(of.iter().zip(to).map(|(a, b)| a / b).collect());
    for subject in subjects {
        let line = match subject.runner {
            Runner::Read => format!("reading {:?}", subject.packing),
            Runner::ReadAhead => format!("reading {:?}, asked for ahead", subject.packing),
            Runner::Ggml => format!("ggml {:?}", subject.packing),
            Runner::Ours(isa) => format!("{:?} {}", subject.packing, isa.name()),
        };
        let compared = |other| match other {
            Baseline::Reading => ratio(&subject.bytes, &read_of(subject.packing).bytes),
            Baseline::Tq2_0 => ratio(&subject.weights, &find(Packing::Tq2_0, Runner::Ggml).weights),
            Baseline::Tq1_0 => ratio(&subject.weights, &find(Packing::Tq1_0, Runner::Ggml).weights),
        };
        let share = compared(Baseline::Reading);
        let bytes = median(subject.bytes.clone());
        if matches!(subject.runner, Runner::Read | Runner::ReadAhead) {
            report.line(&line, &[f64::NAN, bytes, share, f64::NAN, f64::NAN]);
            continue;
        }
        let weights = median(subject.weights.clone());
        let others = [Baseline::Tq2_0, Baseline::Tq1_0].map(compared);
        report.line(&line, &[weights, bytes, share, others[0], others[1]]);
        let Runner::Ours(isa) = subject.runner else { continue };
        let mine = |gate: &&Gate| (gate.isa, gate.packing) == (isa, subject.packing);
        for gate in place.gates.iter().filter(mine).filter(|gate| gate.threads == threads) {
            let what = match gate.compared {
                Baseline::Reading => "of reading",
                Baseline::Tq2_0 => "beside TQ2_0",
                Baseline::Tq1_0 => "beside TQ1_0",
            };
            let bound = format!("{:.0} % of reading", 100.0 * share);
            report.gate(
                format!("{name}: {line} {what}, at {bound}"),
                compared(gate.compared),
                gate.least,
            );
        }
    }
}
