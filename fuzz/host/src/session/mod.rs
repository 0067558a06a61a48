//! A device that may say anything, and the gateway's session with it.
//!
//! The device knows the wire, and so gets far: it answers hellos with the right nonce and the right
//! tag, shows lists of tools that were changed, and answers calls that are there. Between that it
//! says what no device may say. What must hold: no call ends twice or after it was given up, and
//! each ends in the end; no text that reaches anyone acts on who reads it; memory stays bounded;
//! and a good device on the same link is served after all that.

mod device;
mod ends;
mod play;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::OnceLock;

use trine_gateway::settings::DeviceId;
use trine_gateway::{Framing, Settings};

use device::Device;
use play::Play;

/// The key of the device, where it has one.
const KEY: [u8; 16] = *b"a key of sixteen";
/// Memory that a session may take, whatever the bytes of an input say.
const MEMORY_MAX: usize = 1 << 20;

/// Plays the bytes: the first one chooses the link and whether there is a key.
pub fn run(data: &[u8]) {
    run_within(data, || 0);
}

/// The same where it can be told how much memory is in use.
pub fn run_within(data: &[u8], in_use: fn() -> usize) {
    let Some((&mode, operations)) = data.split_first() else { return };
    let framing = match mode & 1 {
        0 => Framing::Stream,
        _ => Framing::Packet { mtu: 8 + u16::from(mode >> 2) },
    };
    let is_keyed = mode & 2 != 0;
    let settings = if is_keyed { with_key().clone() } else { Settings::none() };
    let most = in_use() + MEMORY_MAX;
    let mut play = Play::new(Device::new(framing, is_keyed), framing, settings);
    let mut bytes = operations.iter().copied();
    while let Some(operation) = bytes.next() {
        play.operation(operation, &mut bytes);
        assert!(in_use() < most, "more than {MEMORY_MAX} bytes are in use");
    }
    play.end();
}

/// Settings with the key of the device, in a file next to this program.
fn with_key() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let program = std::env::current_exe().expect("a program has a file");
        let settings = Settings::in_folder(&program.with_extension("settings"));
        let [vendor, product, serial] = device::NAMES.map(str::to_owned);
        let path = settings.key_path(&DeviceId { vendor, product, serial }).expect("a folder");
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        // Another process may do the same at the same time, and a file is read as it is.
        let new = path.with_extension(std::process::id().to_string());
        fs::write(&new, KEY.map(|byte| format!("{byte:02x}")).concat()).expect("it can be written");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect("it is ours");
        fs::rename(&new, &path).expect("it is the same folder");
        settings
    })
}
