//! A UART in two halves: an interrupt receives, the loop sends without waiting. The registers are
//! the machine's.
//!
//! Two rules make its interrupts safe, and both matter on hardware as in QEMU: the interrupt flag
//! is cleared *before* the data register is drained, or a byte that comes in between raises no
//! interrupt; and whoever sleeps looks for work once more with interrupts masked
//! ([`crate::sleep_unless`]).

use core::convert::Infallible;
use core::fmt;

use embedded_io::{ErrorType, Write, WriteReady};
use trine_arena::Producer;

use crate::machine::{self, Channel};

/// A UART that is not yet in use.
pub struct Uart {
    channel: Channel,
}

impl fmt::Debug for Uart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uart")
    }
}

impl Uart {
    /// The UART with these registers.
    ///
    /// # Safety
    /// No other value may drive the same UART.
    pub(crate) const unsafe fn new(channel: Channel) -> Self {
        Self { channel }
    }

    /// Starts both directions; the receiver raises an interrupt for each byte.
    #[must_use]
    pub fn start(self, baud: u32) -> (Tx, Rx) {
        let channel = self.channel;
        channel.start(baud);
        (Tx { channel, wakes: false }, Rx { channel, paused: false })
    }
}

/// The sending half. Nothing in it waits, except [`Write`] where the trait asks for it.
pub struct Tx {
    channel: Channel,
    wakes: bool,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}

impl Tx {
    /// Whether a byte can be given now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.channel.has_room()
    }

    /// Gives as many bytes as the UART takes at once and answers how many.
    pub fn try_write(&mut self, bytes: &[u8]) -> usize {
        let mut count = 0;
        for &byte in bytes {
            if !self.is_ready() {
                break;
            }
            self.channel.put(byte);
            count += 1;
        }
        count
    }

    /// Asks for an interrupt when the byte that fills the UART has gone, or for none. Call
    /// [`Self::is_ready`] after it and before sleeping: the byte may have gone already.
    pub fn wake(&mut self, wanted: bool) {
        if wanted != self.wakes {
            self.wakes = wanted;
            // The receiving half changes another bit of this register, maybe in an interrupt.
            critical_section::with(|_| self.channel.wake_when_sent(wanted));
        }
    }
}

/// What the handler of UART 0's sending interrupt does. That it woke the processor is enough.
pub fn sent_uart0() {
    machine::uart0().clear_sent();
}

/// What the handler of UART 1's sending interrupt does. That it woke the processor is enough.
pub fn sent_uart1() {
    machine::uart1().clear_sent();
}

impl ErrorType for Tx {
    type Error = Infallible;
}

impl WriteReady for Tx {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.is_ready())
    }
}

impl Write for Tx {
    /// Waits until the first byte is taken, as the trait asks.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        loop {
            let count = self.try_write(bytes);
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
        }
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while !self.is_ready() {}
        Ok(())
    }
}

/// What [`Rx::drain`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// The byte that ends a piece of work came.
    pub ended: bool,
    /// The ring is full: the UART keeps its byte and raises no interrupt until [`Rx::drain`] is
    /// called again and there is room.
    pub full: bool,
}

/// The receiving half, which belongs to the receiving interrupt.
pub struct Rx {
    channel: Channel,
    paused: bool,
}

// SAFETY: the registers are reached with single loads and stores, which any context of the one
// core may do; what both halves change together is changed under a mask.
unsafe impl Send for Rx {}

impl fmt::Debug for Rx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rx")
    }
}

impl Rx {
    /// Moves all received bytes into `ring`; `end` is the byte that completes a piece of work.
    pub fn drain(&mut self, ring: &mut Producer<'_>, end: u8) -> Drained {
        self.channel.clear_received();
        let mut drained = Drained::default();
        while self.channel.has_byte() {
            let Some(place) = ring.grant().first_mut() else {
                drained.full = true;
                break;
            };
            let byte = self.channel.take();
            *place = byte;
            ring.commit(1);
            drained.ended |= byte == end;
        }
        self.pause(drained.full);
        drained
    }

    /// Gives each received byte to `take`.
    pub fn drain_each(&mut self, mut take: impl FnMut(u8)) {
        self.channel.clear_received();
        while self.channel.has_byte() {
            take(self.channel.take());
        }
    }

    fn pause(&mut self, paused: bool) {
        if paused != self.paused {
            self.paused = paused;
            // The sending half changes another bit of this register.
            critical_section::with(|_| self.channel.wake_when_received(!paused));
        }
    }
}
