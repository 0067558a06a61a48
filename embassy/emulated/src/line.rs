//! UART 0 as a line of `embedded-io-async`: its interrupts fill a ring and wake the task.

use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::waitqueue::AtomicWaker;
use embedded_io_async::{ErrorType, Read, Write};
use static_cell::StaticCell;
use trine_arena::{Consumer, Producer, Ring};
use trine_bsp::shared::Shared;
use trine_bsp::uart::{self, Rx, Tx, Uart};
use trine_bsp::{Interrupt, handler};

const BAUD: u32 = 115_200;

/// What the receiving interrupt owns.
struct Line {
    rx: Rx,
    ring: Producer<'static>,
}

static LINE: Shared<Line> = Shared::empty();
static CAME: AtomicWaker = AtomicWaker::new();
static SENT: AtomicWaker = AtomicWaker::new();
static BYTES: StaticCell<[u8; 128]> = StaticCell::new();
static RING: StaticCell<Ring<'static>> = StaticCell::new();

handler! {
    fn UART0_RX() {
        drain();
        CAME.wake();
    }
}

handler! {
    fn UART0_TX() {
        uart::sent_uart0();
        SENT.wake();
    }
}

/// Moves what has come into the ring. A byte that finds no room stays in the UART until then.
fn drain() {
    LINE.with(|line| {
        line.rx.drain(&mut line.ring, 0);
    });
}

/// Starts the UART.
pub(crate) fn start(uart: Uart) -> (Receiver, Sender) {
    let (producer, consumer) = RING.init(Ring::new(BYTES.init([0; 128]))).split();
    let (tx, rx) = uart.start(BAUD);
    LINE.put(Line { rx, ring: producer });
    trine_bsp::enable(Interrupt::UART0_RX);
    trine_bsp::enable(Interrupt::UART0_TX);
    (Receiver(consumer), Sender(tx))
}

pub(crate) struct Receiver(Consumer<'static>);

pub(crate) struct Sender(Tx);

impl ErrorType for Receiver {
    type Error = Infallible;
}

impl ErrorType for Sender {
    type Error = Infallible;
}

impl Read for Receiver {
    async fn read(&mut self, place: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|task| {
            CAME.register(task.waker());
            let count = self.0.take(|bytes| {
                let count = bytes.len().min(place.len());
                for (to, from) in place.iter_mut().zip(bytes) {
                    *to = *from;
                }
                (count, count)
            });
            if count == 0 {
                return Poll::Pending;
            }
            // There may be a byte that found no room.
            drain();
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Write for Sender {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        poll_fn(|task| {
            SENT.register(task.waker());
            self.0.wake(true);
            match self.0.try_write(bytes) {
                0 if !bytes.is_empty() => Poll::Pending,
                count => Poll::Ready(Ok(count)),
            }
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
