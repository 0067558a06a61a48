//! Spike firmware for the emulated mps2-an386: polled CMSDK UART0, one frame at a time.
#![no_std]
#![no_main]
use panic_halt as _;
const UART0: usize = 0x4000_4000;
fn read(offset: usize) -> u32 {
    // SAFETY: UART0 is a device register block of this machine; word access is what it expects.
    unsafe { ((UART0 + offset) as *const u32).read_volatile() }
}
fn write(offset: usize, value: u32) {
    // SAFETY: as in `read`.
    unsafe { ((UART0 + offset) as *mut u32).write_volatile(value) }
}
#[cortex_m_rt::entry]
fn main() -> ! {
    write(0x10, 16);
    write(0x08, 0b11);
    let (mut frame, mut len, mut fan) = ([0u8; 64], 0, 0);
    loop {
        while read(4) & 2 == 0 {}
        let byte = read(0) as u8;
        if byte != 0 {
            frame[len % 64] = byte;
            len += 1;
            continue;
        }
        let mut out = [0u8; 16];
        if let Some(n) = spike_core::serve(&mut frame, len, &mut fan, &mut out) {
            for &b in &out[..n] {
                while read(4) & 1 != 0 {}
                write(0, u32::from(b));
            }
        }
        len = 0;
    }
}
