//! The tile of 32 rows and 12 tokens, in assembly: its 24 sums, two lines of weights and what is
//! broadcast are 27 registers of 32. The compiler moves loads forward, runs out of registers and
//! keeps sums in memory, at two thirds of the speed.

use core::arch::asm;

use crate::arch::panels::{Group, Sums};

/// Tokens of the tile.
pub(super) const TOKENS: usize = 12;

/// Broadcasts the four activations at `$at` and multiplies both lines of weights with them.
macro_rules! token {
    ($low:literal $high:literal $($at:literal)+) => {
        concat!(
            "vpbroadcastd zmm26, dword ptr [", $($at,)+ "]\n",
            "vpdpbusd zmm", $low, ", zmm24, zmm26\n",
            "vpdpbusd zmm", $high, ", zmm25, zmm26\n",
        )
    };
}

/// Four columns: both lines of weights, and the activations `$next` bytes after each pointer. Every
/// third token has a pointer; the two after it are one and two strides further on, which an
/// address can say.
macro_rules! columns {
    ($low:literal $high:literal $next:literal) => {
        concat!(
            "vmovdqa64 zmm24, zmmword ptr [{weights} + ", $low, "]\n",
            "vmovdqa64 zmm25, zmmword ptr [{weights} + ", $high, "]\n",
            token!("0" "1" "{q0} + " $next),
            token!("2" "3" "{q0} + {stride} + " $next),
            token!("4" "5" "{q0} + 2*{stride} + " $next),
            token!("6" "7" "{q3} + " $next),
            token!("8" "9" "{q3} + {stride} + " $next),
            token!("10" "11" "{q3} + 2*{stride} + " $next),
            token!("12" "13" "{q6} + " $next),
            token!("14" "15" "{q6} + {stride} + " $next),
            token!("16" "17" "{q6} + 2*{stride} + " $next),
            token!("18" "19" "{q9} + " $next),
            token!("20" "21" "{q9} + {stride} + " $next),
            token!("22" "23" "{q9} + 2*{stride} + " $next),
        )
    };
}

/// Two sums: set to zero before the loop, added to memory after it.
macro_rules! each_sum {
    ($do:ident) => {
        concat!(
            $do!("0"),
            $do!("1"),
            $do!("2"),
            $do!("3"),
            $do!("4"),
            $do!("5"),
            $do!("6"),
            $do!("7"),
            $do!("8"),
            $do!("9"),
            $do!("10"),
            $do!("11"),
            $do!("12"),
            $do!("13"),
            $do!("14"),
            $do!("15"),
            $do!("16"),
            $do!("17"),
            $do!("18"),
            $do!("19"),
            $do!("20"),
            $do!("21"),
            $do!("22"),
            $do!("23"),
        )
    };
}

macro_rules! zero {
    ($sum:literal) => {
        concat!("vpxord zmm", $sum, ", zmm", $sum, ", zmm", $sum, "\n")
    };
}

macro_rules! gain {
    ($sum:literal) => {
        concat!(
            "vpaddd zmm",
            $sum,
            ", zmm",
            $sum,
            ", zmmword ptr [{sums} + 64*",
            $sum,
            "]\n",
            "vmovdqa64 zmmword ptr [{sums} + 64*",
            $sum,
            "], zmm",
            $sum,
            "\n",
        )
    };
}

/// Adds the products of pairs of groups and 12 tokens, whose activations begin at `q` and are
/// `cols` apart.
///
/// # Safety
/// Of each of the tokens there are eight activations for each pair.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(super) unsafe fn add_pairs(
    pairs: &[[Group; 2]],
    q: *const i8,
    cols: usize,
    sums: &mut [Sums; TOKENS],
) {
    if pairs.is_empty() {
        return;
    }
    // SAFETY: it reads `pairs`, 256 bytes a turn, and eight activations a turn of each token,
    // which our caller says are there; it changes `sums`, 24 lines of 64 bytes. Groups and sums
    // are aligned to 64. All registers that it changes are named; it leaves the stack alone.
    unsafe {
        asm!(
            each_sum!(zero),
            "2:",
            columns!("0" "64" "0"),
            columns!("128" "192" "4"),
            "add {weights}, 256",
            "add {q0}, 8",
            "add {q3}, 8",
            "add {q6}, 8",
            "add {q9}, 8",
            "dec {turns}",
            "jnz 2b",
            each_sum!(gain),
            weights = inout(reg) pairs.as_ptr() => _,
            turns = inout(reg) pairs.len() => _,
            q0 = inout(reg) q => _,
            q3 = inout(reg) q.wrapping_add(3 * cols) => _,
            q6 = inout(reg) q.wrapping_add(6 * cols) => _,
            q9 = inout(reg) q.wrapping_add(9 * cols) => _,
            stride = in(reg) cols,
            sums = in(reg) sums.as_mut_ptr(),
            out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _,
            out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _,
            out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _, out("zmm14") _,
            out("zmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _,
            out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _,
            out("zmm25") _, out("zmm26") _,
            options(nostack),
        );
    }
}
