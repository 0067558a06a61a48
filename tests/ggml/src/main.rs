//! Weights a second of our kernels beside ggml's, from cache and from memory, on one thread and on
//! two; what part of the read bandwidth that is; prefill beside the processor's own peak; and rows
//! of an embedding beside ggml's.
//!
//! Rounds are interleaved: each has every kernel once, and the figures are medians. Time is the
//! processor time of each thread, so that what else runs disturbs the figures least.

mod decode;
mod prefill;
mod report;
mod rows;

use trine_ggml_kernels::machine;

/// Rows and columns of the two feed-forward matrices of BitNet 2B-4T.
const SHAPES: [(usize, usize); 2] = [(6912, 2560), (2560, 6912)];

/// Those of its keys and values, which a second cache has beside other things, wherever the pages
/// of a virtual machine lie.
const SMALL: (usize, usize) = (640, 2560);

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if quick { 3 } else { 15 };
    let mut report = report::Report::default();
    for shape in SHAPES {
        prefill::run(shape, rounds, &mut report);
        decode::run(shape, &decode::LAST, rounds, &mut report);
    }
    decode::run(SMALL, &decode::SECOND, rounds, &mut report);
    decode::run(SHAPES[0], &decode::MEMORY, rounds, &mut report);
    decode::run(SHAPES[0], &decode::SMALL_PAGES, rounds, &mut report);
    rows::run(rounds, &mut report);
    println!(
        "Medians of {rounds} interleaved rounds, processor time of each thread. Gates and goals are"
    );
    println!(
        "those of the ternary engine; \"of reading\" is the share of the faster of two loops that"
    );
    println!("only read the same bytes, so 1.00 is the most that there is.");
    println!("{}\n", machine::describe());
    print!("{report}");
}
