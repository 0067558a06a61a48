//! A lamp behind Trine on a Raspberry Pi Pico: UART 0 at pins 0 and 1, the LED at pin 25.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::peripherals::UART0;
use embassy_rp::uart::{BufferedInterruptHandler, BufferedUart, Config};
use static_cell::ConstStaticCell;
use trine_embassy_lamp::{CONFIG, Lamp, MEMORY, TABLE};

embassy_rp::bind_interrupts!(struct Irqs {
    UART0_IRQ => BufferedInterruptHandler<UART0>;
});

static BUFFERS: ConstStaticCell<[[u8; 128]; 3]> = ConstStaticCell::new([[0; 128]; 3]);
static DEVICE: ConstStaticCell<[u8; MEMORY]> = ConstStaticCell::new([0; MEMORY]);

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let chip = embassy_rp::init(embassy_rp::config::Config::default());
    let [tx, rx, ring] = BUFFERS.take();
    let config = Config::default();
    let uart = BufferedUart::new(chip.UART0, chip.PIN_0, chip.PIN_1, Irqs, tx, rx, config);
    let (send, receive) = uart.split();
    let mut lamp = Lamp(Output::new(chip.PIN_25, Level::Low));
    let memory = (&mut DEVICE.take()[..], &mut ring[..]);
    trine_embassy::serve(&CONFIG, &TABLE, memory, &mut lamp, (receive, send)).await;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
