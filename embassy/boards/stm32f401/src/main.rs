//! A lamp behind Trine on a Nucleo-F401RE: USART 2, which is the board's USB port, and LED LD2.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::peripherals::USART2;
use embassy_stm32::usart::{BufferedInterruptHandler, BufferedUart, Config};
use static_cell::ConstStaticCell;
use trine_embassy_lamp::{CONFIG, Lamp, MEMORY, TABLE};

embassy_stm32::bind_interrupts!(struct Irqs {
    USART2 => BufferedInterruptHandler<USART2>;
});

static BUFFERS: ConstStaticCell<[[u8; 128]; 3]> = ConstStaticCell::new([[0; 128]; 3]);
static DEVICE: ConstStaticCell<[u8; MEMORY]> = ConstStaticCell::new([0; MEMORY]);

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let chip = embassy_stm32::init(embassy_stm32::Config::default());
    let [tx, rx, ring] = BUFFERS.take();
    let config = Config::default();
    let Ok(uart) = BufferedUart::new(chip.USART2, chip.PA3, chip.PA2, tx, rx, Irqs, config) else {
        return;
    };
    let (send, receive) = uart.split();
    let mut lamp = Lamp(Output::new(chip.PA5, Level::Low, Speed::Low));
    let memory = (&mut DEVICE.take()[..], &mut ring[..]);
    trine_embassy::serve(&CONFIG, &TABLE, memory, &mut lamp, (receive, send)).await;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
