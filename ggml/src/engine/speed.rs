//! How fast a device reads its memory.

use std::time::{Duration, Instant};

use crate::backend::{Backend, Context, Device, Graph, Kind, Result, Scheduler, Tensor, Type};

/// What is read in a round: matrices in single precision with so many columns and rows, 64 MiB
/// each, which devices take that bind no more than 128 at once; and so many of them, since caches
/// of today's devices hold up to 256 MiB.
const COLUMNS: usize = 4096;
const ROWS: usize = 4096;
const PIECES: usize = 8;
/// Rounds that count, and how long they may take together; one that does not count goes before.
const ROUNDS: usize = 10;
const TIME: Duration = Duration::from_secs(5);
/// Tensors of a graph, at most: what it computes, and what it finds.
const NODES: usize = 6 * PIECES;

/// Bytes a second that a device reads of its memory, or reads and writes: the best round of
/// products of large matrices with a vector, which is what a decoded token does, and of copies.
/// What a model's decoding reads is compared with it.
///
/// # Errors
/// When the device does not open, has not 512 MiB, or fails.
pub fn memory_speed(device: Device, threads: usize) -> Result<f64> {
    let memory = Context::new(2 * PIECES + 1, 0)?;
    let matrix = |_| memory.tensor(Type::F32, [COLUMNS, ROWS]);
    let matrices = (0..PIECES).map(matrix).collect::<Result<Vec<_>>>()?;
    let vector = memory.tensor(Type::F32, [COLUMNS, 1])?;
    let product = |_| memory.tensor(Type::F32, [ROWS, 1]);
    let products = (0..PIECES).map(product).collect::<Result<Vec<_>>>()?;
    memory.allocate(device)?;
    let bytes: usize = matrices.iter().map(Tensor::bytes).sum();

    let mut backends = vec![Backend::open(device, threads)?];
    if device.kind() != Kind::Cpu {
        backends.push(Backend::open(Device::cpu()?, threads)?);
    }
    let mut scheduler = Scheduler::new(backends, NODES)?;
    let context = Context::new(NODES, NODES)?;
    let graph = Graph::new(&context, NODES)?;
    for (matrix, out) in matrices.iter().zip(&products) {
        graph.add(&context.cpy(&context.mul_mat(matrix, &vector)?, out)?)?;
    }
    // Our own backend copies, and has no such product.
    let read = if device.is_ternary() {
        0.0
    } else {
        scheduler.take(graph)?;
        bytes as f64 / best(&mut scheduler)?
    };

    // Each half is read once and written once.
    let context = Context::new(NODES, NODES)?;
    let graph = Graph::new(&context, NODES)?;
    let (from, to) = matrices.split_at(PIECES / 2);
    for (from, to) in from.iter().zip(to) {
        graph.add(&context.cpy(from, to)?)?;
    }
    scheduler.take(graph)?;
    let copied = bytes as f64 / best(&mut scheduler)?;
    Ok(read.max(copied))
}

/// Seconds of the shortest round.
fn best(scheduler: &mut Scheduler) -> Result<f64> {
    // In the first one devices compile.
    scheduler.compute()?;
    let (since, mut best) = (Instant::now(), f64::INFINITY);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        scheduler.compute()?;
        best = best.min(begun.elapsed().as_secs_f64());
        if since.elapsed() > TIME {
            break;
        }
    }
    Ok(best)
}
