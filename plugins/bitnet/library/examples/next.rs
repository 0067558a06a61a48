//! The plug-in `bitnet-inference` in its next version: what it is replaced by under load.

use trine_plugin_bitnet::plugin;
use trine_plugin_bitnet::trine_plugin::{entry, RawHost, RawPlugin};

static PLUGIN: RawPlugin = plugin("1.1.0");

/// Answers the plug-in.
///
/// # Safety
/// `host` is the program's table, which stays where it is.
#[no_mangle]
pub unsafe extern "C" fn trine_plugin_entry(abi: u32, host: *const RawHost) -> *const RawPlugin {
    // SAFETY: passed on.
    unsafe { entry(abi, host, &PLUGIN) }
}
