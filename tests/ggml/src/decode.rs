//! One token: GEMV from the last cache and from memory.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

use trine_ggml_kernels::ggml::{Activations, Dot};
use trine_ggml_kernels::machine::{Region, pin, thread_time};
use trine_ggml_kernels::probe;
use trine_ggml_kernels::random::Random;
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
}

/// One matrix over and over: too large for the second cache, and the last has it.
pub(crate) const CACHE: Place = Place { name: "last cache", bytes: 0, turns: 24 };
/// Many matrices; with those of the other packings, more than any cache holds between rounds.
pub(crate) const MEMORY: Place = Place { name: "memory", bytes: 512 << 20, turns: 1 };

const PACKINGS: [Packing; 4] = [Packing::Line2, Packing::Line16, Packing::Tq2_0, Packing::Tq1_0];

/// What goes through the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    Ours(Isa),
    Ggml,
    Read,
}

/// A packing, what runs on it, and its speeds: weights and bytes a second.
struct Subject {
    packing: Packing,
    runner: Runner,
    weights: Vec<f64>,
    bytes: Vec<f64>,
}

/// Copies of one matrix, one after the other, on huge pages.
struct Weights {
    packing: Packing,
    region: Region,
    matrix_bytes: usize,
    copies: usize,
}

/// Measures and reports one shape in one place, on one thread and on two.
pub(crate) fn run(shape: (usize, usize), place: &Place, rounds: usize, report: &mut Report) {
    let weights = PACKINGS.map(|packing| fill(packing, shape, place));
    let q = Random(9).activations(shape.1);
    for threads in 1..=2 {
        let mut subjects = subjects();
        for _ in 0..rounds {
            for subject in &mut subjects {
                let weights = weights.iter().find(|weights| weights.packing == subject.packing);
                let weights = weights.expect("weights of each packing");
                let (by_weights, by_bytes) =
                    round(subject.runner, weights, shape, &q, place.turns, threads);
                subject.weights.push(by_weights);
                subject.bytes.push(by_bytes);
            }
        }
        show(shape, place, threads, &subjects, report);
    }
}

fn subjects() -> Vec<Subject> {
    let mut runners = vec![(Packing::Line2, Runner::Read)];
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
    let mut region = Region::new(copies * matrix_bytes);
    let (first, rest) = region.split_at_mut(matrix_bytes);
    pack(packing, rows, cols, &Random(8).trits(rows * cols), first).expect("sizes that fit");
    for copy in rest.chunks_exact_mut(matrix_bytes).take(copies - 1) {
        copy.copy_from_slice(first);
    }
    Weights { packing, region, matrix_bytes, copies }
}

