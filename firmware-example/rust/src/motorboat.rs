//! The motor boat as the firmware sees it.

use trine_bsp::led::Led;
#[cfg(feature = "ask")]
pub(crate) use trine_motorboat::TOOLS;
pub(crate) use trine_motorboat::tools::{LINK_MS, TABLE, config};
use trine_motorboat::{Boat, BoatTools};

/// The tools.
pub(crate) type Hands = BoatTools<Led>;

/// The name of the board.
pub(crate) const PRODUCT: &str = "motorboat";
/// What stands on the line before the first frame: bytes outside a frame are never an error.
pub(crate) const BOOT: &[u8] =
    concat!("trine motorboat ", env!("CARGO_PKG_VERSION"), "\r\n").as_bytes();

/// The boat at rest, with the board's LED as its navigation lights.
pub(crate) const fn at_rest(led: Led) -> Hands {
    BoatTools::new(Boat::new(led))
}

/// There is no button: no tool of the boat asks for a person.
pub(crate) fn take_press(_: &mut Hands) -> bool {
    false
}

/// Whether something goes on that the timer has to end where the loop does not: the engine drives.
pub(crate) fn flows(hands: &Hands) -> bool {
    hands.boat.drives()
}

/// Ends it.
pub(crate) fn end(hands: &mut Hands) {
    hands.boat.drive_off();
}
