//! Processor time, the processor's name, mapped files and a pool of threads: the one module of
//! this crate with `unsafe`.
#![expect(unsafe_code, reason = "calls into libc; each block says why it holds")]

mod clock;
mod map;
mod pool;
mod processor;

pub use clock::{memory_peak, processor_time};
pub use map::{Mapped, Zeros};
pub use pool::Pool;
pub(crate) use processor::processor_name;
