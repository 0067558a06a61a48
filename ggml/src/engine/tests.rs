//! Devices find the core's integers, bit for bit.

use trine_ternary::parallel::Serial;
use trine_ternary::{Kernels, Matrix, Packing, pack, quantize};

use super::options::Activations;
use super::trits::Layout;
use crate::backend::{Backend, Context, Device, Graph, Kind, Scheduler, Type};
use crate::round::{self, Rounder};

/// Every device that computes ggml's graphs, of which one is Vulkan's where Vulkan was built and is
/// not hidden. Our own backend has operations of its own alone.
pub(super) fn devices() -> Vec<Device> {
    let mut devices = Device::all();
    devices.retain(|device| !device.is_ternary());
    let is_vulkan = |device: &Device| device.backend() == "Vulkan" && device.kind() != Kind::Cpu;
    // A program with several backends is tested for one of them, and sees none of the others' then.
    let seen = std::env::var_os("GGML_VK_VISIBLE_DEVICES");
    let has_vulkan = cfg!(feature = "vulkan") && seen.is_none_or(|seen| !seen.is_empty());
    assert!(devices.iter().any(is_vulkan) || !has_vulkan, "{devices:?}");
    devices
}

pub(super) fn scheduler(device: Device) -> Scheduler {
    scheduler_of(device, 64)
}

pub(super) fn scheduler_of(device: Device, tensors: usize) -> Scheduler {
    let mut backends = vec![Backend::open(device, 2).unwrap()];
    if device.kind() != Kind::Cpu {
        backends.push(Backend::open(Device::cpu().unwrap(), 2).unwrap());
    }
    Scheduler::new(backends, tensors).unwrap()
}

/// Numbers that are the same in each run.
pub(super) fn random(count: usize) -> impl Iterator<Item = u32> {
    (1..=count as u32).map(|at| at.wrapping_mul(0x9e37_79b1).rotate_left(9).wrapping_mul(at))
}

/// Rows on a bell curve, one of them with ties, one of zeros, one nearly so.
fn rows(columns: usize, count: usize) -> Vec<f32> {
    let mut all: Vec<f32> = random(columns * count)
        .map(|bits| (0..4).map(|part| (bits >> (8 * part) & 0xff) as f32).sum::<f32>() / 64.0 - 8.0)
        .collect();
    for (at, row) in all.chunks_exact_mut(columns).enumerate() {
        match at {
            1 => row.fill(0.0),
            2 => row.iter_mut().for_each(|x| *x *= 1e-7),
            3 => row.iter_mut().zip(0..).for_each(|(x, i)| *x = (i % 255 - 127) as f32 / 2.0),
            _ => {}
        }
        if at == 3 {
            row[0] = 127.0;
        }
    }
    all
}

/// Whether a device divides as the standard has it. Vulkan lets devices be off by the last bits,
/// and ggml compiles CUDA's kernels so; a code is then another one now and then, by one.
fn divides_exactly(device: Device) -> bool {
    device.kind() == Kind::Cpu || device.description().contains("llvmpipe")
}

#[test]
fn quantized_activations_and_scales_are_the_cores() {
    for (device, columns, count) in devices().into_iter().flat_map(|device| {
        [(2560, 1), (2560, 5), (6912, 1), (97, 40)].map(|(columns, count)| (device, columns, count))
    }) {
        let x = rows(columns, count);
        let inputs = Context::new(5, 0).unwrap();
        let given = inputs.tensor(Type::F32, [columns, count]).unwrap();
        let ones = inputs.tensor(Type::F32, [count]).unwrap();
        let magic = inputs.tensor(Type::F32, [columns, 2]).unwrap();
        let codes = inputs.tensor(Type::F32, [columns, count]).unwrap();
        let scales = inputs.tensor(Type::F32, [1, count]).unwrap();
        inputs.allocate(device).unwrap();
        given.write_f32(&x).unwrap();
        ones.write_f32(&vec![127.0; count]).unwrap();
        magic.write_f32(&round::magic(columns)).unwrap();
        let context = Context::new(64, 64).unwrap();
        let found = Rounder { graph: &context, ones: &ones, magic: &magic };
        let found = found.quantize(&given).unwrap();
        let graph = Graph::new(&context, 64).unwrap();
        graph.add(&context.cpy(&found.numbers, &codes).unwrap()).unwrap();
        graph.add(&context.cpy(found.scales.as_ref().unwrap(), &scales).unwrap()).unwrap();
        let mut scheduler = scheduler(device);
        scheduler.take(graph).unwrap();
        scheduler.compute().unwrap();
        assert_eq!(scheduler.splits(), 1, "{device:?}");
        let (mut q, mut s) = (vec![0.0; columns * count], vec![0.0; count]);
        codes.read_f32(&mut q).unwrap();
        scales.read_f32(&mut s).unwrap();
        for (at, (x, q)) in x.chunks_exact(columns).zip(q.chunks_exact(columns)).enumerate() {
            let mut wanted = vec![0; columns];
            let rounded = quantize(x, &mut wanted).unwrap();
            let wanted: Vec<f32> = wanted.iter().map(|code| f32::from(*code)).collect();
            let others: Vec<f32> =
                q.iter().zip(&wanted).map(|(q, w)| (q - w).abs()).filter(|d| *d > 0.0).collect();
            let ulps = s[at].to_bits().abs_diff(rounded.scale.to_bits());
            if divides_exactly(device) {
                assert!(others.is_empty(), "{device:?}: row {at} of {count} x {columns}");
                assert_eq!(ulps, 0, "{device:?}: row {at}");
            } else {
                let few = others.len() <= 1 + columns / 100;
                assert!(few && others.iter().all(|by| *by == 1.0), "{device:?}: row {at}");
                assert!(ulps <= 2, "{device:?}: row {at}: {ulps}");
            }
        }
    }
}

