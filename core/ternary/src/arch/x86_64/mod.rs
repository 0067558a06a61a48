//! x86-64: what the processor has, asked without a standard library.

pub(crate) mod amx;
pub(crate) mod avx2;
pub(crate) mod avx512;
pub(crate) mod avxvnni;
mod few;
mod float;
mod rows;

use core::arch::asm;
use core::arch::x86_64::{
    __cpuid_count, _MM_HINT_ET0, _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch, CpuidResult,
};

use crate::ahead::Ahead;
use crate::packing::TABLE_LOW;

/// Registers whose state the operating system saves: XMM and YMM; mask registers and ZMM too; and
/// tiles with their shapes.
const YMM_STATE: u32 = 0b110;
const ZMM_STATE: u32 = 0b1110_0110;
const TILE_STATE: u32 = 0b11 << 17;

/// Features, by the register and bit in which CPUID tells them (Intel SDM volume 2, CPUID).
struct Features {
    /// Leaf 1, ECX.
    one_ecx: u32,
    /// Leaf 7.0, EBX.
    seven_ebx: u32,
    /// Leaf 7.0, ECX.
    seven_ecx: u32,
    /// Leaf 7.0, EDX.
    seven_edx: u32,
    /// Leaf 7.1, EAX.
    seven_one_eax: u32,
    /// What the operating system saves: XCR0, or 0 where it saves nothing.
    saved: u32,
}

const OSXSAVE: u32 = 1 << 27;
const F16C: u32 = 1 << 29;
const AVX: u32 = 1 << 28;
const AVX2: u32 = 1 << 5;
const AVX_VNNI: u32 = 1 << 4;
const AVX512_F_BW_VL: u32 = (1 << 16) | (1 << 30) | (1 << 31);
const AVX512_VBMI: u32 = 1 << 1;
const AVX512_VNNI: u32 = 1 << 11;
const AMX_TILE_INT8: u32 = (1 << 24) | (1 << 25);

/// A part of a leaf of CPUID.
#[expect(unused_unsafe, reason = "the intrinsic is unsafe in the oldest Rust that is supported")]
fn cpuid(leaf: u32, part: u32) -> CpuidResult {
    // SAFETY: every processor of x86-64 has the instruction.
    unsafe { __cpuid_count(leaf, part) }
}

impl Features {
    fn read() -> Self {
        let one_ecx = cpuid(1, 0).ecx;
        let [seven_ebx, seven_ecx, seven_edx, seven_one_eax] = if cpuid(0, 0).eax < 7 {
            [0; 4]
        } else {
            let seven = cpuid(7, 0);
            // The first part says how many there are.
            let one_eax = if seven.eax < 1 { 0 } else { cpuid(7, 1).eax };
            [seven.ebx, seven.ecx, seven.edx, one_eax]
        };
        let saved = if one_ecx & OSXSAVE == 0 { 0 } else { xcr0() };
        Self { one_ecx, seven_ebx, seven_ecx, seven_edx, seven_one_eax, saved }
    }

    fn avx2(&self) -> bool {
        self.saved & YMM_STATE == YMM_STATE
            && self.one_ecx & (AVX | F16C) == AVX | F16C
            && self.seven_ebx & AVX2 != 0
    }

    fn avx_vnni(&self) -> bool {
        self.avx2() && self.seven_one_eax & AVX_VNNI != 0
    }

    fn avx512_vnni(&self) -> bool {
        self.avx2()
            && self.saved & ZMM_STATE == ZMM_STATE
            && self.seven_ebx & AVX512_F_BW_VL == AVX512_F_BW_VL
            && self.seven_ecx & AVX512_VNNI != 0
    }

    fn avx512(&self) -> bool {
        self.avx512_vnni() && self.seven_ecx & AVX512_VBMI != 0
    }

    fn amx(&self) -> bool {
        self.avx512()
            && self.saved & TILE_STATE == TILE_STATE
            && self.seven_edx & AMX_TILE_INT8 == AMX_TILE_INT8
    }
}

/// Whether AVX2 and F16C can be used.
pub(crate) fn has_avx2() -> bool {
    Features::read().avx2()
}

/// Whether AVX-VNNI can be used too.
pub(crate) fn has_avx_vnni() -> bool {
    Features::read().avx_vnni()
}

