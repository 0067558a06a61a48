//! Processor time, mapped files and a pool of threads: the one module of this crate with `unsafe`.
#![expect(unsafe_code, reason = "calls into libc; each block says why it holds")]

mod clock;
mod map;
mod pool;

pub use clock::{memory_peak, processor_time};
pub use map::{Mapped, Zeros};
pub use pool::Pool;
