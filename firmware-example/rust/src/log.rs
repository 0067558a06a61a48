//! What the firmware tells a debugger, with the feature `defmt`: without it, nothing of this is
//! linked. The texts stay in the ELF file; what is sent is their numbers.

#[cfg(feature = "defmt")]
use defmt_semihosting as _;

/// The board starts.
pub(crate) fn starts(tools: u16) {
    #[cfg(feature = "defmt")]
    defmt::info!("greenhouse {=str} starts with {=u16} tools", env!("CARGO_PKG_VERSION"), tools);
    _ = tools;
}

/// A tool is entered.
pub(crate) fn called(tool: u16, args: &[u8]) {
    #[cfg(feature = "defmt")]
    defmt::debug!("tool {=u16} is called with {=[u8]}", tool, args);
    _ = (tool, args);
}

/// The link is there or lost; `was` is what it was before.
pub(crate) fn linked(was: &mut bool, is: bool) {
    #[cfg(feature = "defmt")]
    if *was != is {
        match is {
            true => defmt::info!("the host is heard"),
            false => defmt::warn!("the host is not heard any more"),
        }
    }
    *was = is;
}
