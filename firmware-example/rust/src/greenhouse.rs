//! The greenhouse as the firmware sees it.

#[cfg(feature = "ask")]
pub(crate) use trine_board::TOOLS;
pub(crate) use trine_board::tools::{LINK_MS, TABLE, config};
use trine_board::{BoardTools, Greenhouse, SimHardware};
use trine_bsp::led::Led;

/// The tools.
pub(crate) type Hands = BoardTools<SimHardware<Led>>;

/// The name of the board.
pub(crate) const PRODUCT: &str = "greenhouse";
/// What stands on the line before the first frame: bytes outside a frame are never an error.
pub(crate) const BOOT: &[u8] =
    concat!("trine greenhouse ", env!("CARGO_PKG_VERSION"), "\r\n").as_bytes();

/// The greenhouse at rest, with the board's LED as its status lamp.
pub(crate) const fn at_rest(led: Led) -> Hands {
    BoardTools::new(Greenhouse::new(SimHardware::with_status_led(led)))
}

/// Whether a person has pressed the button since this was asked last.
pub(crate) fn take_press(hands: &mut Hands) -> bool {
    hands.board.take_press()
}

/// Whether something goes on that the timer has to end where the loop does not: water flows.
pub(crate) fn flows(hands: &Hands) -> bool {
    hands.board.water_flows()
}

/// Ends it.
pub(crate) fn end(hands: &mut Hands) {
    // A valve that refuses is told again when its time is over.
    _ = hands.board.valve_close(None);
}
