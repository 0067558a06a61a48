//! What needs instructions of x86-64.

mod amx;
mod avx512;
mod triangle;

use std::sync::OnceLock;

pub(super) use amx::{has_amx_bf16, multiply as amx};
pub(super) use avx512::{multiply as avx512, pair, put_row, transpose};
pub(super) use triangle::{by_columns, by_rows};

use super::Work;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Baseline,
    Avx2,
    Avx512,
}

fn width() -> Width {
    static WIDTH: OnceLock<Width> = OnceLock::new();
    *WIDTH.get_or_init(|| {
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let has_avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match (has_avx2, has_avx512) {
            (true, true) => Width::Avx512,
            (true, false) => Width::Avx2,
            _ => Width::Baseline,
        }
    })
}

/// Whether work is done with AVX-512.
pub(super) fn has_avx512() -> bool {
    width() == Width::Avx512
}

/// Whether there are all the instructions that [`avx512`], [`transpose`], [`put_row`] and [`pair`]
/// need.
pub(super) fn has_avx512_bf16() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| width() == Width::Avx512 && is_x86_feature_detected!("avx512bf16"))
}

#[inline]
pub(super) fn wide(work: impl Work) {
    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
    fn in_avx512(work: impl Work) {
        work.run();
    }
    #[target_feature(enable = "avx2,fma")]
    fn in_avx2(work: impl Work) {
        work.run();
    }
    match width() {
        // SAFETY: `width` found all of these features.
        Width::Avx512 => unsafe { in_avx512(work) },
        // SAFETY: `width` found both features.
        Width::Avx2 => unsafe { in_avx2(work) },
        Width::Baseline => work.run(),
    }
}
