//! The eleven tools of the board, bound to Trine's dispatcher.
//!
//! [`TOOLS`] is the table that the dispatcher checks calls against, [`BoardTools`] does what they
//! ask. Beside the plain tools:
//!
//! - `vent_move` and `sensor_read` answer later. What they wait for is kept in the bytes that the
//!   dispatcher lends to a pending call, so this side keeps nothing but the calls' handles.
//! - `timer_start` answers at once; the end of the timer is an event.
//! - `valve_open` is only entered after a person has agreed. The board shows the question on its
//!   display, where nothing else is written meanwhile, and says so to the dispatcher; the owner of
//!   that passes the answer on: `if tools.board.take_press() { device.agree(now); }`.
//!   It closes when the board starts and when the link to the host is lost.
//! - `vent_move` tells how far it is to a host that wants to know, and the end of a timer is told
//!   to its log.
//! - `camera_snap` answers an image, whose bytes are made while they are sent.

mod handlers;
mod notice;
mod params;
mod status;

pub use handlers::BoardTools;

use trine_descriptor::{Pack, Tool};
use trine_dispatch::{Config, Identity};

/// Number of `light_set` in [`TOOLS`].
pub const LIGHT_SET: u16 = 0;
/// Number of `fan_set`.
pub const FAN_SET: u16 = 1;
/// Number of `climate_set`.
pub const CLIMATE_SET: u16 = 2;
/// Number of `valve_open`.
pub const VALVE_OPEN: u16 = 3;
/// Number of `valve_close`.
pub const VALVE_CLOSE: u16 = 4;
/// Number of `vent_move`.
pub const VENT_MOVE: u16 = 5;
/// Number of `sensor_read`.
pub const SENSOR_READ: u16 = 6;
/// Number of `timer_start`.
pub const TIMER_START: u16 = 7;
/// Number of `display_show`.
pub const DISPLAY_SHOW: u16 = 8;
/// Number of `board_status`.
pub const BOARD_STATUS: u16 = 9;
/// Number of `camera_snap`.
pub const CAMERA_SNAP: u16 = 10;

/// The descriptors, in the order of `tools.json` with `camera.json` behind it.
pub static TOOLS: [Tool<'static>; 11] = LIST;

#[expect(clippy::large_const_arrays, reason = "the compiler alone reads it")]
const LIST: [Tool<'static>; 11] = [
    params::LightSet::TOOL,
    params::FanSet::TOOL,
    params::ClimateSet::TOOL,
    params::ValveOpen::TOOL,
    params::ValveClose::TOOL,
    params::VentMove::TOOL,
    params::SensorRead::TOOL,
    params::TimerStart::TOOL,
    params::DisplayShow::TOOL,
    params::BoardStatus::TOOL,
    params::CameraSnap::TOOL,
];

/// The same, checked by the compiler and in the form that takes least flash.
pub static TABLE: Pack<11, { Pack::len(&LIST) }> = Pack::new(&LIST);

/// Calls that may be pending at a time.
pub const CALLS_MAX: u8 = 4;

/// Bytes that a lane keeps of its last answer: every result but that of `board_status`, which may
/// be asked again at no risk.
pub const REPEAT_MAX: u16 = 96;

/// Bytes of a call that a person can agree to: a valve, a time, and the name of who asks.
pub const CONSENT_BYTES: u16 = 64;

/// Milliseconds of a silent line after which the valves close.
pub const LINK_MS: u32 = 5_000;

/// Limits of a dispatcher for these tools. The largest arguments are a line of the display, the
/// largest result is `board_status` with four full lines and four full labels.
#[must_use]
pub const fn config(identity: Identity<'_>) -> Config<'_> {
    Config {
        identity,
        message_max: 192,
        result_max: 1_280,
        calls_max: CALLS_MAX,
        pending_max: 3,
        repeat_max: REPEAT_MAX,
        consent_bytes: CONSENT_BYTES,
        ..Config::DEFAULT
    }
}
