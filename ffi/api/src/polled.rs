//! How a device is polled: in `libtrine_small.a` with what serves a host at the other end of a link
//! only where the program gives it bytes of one. A program that serves its tools in its own process
//! does not link that: it is reached from the functions that take bytes alone.

use trine_dispatch::Device;

use crate::tools::CTools;

#[cfg(not(all(feature = "mcp", trine_small)))]
pub(crate) use always::{link, poll};
#[cfg(all(feature = "mcp", trine_small))]
pub(crate) use later::{link, poll};

#[cfg(not(all(feature = "mcp", trine_small)))]
mod always {
    use super::{CTools, Device};

    /// Bytes of a host will come.
    #[inline(always)]
    pub(crate) const fn link() {}

    #[inline(always)]
    pub(crate) fn poll(
        device: &mut Device<'static>,
        now: u64,
        budget: u32,
        tools: &mut CTools<'_>,
    ) -> u64 {
        device.poll(now, budget, tools)
    }
}

#[cfg(all(feature = "mcp", trine_small))]
mod later {
    use core::mem::transmute;
    use core::ptr::null_mut;
    use core::sync::atomic::{AtomicPtr, Ordering};

    use super::{CTools, Device};

    type Poll = fn(&mut Device<'static>, u64, u32, &mut CTools<'_>) -> u64;

    /// NULL, or the [`Poll`] with a link, once any device of this program has one.
    // `used`, since a compiler that sees all that is stored there would call it without a look.
    #[used]
    static LINKED: AtomicPtr<()> = AtomicPtr::new(null_mut());

    /// Bytes of a host will come: before they can be seen by a poll.
    pub(crate) fn link() {
        let poll: Poll = |device, now, budget, tools| device.poll(now, budget, tools);
        LINKED.store(poll as *mut (), Ordering::Release);
    }

    pub(crate) fn poll(
        device: &mut Device<'static>,
        now: u64,
        budget: u32,
        tools: &mut CTools<'_>,
    ) -> u64 {
        let linked = LINKED.load(Ordering::Acquire);
        if linked.is_null() {
            return device.poll_alone(now, budget, tools);
        }
        // SAFETY: `link` stores nothing else there.
        let poll: Poll = unsafe { transmute(linked) };
        poll(device, now, budget, tools)
    }
}
