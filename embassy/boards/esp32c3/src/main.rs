//! A lamp behind Trine on an ESP32-C3: UART 0 at pins 21 and 20, a lamp at pin 8.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use esp_hal::gpio::{Level, Output, OutputConfig};
use esp_hal::timer::timg::TimerGroup;
use esp_hal::uart::{Config, Uart};
use static_cell::ConstStaticCell;
use trine_embassy_lamp::{CONFIG, Lamp, MEMORY, TABLE};

static RING: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
static DEVICE: ConstStaticCell<[u8; MEMORY]> = ConstStaticCell::new([0; MEMORY]);

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    let chip = esp_hal::init(esp_hal::Config::default());
    esp_rtos::start(TimerGroup::new(chip.TIMG0).timer0, chip.FROM_CPU_INTR0);
    let Ok(uart) = Uart::new(chip.UART0, Config::default()) else { return };
    let (receive, send) = uart.with_tx(chip.GPIO21).with_rx(chip.GPIO20).into_async().split();
    let mut lamp = Lamp(Output::new(chip.GPIO8, Level::Low, OutputConfig::default()));
    let memory = (&mut DEVICE.take()[..], &mut RING.take()[..]);
    trine_embassy::serve(&CONFIG, &TABLE, memory, &mut lamp, (receive, send)).await;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
