//! Stage by stage: which of them devices compute as the core does, bit for bit, and how far apart
//! the others are. All but the sums of numbers that are no integers are the same.

use trine_ternary::{Kernels, math};

use super::tests::{devices, random, scheduler};
use crate::backend::{Context, Device, Graph, Result, Tensor, Type};

/// Numbers on a bell curve around 0.
fn bell(count: usize, spread: f32, seed: u32) -> Vec<f32> {
    let byte = |bits: u32, part: u32| (bits >> (8 * part) & 0xff) as f32 - 127.5;
    let of = |bits: u32| (0..4).map(|part| byte(bits ^ seed, part)).sum::<f32>() / 147.8 * spread;
    random(count).map(|bits| of(bits.wrapping_mul(0x85eb_ca6b) ^ bits >> 13)).collect()
}

/// What a device makes of these numbers.
fn computed(
    device: Device,
    given: &[(&[f32], [usize; 3])],
    build: impl Fn(&Context, &[Tensor]) -> Result<Tensor>,
) -> Vec<f32> {
    let (inputs, context) = (Context::new(16, 0).unwrap(), Context::new(64, 64).unwrap());
    let tensors: Vec<Tensor> =
        given.iter().map(|(_, shape)| inputs.tensor(Type::F32, *shape).unwrap()).collect();
    let result = build(&context, &tensors).unwrap();
    let out = inputs.tensor(Type::F32, result.shape()).unwrap();
    inputs.allocate(device).unwrap();
    for (tensor, (numbers, _)) in tensors.iter().zip(given) {
        tensor.write_f32(numbers).unwrap();
    }
    let graph = Graph::new(&context, 64).unwrap();
    graph.add(&context.cpy(&result, &out).unwrap()).unwrap();
    let mut scheduler = scheduler(device);
    scheduler.take(graph).unwrap();
    scheduler.compute().unwrap();
    let mut found = vec![0.0; result.shape().iter().product()];
    out.read_f32(&mut found).unwrap();
    found
}

/// Compares, prints and answers the greatest difference relative to the greatest number; exactly 0
/// where all bits are the same.
fn apart(stage: &str, device: Device, found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    let others = found.iter().zip(wanted).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    let most = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let far = |apart: f32| if apart.is_nan() { f32::INFINITY } else { apart };
    let worst =
        found.iter().zip(wanted).map(|(a, b)| far((a - b).abs())).fold(0.0, f32::max) / most;
    let (all, name) = (wanted.len(), device.name());
    println!("{name}: {stage}: {others} of {all} are others, {worst:.1e} apart at most");
    worst
}

/// Width of a head, positions, and width of the stream.
const WIDTH: usize = 64;
const SEEN: usize = 128;
const DIM: usize = 2560;

#[test]
fn what_is_computed_number_by_number_is_the_cores_bit_for_bit() {
    let (x, y) = (bell(DIM, 1.0, 1), bell(DIM, 3.0, 2));
    let row = [DIM, 1, 1];
    for device in devices() {
        let found = computed(device, &[(&x, row), (&y, row)], |graph, t| graph.add(&t[0], &t[1]));
        let wanted: Vec<f32> = x.iter().zip(&y).map(|(x, y)| x + y).collect();
        assert_eq!(apart("stream", device, &found, &wanted), 0.0);

        let found = computed(device, &[(&x, row), (&y, row)], |graph, t| {
            graph.mul(&graph.relu_times(&t[0], &t[0])?, &t[1])
        });
        let mut wanted = y.clone();
        Kernels::best().relu_squared(&x, &mut wanted);
        assert_eq!(apart("relu squared", device, &found, &wanted), 0.0);

        let sums: Vec<f32> = x.iter().map(|x| (x * 900.0).round()).collect();
        let (weights, steepness) = ([0.013_7_f32], [53.71_f32]);
        let one = [1, 1, 1];
        let given: [(&[f32], _); 3] = [(&sums, row), (&weights, one), (&steepness, one)];
        let found =
            computed(device, &given, |graph, t| graph.mul(&t[0], &graph.div(&t[1], &t[2])?));
        let factor = weights[0] / steepness[0];
        let wanted: Vec<f32> = sums.iter().map(|sum| sum * factor).collect();
        assert_eq!(apart("scales", device, &found, &wanted), 0.0);

        assert_eq!(rotated(device, &x), 0.0);
    }
}