#[test]
fn sums_are_the_cores() {
    for device in devices() {
        let layout = Layout::of(Backend::open(device, 2).unwrap(), 2, Activations::Int8).unwrap();
        println!("{device:?}: {}", layout.name());
        if device.backend() == "Vulkan" {
            assert_eq!((layout.name(), layout.by_parts), ("TQ2_0", true));
        }
        for (rows, columns, tokens) in
            [(640, 2560, 1), (64, 6912, 1), (640, 2560, 40), (100, 300, 12)]
        {
            let trits: Vec<i8> =
                random(rows * columns).map(|bits| (bits >> 7) % 3).map(|t| t as i8 - 1).collect();
            // All codes at their greatest in one token: the largest sums that there are.
            let codes: Vec<i8> = random(columns * tokens)
                .zip(0..)
                .map(|(bits, at)| if at < columns { 127 } else { (bits >> 5) as u8 as i8 })
                .map(|code| code.max(-127))
                .collect();
            let mut packed = vec![0; Packing::PanelBase3.bytes(rows, columns).unwrap()];
            pack(Packing::PanelBase3, rows, columns, &trits, &mut packed).unwrap();
            let matrix = Matrix::new(Packing::PanelBase3, rows, columns, &packed).unwrap();
            let weights = layout.pack(&matrix, &Serial).unwrap();
            assert_eq!(weights.len(), layout.bytes(rows, columns));
            let mut scheduler = scheduler(device);
            let found = layout.product(device, &mut scheduler, &weights, &codes, (rows, columns));
            let found = found.unwrap().unwrap();
            let mut wanted = vec![0; rows * tokens];
            Kernels::best().gemm(&matrix, 0..rows, tokens, &codes, &mut wanted).unwrap();
            for (token, sums) in found.chunks_exact(rows).enumerate() {
                for (row, sum) in sums.iter().enumerate() {
                    let wanted = wanted[row * tokens + token] as f32;
                    assert_eq!(*sum, wanted, "{device:?}: {rows} x {columns}, token {token}");
                }
            }
        }
    }
}

#[test]
fn llama_cpp_gets_tq2_0_where_the_device_multiplies_it() {
    for device in
        devices().into_iter().filter(|device| ["CPU", "Vulkan"].contains(&&*device.backend()))
    {
        assert_eq!(super::llama_type(device).unwrap(), trine_infer::gguf::Type::Tq2_0);
    }
}

#[test]
fn half_precision_is_the_cores() {
    for device in devices() {
        let x: Vec<f32> = rows(512, 1).iter().map(|x| x * 0.37).collect();
        let inputs = Context::new(5, 0).unwrap();
        let given = inputs.tensor(Type::F32, [64, 8]).unwrap();
        let kept = inputs.tensor(Type::F16, [64, 8]).unwrap();
        let at = inputs.tensor(Type::I64, [8]).unwrap();
        let back = inputs.tensor(Type::F32, [64, 8]).unwrap();
        inputs.allocate(device).unwrap();
        given.write_f32(&x).unwrap();
        at.write(0, &(0..8_u64).flat_map(u64::to_le_bytes).collect::<Vec<_>>()).unwrap();
        let context = Context::new(64, 64).unwrap();
        let graph = Graph::new(&context, 64).unwrap();
        let written = context.set_rows(&kept, &given, &at).unwrap();
        let wide = context.cast(&written, Type::F32).unwrap();
        graph.add(&context.cpy(&wide, &back).unwrap()).unwrap();
        let mut scheduler = scheduler(device);
        scheduler.take(graph).unwrap();
        scheduler.compute().unwrap();
        let mut found = vec![0.0; 512];
        back.read_f32(&mut found).unwrap();
        let half = |x: &f32| trine_ternary::f32_from_f16(trine_ternary::f16_from_f32(*x));
        let others = x.iter().zip(&found).filter(|(x, found)| half(x) != **found).count();
        assert_eq!(others, 0, "{device:?}");
    }
}