/// All weights once a turn, the rows shared among the threads; the sum of the threads' speeds in
/// 10⁹ weights and 10⁹ bytes a second of their own processor time.
fn round(
    runner: Runner,
    weights: &Weights,
    shape: (usize, usize),
    q: &[i8],
    turns: usize,
    threads: usize,
) -> (f64, f64) {
    let barrier = Barrier::new(threads);
    let speeds: Vec<(f64, f64)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|index| {
                let barrier = &barrier;
                scope.spawn(move || {
                    pin(index);
                    let (rows, cols) = shape;
                    let part = rows * index / threads..rows * (index + 1) / threads;
                    let mut job = Job::new(runner, weights, cols, q, part.clone());
                    job.run(weights, rows);
                    barrier.wait();
                    let since = thread_time();
                    for _ in 0..turns {
                        job.run(weights, rows);
                    }
                    let seconds = (thread_time() - since).as_secs_f64() * 1e9;
                    let done = (turns * weights.copies) as f64 / rows as f64 * part.len() as f64;
                    let bytes = done * weights.matrix_bytes as f64;
                    (done * (rows * cols) as f64 / seconds, bytes / seconds)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a thread of the bench")).collect()
    });
    speeds.iter().fold((0.0, 0.0), |sum, speed| (sum.0 + speed.0, sum.1 + speed.1))
}

/// What one thread does with its rows of each matrix.
struct Job<'a> {
    runner: Runner,
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
        Self { runner, packing: weights.packing, cols, rows, q, blocks, sums, floats }
    }

    fn run(&mut self, weights: &Weights, all_rows: usize) {
        for matrix in weights.region.chunks_exact(weights.matrix_bytes).take(weights.copies) {
            let (from, to) = (self.rows.start, self.rows.end);
            let part = &matrix[matrix.len() / all_rows * from..matrix.len() / all_rows * to];
            match self.runner {
                Runner::Read => read(part),
                Runner::Ggml => {
                    let dot = Dot::of(self.packing).expect("a type of ggml's");
                    dot.gemv(part, self.cols, &self.blocks, &mut self.floats);
                    black_box(&mut self.floats);
                }
                Runner::Ours(isa) => {
                    let kernels = Kernels::new(isa).expect("one that is supported");
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

fn read(bytes: &[u8]) {
    if Isa::Avx512.is_supported() {
        // SAFETY: the processor has what `Avx512` needs, which is more than this.
        unsafe { probe::read_avx512(bytes) }
    } else if Isa::Avx2.is_supported() {
        // SAFETY: the processor has what `Avx2` needs, which is more than this.
        unsafe { probe::read_avx2(bytes) }
    }
}

fn show(
    (rows, cols): (usize, usize),
    place: &Place,
    threads: usize,
    subjects: &[Subject],
    report: &mut Report,
) {
    let name = format!("{rows}x{cols}, {}, threads: {threads}", place.name);
    report.table(&name, &["Gweights/s", "GB/s", "of reading", "beside TQ2_0", "beside TQ1_0"]);
    let find = |packing: Packing, runner: Runner| {
        subjects.iter().find(|subject| subject.packing == packing && subject.runner == runner)
    };
    let ratio = |of: &[f64], to: &[f64]| median(of.iter().zip(to).map(|(a, b)| a / b).collect());
    let read = find(Packing::Line2, Runner::Read).expect("a subject of its own");
    let ggml = [Packing::Tq2_0, Packing::Tq1_0]
        .map(|packing| find(packing, Runner::Ggml).expect("a subject of its own"));
    for subject in subjects {
        let share = ratio(&subject.bytes, &read.bytes);
        let beside = ggml.map(|ggml| ratio(&subject.weights, &ggml.weights));
        let (weights, bytes) = (median(subject.weights.clone()), median(subject.bytes.clone()));
        match subject.runner {
            Runner::Read => report.line("reading", &[0.0, bytes, 1.0, 0.0, 0.0]),
            Runner::Ggml => {
                let line = format!("ggml {:?}", subject.packing);
                report.line(&line, &[weights, bytes, share, beside[0], beside[1]]);
            }
            Runner::Ours(isa) => {
                let line = format!("{:?} {}", subject.packing, isa.name());
                report.line(&line, &[weights, bytes, share, beside[0], beside[1]]);
                gates(&name, subject.packing, isa, threads, (share, beside), report);
            }
        }
    }
}

/// The gates of issue 4, each where it belongs.
fn gates(
    name: &str,
    packing: Packing,
    isa: Isa,
    threads: usize,
    (share, [tq2_0, tq1_0]): (f64, [f64; 2]),
    report: &mut Report,
) {
    let in_memory = name.contains(MEMORY.name);
    let mut gate = |what: &str, ratio, gate, goal| {
        report.gate(format!("{name}: {packing:?} {} {what}", isa.name()), ratio, gate, goal);
    };
    match (isa, packing) {
        (Isa::Avx512, Packing::Line2 | Packing::Line16) if in_memory => {
            gate("of reading", share, 0.90, 0.95);
            let (least, goal) = if threads == 1 { (1.8, 2.0) } else { (1.4, 1.5) };
            if packing == Packing::Line16 {
                gate("beside TQ2_0", tq2_0, least, goal);
            }
        }
        (Isa::Avx512, Packing::Line2) if threads == 1 => gate("beside TQ2_0", tq2_0, 3.0, 3.5),
        (Isa::Avx512, Packing::Line16) if threads == 1 => gate("beside TQ1_0", tq1_0, 6.0, 7.0),
        (Isa::Avx2, Packing::Line2) if threads == 1 => gate("beside TQ2_0", tq2_0, 1.15, 1.4),
        (Isa::Avx2, Packing::Line16) if threads == 1 => gate("beside TQ1_0", tq1_0, 1.15, 1.4),
        _ => {}
    }
}
