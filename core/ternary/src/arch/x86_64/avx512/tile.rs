//! The tiles of 32 rows and up to 12 tokens, in assembly: 24 sums, two lines of weights and what is
//! broadcast are 27 registers of 32. The compiler moves loads forward, runs out of registers and
//! keeps sums in memory, at two thirds of the speed.

use core::arch::asm;

use crate::arch::panels::{Ahead, Group, Sums};

/// Broadcasts the four activations at `$at` and multiplies both lines of weights with them.
macro_rules! token {
    ($low:literal $high:literal $at:literal $next:literal) => {
        concat!(
            concat!("vpbroadcastd zmm26, dword ptr [", $at, " + ", $next, "]\n"),
            concat!("vpdpbusd zmm", $low, ", zmm24, zmm26\n"),
            concat!("vpdpbusd zmm", $high, ", zmm25, zmm26\n"),
        )
    };
}

/// Four columns: both lines of weights, and the activations `$next` bytes after each address.
macro_rules! columns {
    ($line:literal $next:literal $($low:literal $high:literal $at:literal)+) => {
        concat!(
            concat!("vmovdqa64 zmm24, zmmword ptr [{weights} + ", $line, "]\n"),
            concat!("vmovdqa64 zmm25, zmmword ptr [{weights} + ", $line, " + 64]\n"),
            $(token!($low $high $at $next),)+
        )
    };
}

/// Adds what is in a register to memory.
macro_rules! gain {
    ($sum:literal) => {
        concat!(
            concat!("vpaddd zmm", $sum, ", zmm", $sum, ", zmmword ptr [{sums} + 64*", $sum, "]\n"),
            concat!("vmovdqa64 zmmword ptr [{sums} + 64*", $sum, "], zmm", $sum, "\n"),
        )
    };
}

/// Writes what is in a register to memory.
macro_rules! put {
    ($sum:literal) => {
        concat!("vmovdqa64 zmmword ptr [{sums} + 64*", $sum, "], zmm", $sum, "\n")
    };
}

/// A function for a number of tokens, each of which has two registers and an address. Every third
/// token has a pointer; the two after it are one and two strides further on, which an address
/// can say. Four groups a turn leave the ports of `vpdpbusd` to itself: adding to pointers takes
/// them too.
macro_rules! tile {
    ($name:ident, $tokens:literal: $($low:literal $high:literal $at:literal)+) => {
        /// Adds the products of groups and the tokens at `q`, which are `stride` apart; puts them
        /// there where the sums are `fresh`. Asks for what is ahead meanwhile.
        ///
        /// # Safety
        /// Of each of the tokens there are four activations for each group.
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
        unsafe fn $name(
            groups: &[Group],
            (q, stride): (*const i8, usize),
            sums: &mut [Sums; $tokens],
            fresh: bool,
            Ahead { at, lines }: Ahead,
        ) {
            // Each turn asks for two lines, and goes on by less where there are more turns.
            let turns = (groups.len() / 4).max(1);
            let step = (64 * lines).div_ceil(turns);
            // SAFETY: it reads `groups`, 128 bytes a group, and four activations a group of each
            // token, which our caller says are there; it changes `sums`, two lines of 64 bytes a
            // token. What is ahead is asked for by hints, which may name any address. Groups and
            // sums are aligned to 64. All registers that it changes are named; it leaves the stack
            // alone.
            unsafe {
                asm!(
                    $(concat!("vpxord zmm", $low, ", zmm", $low, ", zmm", $low),)+
                    $(concat!("vpxord zmm", $high, ", zmm", $high, ", zmm", $high),)+
                    "test {fours}, {fours}",
                    "jz 3f",
                    "2:",
                    columns!("0" "0" $($low $high $at)+),
                    columns!("128" "4" $($low $high $at)+),
                    columns!("256" "8" $($low $high $at)+),
                    columns!("384" "12" $($low $high $at)+),
                    "prefetcht1 [{ahead}]",
                    "prefetcht1 [{ahead} + 64]",
                    "add {ahead}, {step}",
                    "add {weights}, 512",
                    "add {q0}, 16",
                    "add {q3}, 16",
                    "add {q6}, 16",
                    "add {q9}, 16",
                    "dec {fours}",
                    "jnz 2b",
                    "3:",
                    "test {ones}, {ones}",
                    "jz 5f",
                    "4:",
                    columns!("0" "0" $($low $high $at)+),
                    "add {weights}, 128",
                    "add {q0}, 4",
                    "add {q3}, 4",
                    "add {q6}, 4",
                    "add {q9}, 4",
                    "dec {ones}",
                    "jnz 4b",
                    "5: /* {stride} */",
                    "test {fresh}, {fresh}",
                    "jnz 6f",
                    $(gain!($low), gain!($high),)+
                    "jmp 7f",
                    "6:",
                    $(put!($low), put!($high),)+
                    "7:",
                    weights = inout(reg) groups.as_ptr() => _,
                    fours = inout(reg) groups.len() / 4 => _,
                    ones = inout(reg) groups.len() % 4 => _,
                    q0 = inout(reg) q => _,
                    q3 = inout(reg) q.wrapping_add(3 * stride) => _,
                    q6 = inout(reg) q.wrapping_add(6 * stride) => _,
                    q9 = inout(reg) q.wrapping_add(9 * stride) => _,
                    stride = in(reg) stride,
                    sums = in(reg) sums.as_mut_ptr(),
                    fresh = in(reg) usize::from(fresh),
                    ahead = inout(reg) at => _,
                    step = in(reg) step,
                    out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _,
                    out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _,
                    out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _,
                    out("zmm14") _, out("zmm15") _, out("zmm16") _, out("zmm17") _,
                    out("zmm18") _, out("zmm19") _, out("zmm20") _, out("zmm21") _,
                    out("zmm22") _, out("zmm23") _, out("zmm24") _, out("zmm25") _,
                    out("zmm26") _,
                    options(nostack),
                );
            }
        }
    };
}

