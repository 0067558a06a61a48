//! A debug probe as the line: a channel of SEGGER's RTT in each direction, which the probe reads
//! and writes in the chip's memory. No pin is needed.
//!
//! ```ignore
//! let channels = rtt_target::rtt_init! {
//!     up: { 0: { size: 512, name: "trine" } }
//!     down: { 0: { size: 512, name: "trine" } }
//! };
//! let line = trine_embassy::rtt::line(channels.up.0, channels.down.0);
//! ```
//!
//! The probe raises no interrupt, so the channels are looked at every [`PAUSE`].

use core::convert::Infallible;
use core::fmt;

use embassy_time::{Duration, Timer};
use embedded_io_async::{ErrorType, Read, Write};
use rtt_target::{DownChannel, UpChannel};

/// How long a channel that has nothing is left before it is looked at again.
pub const PAUSE: Duration = Duration::from_millis(2);

/// The two ends of a line of these channels.
#[must_use]
pub const fn line(up: UpChannel, down: DownChannel) -> (Receiver, Sender) {
    (Receiver(down), Sender(up))
}

/// Bytes of the probe.
pub struct Receiver(DownChannel);

/// Bytes for the probe.
pub struct Sender(UpChannel);

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl ErrorType for Sender {
    type Error = Infallible;
}

impl Read for Receiver {
    async fn read(&mut self, place: &mut [u8]) -> Result<usize, Infallible> {
        loop {
            let count = self.0.read(place);
            if count > 0 || place.is_empty() {
                return Ok(count);
            }
            Timer::after(PAUSE).await;
        }
    }
}

impl Write for Sender {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        loop {
            let count = self.0.write(bytes);
            if count > 0 || bytes.is_empty() {
                return Ok(count);
            }
            Timer::after(PAUSE).await;
        }
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
