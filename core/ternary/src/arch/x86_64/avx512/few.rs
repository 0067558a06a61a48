//! Two to eight tokens, in assembly: digits go from their bytes to the products in registers, and
//! nothing is unpacked to memory. 16 sums, ten registers of digits, the tables, a mask and what is
//! broadcast are all 32 registers. A product waits for the one before in the same sum, so up to
//! four tokens have two sums each, one for every other digit.

/// Four columns: a digit of both lines times four activations of each token.
macro_rules! columns {
    (
        $next:literal $of_low:literal $of_high:literal:
        $($low:literal $high:literal $at:literal)+
    ) => {
        concat!($(
            concat!("vpbroadcastd zmm31, dword ptr [", $at, " + ", $next, "]\n"),
            concat!("vpdpbusd zmm", $low, ", zmm", $of_low, ", zmm31\n"),
            concat!("vpdpbusd zmm", $high, ", zmm", $of_high, ", zmm31\n"),
        )+)
    };
}

/// The columns of five digits.
macro_rules! five_digits {
    ($($low:literal $high:literal $low_too:literal $high_too:literal $at:literal)+) => {
        concat!(
            columns!("0" "21" "26": $($low $high $at)+),
            columns!("4" "22" "27": $($low_too $high_too $at)+),
            columns!("8" "23" "28": $($low $high $at)+),
            columns!("12" "24" "29": $($low_too $high_too $at)+),
            columns!("16" "25" "30": $($low $high $at)+),
        )
    };
}

/// Those of four.
macro_rules! four_digits {
    ($($low:literal $high:literal $low_too:literal $high_too:literal $at:literal)+) => {
        concat!(
            columns!("0" "21" "26": $($low $high $at)+),
            columns!("4" "22" "27": $($low_too $high_too $at)+),
            columns!("8" "23" "28": $($low $high $at)+),
            columns!("12" "24" "29": $($low_too $high_too $at)+),
        )
    };
}

/// A second sum, which begins at zero and is added to the first.
macro_rules! two_sums {
    (begin $too:literal) => {
        concat!("vpxord zmm", $too, ", zmm", $too, ", zmm", $too)
    };
    (end $sum:literal $too:literal) => {
        concat!("vpaddd zmm", $sum, ", zmm", $sum, ", zmm", $too)
    };
}

/// The second sum is the first.
macro_rules! one_sum {
    (begin $too:literal) => {
        ""
    };
    (end $sum:literal $too:literal) => {
        ""
    };
}

