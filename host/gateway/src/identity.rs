//! The identity that a device reports.

use trine_wire::message::Hello;

use crate::sanitize;

/// The identity that a device reports, its texts made harmless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Who makes it.
    pub vendor: String,
    /// What it is.
    pub product: String,
    /// Which one it is.
    pub serial: String,
    /// Version of the firmware.
    pub firmware: String,
    /// Which build of it.
    pub build: String,
}

impl Identity {
    /// The identity in a hello.
    pub(crate) fn of(hello: &Hello<'_>) -> Self {
        let text = |text: &str| sanitize::plain(text).into_owned();
        Self {
            vendor: text(hello.vendor),
            product: text(hello.product),
            serial: text(hello.serial),
            firmware: text(hello.firmware),
            build: text(hello.build),
        }
    }
}
