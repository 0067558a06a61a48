//! How far ahead kernels ask memory for the weights of a product with one token, on processors
//! that take such hints.
//!
//! What is best depends on the machine: its memory, its caches, and what else uses them. So a
//! program may measure it and say it here. No result depends on it.

use crate::packing::Packing;

/// How far ahead to ask: bytes after those that are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ahead {
    /// For the first cache.
    pub soon: u16,
    /// For the second cache; 0 asks for nothing.
    pub far: u16,
}

impl Ahead {
    /// Whether kernels of this target ask ahead for weights of this packing.
    #[must_use]
    pub const fn is_used(packing: Packing) -> bool {
        cfg!(target_arch = "x86_64") && matches!(packing, Packing::Panel2Bit | Packing::PanelBase3)
    }

    /// What was said for a packing; without it, each kernel has distances of its own.
    #[must_use]
    pub fn said(packing: Packing) -> Option<Self> {
        said::get(packing)
    }

    /// Says for all kernels of the program how far ahead they ask for weights of a packing from now
    /// on; `None` leaves it to them. Distances of 0 for both caches say the same.
    pub fn say(packing: Packing, ahead: Option<Self>) {
        if Self::is_used(packing) {
            said::set(packing, ahead);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod said {
    use core::sync::atomic::{AtomicU32, Ordering};

    use super::{Ahead, Packing};

    /// For two bits a weight, and for base three: `soon`, and `far` in the upper half; 0 says
    /// nothing.
    static SAID: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

    fn of(packing: Packing) -> &'static AtomicU32 {
        let [two_bits, base3] = &SAID;
        if packing == Packing::PanelBase3 { base3 } else { two_bits }
    }

    #[inline]
    pub(super) fn get(packing: Packing) -> Option<Ahead> {
        let bits = of(packing).load(Ordering::Relaxed);
        (bits != 0).then_some(Ahead { soon: bits as u16, far: (bits >> 16) as u16 })
    }

    pub(super) fn set(packing: Packing, ahead: Option<Ahead>) {
        let bits = |Ahead { soon, far }| u32::from(far) << 16 | u32::from(soon);
        of(packing).store(ahead.map_or(0, bits), Ordering::Relaxed);
    }
}

/// Where no kernel asks.
#[cfg(not(target_arch = "x86_64"))]
mod said {
    use super::{Ahead, Packing};

    pub(super) const fn get(_: Packing) -> Option<Ahead> {
        None
    }

    pub(super) const fn set(_: Packing, _: Option<Ahead>) {}
}

#[cfg(test)]
mod tests {
    use super::Ahead;
    use crate::packing::Packing;

    #[test]
    fn what_is_said_for_a_packing_is_for_it_alone() {
        let [two, three] = [Packing::Panel2Bit, Packing::PanelBase3];
        let ahead = Ahead { soon: 64, far: 65_472 };
        Ahead::say(two, Some(ahead));
        Ahead::say(Packing::I2S, Some(ahead));
        let said = Ahead::is_used(two).then_some(ahead);
        assert_eq!([Ahead::said(two), Ahead::said(three)], [said, None]);
        Ahead::say(two, Some(Ahead { soon: 0, far: 0 }));
        assert_eq!(Ahead::said(two), None);
    }
}