/// A function for a number of tokens, each of which has four registers and an address; as in
/// [`tile`](super::tile).
macro_rules! few {
    (
        $digits:ident $products:ident $columns:literal $features:literal $sums:ident
        $name:ident, $tokens:literal:
        $($low:literal $high:literal $low_too:literal $high_too:literal $at:literal)+
    ) => {
        /// Adds the products of steps and the tokens at `q`, which are `stride` apart.
        ///
        /// # Safety
        /// Of each of the tokens there are `COLUMNS` activations for each step.
        #[target_feature(enable = $features)]
        unsafe fn $name(
            steps: &[[u8; 128]],
            (q, stride): (*const i8, usize),
            sums: &mut [Sums; $tokens],
        ) {
            if steps.is_empty() {
                return;
            }
            // SAFETY: it reads `steps`, `COLUMNS` activations a step of each token, which our
            // caller says are there, and the tables; it changes `sums`, two lines of 64 bytes a
            // token. Sums and tables are aligned to 64. What is asked for ahead may be anywhere.
            // All registers that it changes are named; it leaves the stack alone.
            unsafe {
                asm!(
                    "vmovdqa64 zmm16, zmmword ptr [{tables}]",
                    "vmovdqa64 zmm17, zmmword ptr [{tables} + 64]",
                    "vmovdqa64 zmm18, zmmword ptr [{tables} + 128]",
                    "vmovdqa64 zmm19, zmmword ptr [{tables} + 192]",
                    "vmovdqa64 zmm20, zmmword ptr [{tables} + 256]",
                    $(concat!("vmovdqa64 zmm", $low, ", zmmword ptr [{sums} + 64*", $low, "]"),)+
                    $(concat!("vmovdqa64 zmm", $high, ", zmmword ptr [{sums} + 64*", $high, "]"),)+
                    $($sums!(begin $low_too), $sums!(begin $high_too),)+
                    "2: /* {stride} {q3} {q6} */",
                    "prefetcht0 [{steps} + 1536]",
                    "prefetcht0 [{steps} + 1600]",
                    $digits!("0": "21" "22" "23" "24" "25"),
                    $digits!("64": "26" "27" "28" "29" "30"),
                    $products!($($low $high $low_too $high_too $at)+),
                    "add {steps}, 128",
                    concat!("add {q0}, ", $columns),
                    concat!("add {q3}, ", $columns),
                    concat!("add {q6}, ", $columns),
                    "dec {count}",
                    "jnz 2b",
                    $($sums!(end $low $low_too), $sums!(end $high $high_too),)+
                    $(concat!("vmovdqa64 zmmword ptr [{sums} + 64*", $low, "], zmm", $low),)+
                    $(concat!("vmovdqa64 zmmword ptr [{sums} + 64*", $high, "], zmm", $high),)+
                    steps = inout(reg) steps.as_ptr() => _,
                    count = inout(reg) steps.len() => _,
                    q0 = inout(reg) q => _,
                    q3 = inout(reg) q.wrapping_add(3 * stride) => _,
                    q6 = inout(reg) q.wrapping_add(6 * stride) => _,
                    stride = in(reg) stride,
                    sums = in(reg) sums.as_mut_ptr(),
                    tables = in(reg) TABLES.0.as_ptr(),
                    out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _,
                    out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _,
                    out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _,
                    out("zmm14") _, out("zmm15") _, out("zmm16") _, out("zmm17") _,
                    out("zmm18") _, out("zmm19") _, out("zmm20") _, out("zmm21") _,
                    out("zmm22") _, out("zmm23") _, out("zmm24") _, out("zmm25") _,
                    out("zmm26") _, out("zmm27") _, out("zmm28") _, out("zmm29") _,
                    out("zmm30") _, out("zmm31") _, out("k1") _,
                    options(nostack),
                );
            }
        }
    };
}

/// A function for each number of tokens: those before, and one more.
macro_rules! fews {
    ([$($what:tt)+] [$($before:tt)*]) => {};
    (
        [$($what:tt)+] [$($before:tt)*]
        $name:ident, $tokens:literal: [$($token:tt)+] $($rest:tt)*
    ) => {
        few!($($what)+ $name, $tokens: $($before)* $($token)+);
        fews!([$($what)+] [$($before)* $($token)+] $($rest)*);
    };
}

/// The function of as many tokens as there are sums.
macro_rules! choose {
    ($steps:ident $q:ident $sums:ident: $($name:ident $tokens:literal)+) => {
        match $sums.len() {
            $($tokens => {
                if let Some(sums) = $sums.first_chunk_mut() {
                    // SAFETY: as our caller says.
                    unsafe { $name($steps, $q, sums) };
                }
            })+
            _ => debug_assert!($sums.is_empty(), "more or fewer tokens than there are functions"),
        }
    };
}

/// Functions over what takes the digits apart, and their door.
macro_rules! functions {
    ($digits:ident, $products:ident, $columns:literal, $features:literal) => {
        fews! {
            [$digits $products $columns $features two_sums]
            ["0" "1" "8" "9" "{q0}"]
            two, 2: ["2" "3" "10" "11" "{q0} + {stride}"]
            three, 3: ["4" "5" "12" "13" "{q0} + 2*{stride}"]
            four, 4: ["6" "7" "14" "15" "{q3}"]
        }
        fews! {
            [$digits $products $columns $features one_sum]
            [
                "0" "1" "0" "1" "{q0}"
                "2" "3" "2" "3" "{q0} + {stride}"
                "4" "5" "4" "5" "{q0} + 2*{stride}"
                "6" "7" "6" "7" "{q3}"
            ]
            five, 5: ["8" "9" "8" "9" "{q3} + {stride}"]
            six, 6: ["10" "11" "10" "11" "{q3} + 2*{stride}"]
            seven, 7: ["12" "13" "12" "13" "{q6}"]
            eight, 8: ["14" "15" "14" "15" "{q6} + {stride}"]
        }

        /// Columns of a step, which has 128 bytes.
        pub(in super::super) const COLUMNS: usize = $columns;

        /// Adds to the sums of two to [`FEW`](crate::arch::x86_64::few::FEW) tokens the products of
        /// steps and the tokens, of which `q` has the beginning and how far they are apart.
        ///
        /// # Safety
        /// Of each of the tokens there are [`COLUMNS`] activations for each step.
        #[target_feature(enable = $features)]
        pub(in super::super) unsafe fn add(
            steps: &[[u8; 128]],
            q: (*const i8, usize),
            sums: &mut [Sums],
        ) {
            choose!(steps q sums: two 2 three 3 four 4 five 5 six 6 seven 7 eight 8);
        }
    };
}

