//! How a device is polled: in `libtrine_small.a` with what serves a host at the other end of a link
//! only where the program gives it bytes of one. A program that serves its tools in its own process
//! does not link that: it is reached from the functions that take bytes alone.

use trine_dispatch::Device;

use crate::tools::CTools;

/// Bytes of a host will come: before they can be seen by a poll.
#[inline(always)]
pub(crate) fn link() {
    #[cfg(all(feature = "mcp", trine_small))]
    later::link();
}

/// A poll with what serves a host, where that is linked.
#[inline(always)]
pub(crate) fn poll(
    device: &mut Device<'static>,
    now: u64,
    budget: u32,
    tools: &mut CTools<'_>,
) -> u64 {
    #[cfg(all(feature = "mcp", trine_small))]
    return match later::linked() {
        Some(poll) => poll(device, now, budget, tools),
        None => device.poll_alone(now, budget, tools),
    };
    #[cfg(not(all(feature = "mcp", trine_small)))]
    device.poll(now, budget, tools)
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

    pub(super) fn link() {
        let poll: Poll = |device, now, budget, tools| device.poll(now, budget, tools);
        LINKED.store(poll as *mut (), Ordering::Release);
    }

    pub(super) fn linked() -> Option<Poll> {
        let linked = LINKED.load(Ordering::Acquire);
        // SAFETY: NULL is `None`, and `link` stores nothing but a `Poll` there.
        unsafe { transmute::<*mut (), Option<Poll>>(linked) }
    }
}
