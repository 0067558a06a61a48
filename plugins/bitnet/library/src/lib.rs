//! The plug-in `bitnet-inference`, as a shared library.

use trine_plugin_bitnet::plugin;
use trine_plugin_bitnet::trine_plugin::{entry, RawHost, RawPlugin};

static PLUGIN: RawPlugin = plugin(env!("CARGO_PKG_VERSION"));

/// Answers the plug-in.
///
/// # Safety
/// `host` is the program's table, which stays where it is.
#[no_mangle]
pub unsafe extern "C" fn trine_plugin_entry(abi: u32, host: *const RawHost) -> *const RawPlugin {
    // SAFETY: passed on.
    unsafe { entry(abi, host, &PLUGIN) }
}