/// Two bits a weight.
pub(super) mod bits {
    use core::arch::asm;

    use crate::arch::panels::Sums;

    /// Masks of two bits, as many as there are tables of base three.
    #[repr(C, align(64))]
    struct Tables([[u8; 64]; 5]);

    static TABLES: Tables = Tables([[3; 64]; 5]);

    /// The digits of a line of 64 bytes: the first in register `$first`, then in `$second` and so
    /// on. `zmm20` has the mask.
    macro_rules! digits {
        (
            $line:literal:
            $first:literal $second:literal $third:literal $fourth:literal $fifth:literal
        ) => {
            concat!(
                concat!("vmovdqu64 zmm", $first, ", zmmword ptr [{steps} + ", $line, "]\n"),
                concat!("vpsrlw zmm", $second, ", zmm", $first, ", 2\n"),
                concat!("vpsrlw zmm", $third, ", zmm", $first, ", 4\n"),
                concat!("vpsrlw zmm", $fourth, ", zmm", $first, ", 6\n"),
                concat!("vpandd zmm", $first, ", zmm", $first, ", zmm20\n"),
                concat!("vpandd zmm", $second, ", zmm", $second, ", zmm20\n"),
                concat!("vpandd zmm", $third, ", zmm", $third, ", zmm20\n"),
                concat!("vpandd zmm", $fourth, ", zmm", $fourth, ", zmm20\n"),
            )
        };
    }

    functions!(digits, four_digits, 16, "avx512f,avx512bw,avx512vl,avx512vnni");
}

/// With VBMI.
pub(super) mod vbmi {
    use core::arch::asm;

    use crate::arch::panels::Sums;
    use crate::packing::{TABLE_HIGH, TABLE_LOW};

    /// The look-ups of [`Code::Table`](crate::Code::Table), the second one once for each digit, and
    /// a mask of two bits.
    #[repr(C, align(64))]
    struct Tables([[u8; 64]; 5]);

    static TABLES: Tables = {
        let mut all = [TABLE_LOW, [0; 64], [0; 64], [0; 64], [3; 64]];
        let mut at = 0;
        while at < TABLE_HIGH.len() {
            all[1][at] = TABLE_HIGH[at] & 3;
            all[2][at] = TABLE_HIGH[at] >> 2 & 3;
            all[3][at] = TABLE_HIGH[at] >> 4 & 3;
            at += 1;
        }
        Tables(all)
    };

    /// The digits of a line of 64 bytes: the first in register `$first`, then in `$second` and so
    /// on. `zmm16` has the first look-up, `zmm17` to `zmm19` the second ones, `zmm20` the mask.
    macro_rules! digits {
        (
            $line:literal:
            $first:literal $second:literal $third:literal $fourth:literal $fifth:literal
        ) => {
            concat!(
                concat!("vmovdqu64 zmm", $fifth, ", zmmword ptr [{steps} + ", $line, "]\n"),
                concat!("vpermb zmm", $first, ", zmm", $fifth, ", zmm16\n"),
                concat!("vpsrlw zmm", $fourth, ", zmm", $fifth, ", 6\n"),
                concat!("vmovdqa64 zmm", $second, ", zmm20\n"),
                concat!("vpternlogd zmm", $second, ", zmm", $fourth, ", zmm", $first, ", 0xca\n"),
                concat!("vpermb zmm", $third, ", zmm", $second, ", zmm17\n"),
                concat!("vpermb zmm", $fourth, ", zmm", $second, ", zmm18\n"),
                concat!("vpermb zmm", $fifth, ", zmm", $second, ", zmm19\n"),
                concat!("vpandd zmm", $second, ", zmm", $first, ", zmm20\n"),
                concat!("vpsrlw zmm", $first, ", zmm", $first, ", 6\n"),
                concat!("vpandd zmm", $first, ", zmm", $first, ", zmm20\n"),
            )
        };
    }

