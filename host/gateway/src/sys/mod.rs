//! What the standard library does not offer of the operating system, the same for each system: the
//! one place of this crate that has `unsafe`, and that differs between systems.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