/// The rotary embedding of heads.
fn rotated(device: Device, x: &[f32]) -> f32 {
    let rotations: Vec<(f32, f32)> =
        (0..WIDTH / 2).map(|i| math::sin_cos(i as f32 * 1.37 + 11.0)).collect();
    let cosines: Vec<f32> = rotations.iter().chain(&rotations).map(|(_, cosine)| *cosine).collect();
    let negative = rotations.iter().map(|(sine, _)| -sine);
    let sines: Vec<f32> = negative.chain(rotations.iter().map(|(sine, _)| *sine)).collect();
    let (heads, turn) = ([WIDTH, DIM / WIDTH, 1], [WIDTH, 1, 1]);
    let found = computed(device, &[(x, heads), (&cosines, turn), (&sines, turn)], |graph, t| {
        let half =
            |offset| graph.view(&t[0], [WIDTH / 2, DIM / WIDTH, 1], [4 * WIDTH, 4 * DIM], offset);
        let other = graph.concat(&half(2 * WIDTH)?, &half(0)?)?;
        graph.add(&graph.mul(&t[0], &t[1])?, &graph.mul(&other, &t[2])?)
    });
    let mut wanted = x.to_vec();
    for head in wanted.chunks_exact_mut(WIDTH) {
        let (first, second) = head.split_at_mut(WIDTH / 2);
        for ((a, b), (sine, cosine)) in first.iter_mut().zip(second).zip(&rotations) {
            (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
        }
    }
    apart("rotary embedding", device, &found, &wanted)
}

#[test]
fn sums_and_exponentials_differ_in_the_last_bits_alone() {
    let kernels = Kernels::best();
    let (x, weight) = (bell(DIM, 1.7, 3), bell(DIM, 1.0, 4));
    let (query, keys) = (bell(WIDTH, 1.0, 5), bell(WIDTH * SEEN, 1.0, 6));
    let (row, none) = ([DIM, 1, 1], vec![0.0; SEEN]);
    for device in devices() {
        let found = computed(device, &[(&x, row), (&weight, row)], |graph, t| {
            graph.mul(&graph.rms_norm(&t[0], 1e-5)?, &t[1])
        });
        let mean = kernels.sum_of_squares(&x) / DIM as f32;
        let mut wanted = vec![0.0; DIM];
        kernels.scale_by(1.0 / math::sqrt(mean + 1e-5), &weight, &x, &mut wanted);
        assert!(apart("norm", device, &found, &wanted) < 1e-6);

        let found = computed(device, &[(&x, row), (&weight, row)], |graph, t| {
            graph.silu_times(&t[0], &t[1])
        });
        let silu = |(x, up): (&f32, &f32)| up * (x / (1.0 + math::exp(-x)));
        let wanted: Vec<f32> = x.iter().zip(&weight).map(silu).collect();
        assert!(apart("silu", device, &found, &wanted) < 1e-6);

        let shapes = [[WIDTH, 1, 1], [WIDTH, SEEN, 1], [SEEN, 1, 1]];
        let scores = computed(device, &[(&query, shapes[0]), (&keys, shapes[1])], |graph, t| {
            graph.mul_mat(&t[1], &t[0])
        });
        let dot = |key: &[f32]| kernels.dot(&query, key);
        let wanted: Vec<f32> = keys.chunks_exact(WIDTH).map(dot).collect();
        assert!(apart("scores", device, &scores, &wanted) < 1e-6);

        // From here on with the same scores.
        let found = computed(device, &[(&wanted, shapes[2]), (&none, shapes[2])], |graph, t| {
            graph.soft_max(&t[0], &t[1], 0.125)
        });
        let most = wanted.iter().fold(f32::NEG_INFINITY, |most, score| most.max(score * 0.125));
        let shares: Vec<f32> = wanted.iter().map(|score| math::exp(score * 0.125 - most)).collect();
        let total: f32 = shares.iter().sum();
        let shares: Vec<f32> = shares.iter().map(|share| share / total).collect();
        assert!(apart("shares", device, &found, &shares) < 1e-6);

        let values: Vec<f32> =
            (0..WIDTH * SEEN).map(|at| keys[at % SEEN * WIDTH + at / SEEN]).collect();
        let shape = [SEEN, WIDTH, 1];
        let found = computed(device, &[(&shares, shapes[2]), (&values, shape)], |graph, t| {
            graph.mul_mat(&t[1], &t[0])
        });
        let mut wanted = vec![0.0; WIDTH];
        for (share, value) in shares.iter().zip(keys.chunks_exact(WIDTH)) {
            kernels.axpy(*share, value, &mut wanted);
        }
        assert!(apart("values", device, &found, &wanted) < 1e-6);
    }
}