    functions!(digits, five_digits, 20, "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni");
}

/// Without VBMI.
pub(super) mod vnni {
    use core::arch::asm;

    use super::super::vnni::quarters;
    use crate::arch::panels::Sums;
    use crate::arch::x86_64::LOW;
    use crate::packing::TABLE_HIGH;

    /// The halves of both look-ups, a mask of two bits, and what is taken from memory: a mask of
    /// six bits, 21, 42, bit 4, and the first digit by the low bits of 21 times it.
    #[repr(C, align(64))]
    struct Tables([[u8; 64]; 10]);

    static TABLES: Tables = {
        let ([a, b], [c, d]) = (quarters(&LOW), quarters(&TABLE_HIGH));
        let mut first = [0; 32];
        (first[21 % 16], first[42 % 16]) = (1, 2);
        let [first, _] = quarters(&first);
        Tables([a, b, c, d, [3; 64], [63; 64], [21; 64], [42; 64], [16; 64], first])
    };

    /// The digits of a line of 64 bytes: the first in register `$first`, then in `$second` and so
    /// on, as the decoder of [`vnni`](super::super::vnni) takes them apart. `zmm16` to `zmm19` have
    /// the look-ups, `zmm20` the mask.
    macro_rules! digits {
        (
            $line:literal:
            $first:literal $second:literal $third:literal $fourth:literal $fifth:literal
        ) => {
            concat!(
                concat!("vmovdqu64 zmm", $fifth, ", zmmword ptr [{steps} + ", $line, "]\n"),
                concat!("vpandd zmm", $first, ", zmm", $fifth, ", zmmword ptr [{tables} + 320]\n"),
                concat!("vpsubb zmm", $second, ", zmm", $first, ", zmmword ptr [{tables} + 384]\n"),
                concat!("vpsubb zmm", $third, ", zmm", $first, ", zmmword ptr [{tables} + 448]\n"),
                concat!("vpminub zmm", $second, ", zmm", $second, ", zmm", $first, "\n"),
                concat!("vpminub zmm", $third, ", zmm", $third, ", zmm", $second, "\n"),
                concat!("vpsubb zmm", $first, ", zmm", $first, ", zmm", $third, "\n"),
                "vmovdqa64 zmm31, zmmword ptr [{tables} + 576]\n",
                concat!("vpshufb zmm", $first, ", zmm31, zmm", $first, "\n"),
                concat!("vptestmb k1, zmm", $third, ", zmmword ptr [{tables} + 512]\n"),
                concat!("vpshufb zmm", $second, ", zmm16, zmm", $third, "\n"),
                concat!("vpshufb zmm", $second, " {{k1}}, zmm17, zmm", $third, "\n"),
                concat!("vpsrlw zmm", $fourth, ", zmm", $fifth, ", 6\n"),
                // Where the mask is set the first, else the second.
                concat!("vpternlogd zmm", $fourth, ", zmm", $second, ", zmm20, 0xe4\n"),
                concat!("vpandd zmm", $second, ", zmm", $second, ", zmm20\n"),
                concat!("vptestmb k1, zmm", $fourth, ", zmmword ptr [{tables} + 512]\n"),
                concat!("vpshufb zmm", $third, ", zmm18, zmm", $fourth, "\n"),
                concat!("vpshufb zmm", $third, " {{k1}}, zmm19, zmm", $fourth, "\n"),
                concat!("vpsrlw zmm", $fifth, ", zmm", $third, ", 4\n"),
                concat!("vpandd zmm", $fifth, ", zmm", $fifth, ", zmm20\n"),
                concat!("vpsrlw zmm", $fourth, ", zmm", $third, ", 2\n"),
                concat!("vpandd zmm", $fourth, ", zmm", $fourth, ", zmm20\n"),
                concat!("vpandd zmm", $third, ", zmm", $third, ", zmm20\n"),
            )
        };
    }

    functions!(digits, five_digits, 20, "avx512f,avx512bw,avx512vl,avx512vnni");
}