/// Whether AVX-512 F, BW, VL and VNNI can be used.
pub(crate) fn has_avx512_vnni() -> bool {
    Features::read().avx512_vnni()
}

/// Whether AVX-512 F, BW, VL, VBMI and VNNI can be used.
pub(crate) fn has_avx512() -> bool {
    Features::read().avx512()
}

/// Whether all of that and AMX-INT8 can be used: asks the operating system for its tiles.
pub(crate) fn has_amx() -> bool {
    Features::read().amx() && amx::is_permitted()
}

/// Says that this cache line will be written to soon. Every processor takes the hint or leaves it.
#[inline(always)]
fn prefetch_write(line: &[i32]) {
    // SAFETY: it is a hint, which may name any address.
    unsafe { _mm_prefetch::<_MM_HINT_ET0>(line.as_ptr().cast()) };
}

/// Says that a number will be read soon.
#[inline(always)]
fn soon<T>(number: &T) {
    // SAFETY: it is a hint, which may name any address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(number).cast()) };
}

/// Asks for what lies so many bytes after the first of these, wherever that is: into the second
/// cache.
#[inline(always)]
fn prefetch(bytes: &[u8], ahead: usize) {
    let at = bytes.as_ptr().wrapping_add(ahead);
    // SAFETY: it is a hint, which may name any address.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
}

/// How far ahead to ask where nothing is said: for both caches, and for the first one alone.
const TWICE: Ahead = Ahead { soon: 1536, far: 4096 };
const ONCE: Ahead = Ahead { soon: 1536, far: 0 };

/// Asks for a step of a panel that comes later, be it in the next panel. The processor looks ahead
/// by itself, but not far enough for memory: the first cache has too few requests under way, and
/// the second stops at the end of 4 KiB. So lines are asked for twice, for the second cache long
/// before and for the first one soon (measured, shares of what plain reading of memory reaches:
/// 0.6 without, 0.9 with either, 0.97 to 1 with both; of 20 pairs of distances [`TWICE`] is the
/// best for 2 bits a weight, on one thread and on two).
#[inline(always)]
fn prefetch_step(step: &[u8; 128], ahead: Ahead) {
    prefetch_lines(step, ahead, 2);
}

/// The same for a kernel that spends more time on a line: four steps at once are asked for, usually
/// [`ONCE`] (0.95, where asking as above gives 0.91).
#[inline(always)]
fn prefetch_four_steps(step: &[u8; 128], ahead: Ahead) {
    prefetch_lines(step, ahead, 8);
}

/// Asks for lines of 64 bytes for the first cache, and where it is far for the second.
#[inline(always)]
fn prefetch_lines(step: &[u8; 128], ahead: Ahead, lines: usize) {
    for line in 0..lines {
        let at = step.as_ptr().wrapping_add(usize::from(ahead.soon) + 64 * line);
        // SAFETY: it is a hint, which may name any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
        if ahead.far > 0 {
            prefetch(step, usize::from(ahead.far) + 64 * line);
        }
    }
}

/// What [`TABLE_LOW`] has of y = 7·d1 + h, as the low six bits of a byte are 21·d0 + y: h in bits
/// 4:2, d1 in bits 1:0. Of 63, which is no code, y is 21.
const LOW: [u8; 32] = {
    let mut table = [0; 32];
    let mut y = 0;
    while y < 21 {
        table[y] = TABLE_LOW[y];
        y += 1;
    }
    table[21] = TABLE_LOW[63] & 0x1f;
    table
};

/// Extended control register 0. Only where CPUID tells OSXSAVE.
fn xcr0() -> u32 {
    let low: u32;
    // SAFETY: the caller saw OSXSAVE, with which user code may execute XGETBV of register 0. It
    // changes nothing but EAX and EDX.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nomem, nostack));
    }
    low
}

#[cfg(test)]
mod tests {
    use super::{has_avx_vnni, has_avx2, has_avx512, has_avx512_vnni};

    #[test]
    fn we_see_what_the_standard_library_sees() {
        let avx2 = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("f16c");
        assert_eq!(has_avx2(), avx2);
        assert_eq!(has_avx_vnni(), avx2 && std::is_x86_feature_detected!("avxvnni"));
        let avx512_vnni = avx2
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512vnni");
        assert_eq!(has_avx512_vnni(), avx512_vnni);
        assert_eq!(has_avx512(), avx512_vnni && std::is_x86_feature_detected!("avx512vbmi"));
    }
}
