//! Register protocols of the chips on the board's I2C bus.
//!
//! Each measuring chip has two doors: `start` begins a conversion and returns at once, `read`
//! fetches its result after the chip's conversion time. Nothing waits in between.
//!
//! | chip | 7-bit address | measures | time |
//! |---|---|---|---|
//! | [`sht31`] | 0x44 | air temperature, air humidity | 16 ms |
//! | [`bh1750`] | 0x23 | light | 180 ms |
//! | [`ads1115`] | 0x48 | soil probe on input 0, tank probe on input 1 | 18 ms |
//! | [`lcd`] | 0x28 | shows four lines of 32 characters | - |

pub mod ads1115;
pub mod bh1750;
pub mod lcd;
pub mod sht31;
