//! A lamp behind Trine on a nRF52840-DK: the UART of the board's USB port, and LED 1, which shines
//! while its pin is low.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::buffered_uarte::{BufferedUarte, InterruptHandler};
use embassy_nrf::gpio::{Level, Output, OutputDrive};
use embassy_nrf::peripherals::UARTE0;
use embassy_nrf::uarte::Config;
use static_cell::ConstStaticCell;
use trine_embassy_lamp::{CONFIG, Lamp, MEMORY, TABLE};

embassy_nrf::bind_interrupts!(struct Irqs {
    UARTE0 => InterruptHandler<UARTE0>;
});

static BUFFERS: ConstStaticCell<[[u8; 128]; 3]> = ConstStaticCell::new([[0; 128]; 3]);
static DEVICE: ConstStaticCell<[u8; MEMORY]> = ConstStaticCell::new([0; MEMORY]);

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let chip = embassy_nrf::init(embassy_nrf::config::Config::default());
    let [tx, rx, ring] = BUFFERS.take();
    let uart = BufferedUarte::new(
        chip.UARTE0,
        chip.TIMER1,
        chip.PPI_CH0,
        chip.PPI_CH1,
        chip.PPI_GROUP0,
        chip.P0_08,
        chip.P0_06,
        Irqs,
        Config::default(),
        rx,
        tx,
    );
    let (receive, send) = uart.split();
    let mut lamp = Lamp(Output::new(chip.P0_13, Level::Low, OutputDrive::Standard));
    let memory = (&mut DEVICE.take()[..], &mut ring[..]);
    trine_embassy::serve(&CONFIG, &TABLE, memory, &mut lamp, (receive, send)).await;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
