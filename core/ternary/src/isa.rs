//! Instruction sets, and which of them this processor has.

/// An instruction set that there are kernels for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isa {
    /// Plain Rust, on every processor. All others are tested against it.
    Scalar,
    /// x86-64 with AVX2 and F16C: Intel since Haswell, AMD since Zen.
    Avx2,
    /// x86-64 with AVX-VNNI too: Intel's laptops and desktops since Alder Lake, AMD since Zen 5.
    AvxVnni,
    /// x86-64 with AVX-512 F, BW, VL and VNNI, without VBMI: Intel's servers Cascade Lake and
    /// Cooper Lake.
    Avx512Vnni,
    /// x86-64 with AVX-512 F, BW, VL, VBMI and VNNI: Intel since Ice Lake, AMD since Zen 4.
    Avx512,
    /// x86-64 with AVX-512 and the tile registers of AMX-INT8 too, on Linux: Intel's Xeons since
    /// Sapphire Rapids. To ask for it asks Linux to let this process use them; see
    /// [`Self::is_supported`].
    Amx,
    /// 64-bit Arm with NEON, which all have.
    Neon,
    /// 64-bit Arm with dot products of bytes too: Cortex-A55, A76 and since, Apple since M1.
    DotProd,
    /// 64-bit Arm with products of small matrices of bytes too: Cortex-A510, A710 and since,
    /// Neoverse N2 and V1, Apple since M2.
    I8mm,
    /// WebAssembly compiled with vectors of 128 bits, which all browsers have had since 2023.
    Simd128,
}

impl Isa {
    /// All of them, the plainest first.
    pub const ALL: &[Self] = &[
        Self::Scalar,
        Self::Avx2,
        Self::AvxVnni,
        Self::Avx512Vnni,
        Self::Avx512,
        Self::Amx,
        Self::Neon,
        Self::DotProd,
        Self::I8mm,
        Self::Simd128,
    ];

    /// Whether this processor, and its operating system, can run it.
    ///
    /// Linux lets a process use the tiles of [`Self::Amx`] when it asks, which this does. From then
    /// on a signal handler needs 8 KiB more of its stack: Linux refuses the tiles while a thread
    /// has an alternate signal stack that is too small for that, and later refuses such a stack
    /// (`sigaltstack`), so let it be as large as `sysconf(_SC_MINSIGSTKSZ)` says. Where Linux
    /// refuses the tiles this is false.
    #[must_use]
    pub fn is_supported(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Amx => crate::arch::x86_64::has_amx(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => crate::arch::x86_64::has_avx512(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => crate::arch::x86_64::has_avx512_vnni(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => crate::arch::x86_64::has_avx2(),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => crate::arch::x86_64::has_avx_vnni(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::AvxVnni | Self::Avx512Vnni | Self::Avx512 | Self::Amx => false,
            #[cfg(trine_neon)]
            Self::Neon => true,
            #[cfg(trine_neon)]
            Self::DotProd => crate::arch::aarch64::has_dotprod(),
            #[cfg(trine_neon)]
            Self::I8mm => crate::arch::aarch64::has_i8mm(),
            #[cfg(not(trine_neon))]
            Self::Neon | Self::DotProd | Self::I8mm => false,
            Self::Simd128 => cfg!(trine_simd128),
        }
    }

    /// All that this processor can run, the plainest first.
    pub fn supported() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|isa| isa.is_supported())
    }

    /// The fastest that this processor can run.
    #[must_use]
    pub fn best() -> Self {
        Self::supported().last().unwrap_or(Self::Scalar)
    }

    /// Its name, as people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avxvnni",
            Self::Avx512Vnni => "avx512vnni",
            Self::Avx512 => "avx512",
            Self::Amx => "amx",
            Self::Neon => "neon",
            Self::DotProd => "dotprod",
            Self::I8mm => "i8mm",
            Self::Simd128 => "simd128",
        }
    }
}
