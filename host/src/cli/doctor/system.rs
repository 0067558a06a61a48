//! The program, the operating system, and QEMU.

use std::env;
use std::fs;
use std::process::{Command, Stdio};

use super::Check;

const QEMU: &str = "qemu-system-arm";
/// The oldest major version that the board is tested on.
const QEMU_TESTED: u32 = 7;

pub(super) fn checks() -> Vec<Check> {
    vec![program(), system(), qemu()]
}

fn program() -> Check {
    let path = env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    let kind = if cfg!(debug_assertions) { " (a debug build, which is slow)" } else { "" };
    Check::ok("trine", format!("{}{kind} {path}", env!("CARGO_PKG_VERSION")))
}

fn system() -> Check {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.map_or(env::consts::OS, |name| name.trim_matches('"'));
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    Check::ok("system", format!("{name}, {}, {cores} cores", env::consts::ARCH))
}

fn qemu() -> Check {
    let install = "only --emulate needs it; on Debian: sudo apt install qemu-system-arm";
    let output = Command::new(QEMU).arg("--version").stdin(Stdio::null()).output();
    let Ok(output) = output else {
        return Check::warn("qemu", format!("{QEMU} is not installed"), install);
    };
    let text = String::from_utf8_lossy(&output.stdout);
    match version(&text) {
        Some((major, version)) if major >= QEMU_TESTED => {
            Check::ok("qemu", format!("{QEMU} {version}"))
        }
        Some((_, version)) => Check::warn(
            "qemu",
            format!("{QEMU} {version} is older than {QEMU_TESTED}, the oldest that is tested"),
            "if --emulate fails, install a newer one",
        ),
        None => Check::warn("qemu", format!("{QEMU} does not say its version"), install),
    }
}

// `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)`.
fn version(text: &str) -> Option<(u32, String)> {
    let version = text.lines().next()?.split("version ").nth(1)?.split_whitespace().next()?;
    Some((version.split('.').next()?.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_found() {
        let debian = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright";
        assert_eq!(version(debian), Some((7, "7.2.22".to_owned())));
        assert_eq!(version("QEMU emulator version 10.1.0\n"), Some((10, "10.1.0".to_owned())));
        assert_eq!(version("segmentation fault"), None);
    }
}
