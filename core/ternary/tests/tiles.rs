//! Linux may refuse the tiles of AMX, and then everything goes on without them. They are for a
//! whole process, once it has them: so this is a process of its own, with a single test.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::ffi::{c_int, c_void};
use std::fs;
use std::ptr;

use trine_bits::Random;
use trine_ternary::{Isa, Kernels, Matrix, Packing, pack};

/// A stack for signal handlers, as C has it.
#[repr(C)]
struct SignalStack {
    start: *mut c_void,
    flags: c_int,
    size: usize,
}

unsafe extern "C" {
    fn sigaltstack(new: *const SignalStack, old: *mut SignalStack) -> c_int;
}

const DISABLED: c_int = 2;
/// Enough for the registers of AVX-512, which are less than 3 KiB, not for 8 KiB of tiles.
const SMALL: usize = 8192;

/// Whether Linux takes the stack for this thread.
fn set(stack: &SignalStack) -> bool {
    // SAFETY: the stack has memory for as long as the process lives, or is none.
    unsafe { sigaltstack(stack, ptr::null_mut()) == 0 }
}

/// The best kernels multiply as plain loops do.
fn multiply() -> Isa {
    const ROWS: usize = 40;
    const COLS: usize = 200;
    const TOKENS: usize = 33;
    let mut random = Random::new(11);
    let trits: Vec<i8> = (0..ROWS * COLS).map(|_| random.below(3) as i8 - 1).collect();
    let q: Vec<i8> = (0..TOKENS * COLS).map(|_| random.bits() as i8).collect();
    let mut bytes = vec![0; Packing::PanelBase3.bytes(ROWS, COLS).unwrap()];
    pack(Packing::PanelBase3, ROWS, COLS, &trits, &mut bytes).unwrap();
    let matrix = Matrix::new(Packing::PanelBase3, ROWS, COLS, &bytes).unwrap();
    let [found, expected] = [Kernels::best(), Kernels::scalar()].map(|kernels| {
        let mut out = vec![0; ROWS * TOKENS];
        kernels.gemm(&matrix, 0..ROWS, TOKENS, &q, &mut out).unwrap();
        out
    });
    assert_eq!(found, expected, "{}", Isa::best().name());
    Isa::best()
}

#[test]
fn where_linux_refuses_tiles_the_sums_are_the_same_without_them() {
    let memory = vec![0_u8; SMALL].leak();
    let small = SignalStack { start: memory.as_mut_ptr().cast(), flags: 0, size: SMALL };
    let mut usual = SignalStack { start: ptr::null_mut(), flags: DISABLED, size: 0 };
    // SAFETY: it asks which stack this thread has, which the standard library has given it.
    assert_eq!(unsafe { sigaltstack(ptr::null(), &raw mut usual) }, 0);
    assert!(set(&small));
    assert!(!Isa::Amx.is_supported() && Kernels::new(Isa::Amx).is_none());
    assert_ne!(multiply(), Isa::Amx);

    assert!(set(&usual));
    let told = fs::read_to_string("/proc/cpuinfo").unwrap();
    let has = |flag: &str| told.split_whitespace().any(|word| word == flag);
    let has_tiles = has("amx_tile") && has("amx_int8") && Isa::Avx512.is_supported();
    assert_eq!(Isa::Amx.is_supported(), has_tiles);
    assert_eq!(multiply() == Isa::Amx, has_tiles);
    // From now on a stack has to have room for tiles.
    assert_eq!(set(&small), !has_tiles);
    let with = if has_tiles { "refused, then with tiles" } else { "without tiles" };
    println!("best kernels: {}, {with}", Isa::best().name());
}