/// A function for each number of tokens: those before, and one more.
macro_rules! tiles {
    ([$($before:tt)*]) => {};
    ([$($before:tt)*] $name:ident, $tokens:literal: [$($token:tt)+] $($rest:tt)*) => {
        tile!($name, $tokens: $($before)* $($token)+);
        tiles!([$($before)* $($token)+] $($rest)*);
    };
}

tiles! {
    []
    one, 1: ["0" "1" "{q0}"]
    two, 2: ["2" "3" "{q0} + {stride}"]
    three, 3: ["4" "5" "{q0} + 2*{stride}"]
    four, 4: ["6" "7" "{q3}"]
    five, 5: ["8" "9" "{q3} + {stride}"]
    six, 6: ["10" "11" "{q3} + 2*{stride}"]
    seven, 7: ["12" "13" "{q6}"]
    eight, 8: ["14" "15" "{q6} + {stride}"]
    nine, 9: ["16" "17" "{q6} + 2*{stride}"]
    ten, 10: ["18" "19" "{q9}"]
    eleven, 11: ["20" "21" "{q9} + {stride}"]
    twelve, 12: ["22" "23" "{q9} + 2*{stride}"]
}

/// The tile of as many tokens as there are sums.
macro_rules! choose {
    (
        $groups:ident $q:ident $sums:ident $fresh:ident $ahead:ident:
        $($name:ident $tokens:literal)+
    ) => {
        match $sums.len() {
            $($tokens => {
                if let Some(sums) = $sums.first_chunk_mut() {
                    // SAFETY: as our caller says.
                    unsafe { $name($groups, $q, sums, $fresh, $ahead) };
                }
            })+
            _ => debug_assert!($sums.is_empty(), "more tokens than a tile has"),
        }
    };
}

/// Adds to the sums of up to 12 tokens the products of groups and the tokens, of which `q` has the
/// beginning and how far they are apart; puts them there where the sums are `fresh`. Asks for what
/// is ahead meanwhile.
///
/// # Safety
/// Of each of the tokens there are four activations for each group.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) unsafe fn add(
    groups: &[Group],
    q: (*const i8, usize),
    sums: &mut [Sums],
    fresh: bool,
    ahead: Ahead,
) {
    choose!(
        groups q sums fresh ahead: one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9
        ten 10 eleven 11 twelve 12
    );
}
