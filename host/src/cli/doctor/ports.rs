//! Serial ports: which there are and whether this user may use them.
//!
//! No port is opened: that would move the line which resets many boards.

use std::path::Path;

use super::Check;

const SUBJECT: &str = "serial ports";

pub(super) fn checks() -> Vec<Check> {
    let ports = match serial2::SerialPort::available_ports() {
        Ok(ports) => ports,
        Err(error) => {
            let text = format!("cannot be listed: {error}");
            return vec![Check::warn(SUBJECT, text, "name the port yourself with --serial")];
        }
    };
    if ports.is_empty() {
        let advice = "a board that is plugged in should show up here; some cables only charge";
        return vec![Check::ok(SUBJECT, "none").advise(advice)];
    }
    ports.iter().map(|port| check(port)).collect()
}

fn check(port: &Path) -> Check {
    let name = port.display();
    match refusal(port) {
        None => Check::ok(SUBJECT, name.to_string()).advise(format!("--serial {name}")),
        Some(advice) => Check::warn(SUBJECT, format!("{name}: you may not use it"), advice),
    }
}

/// What to do where the device file does not let this user read and write; `None` where it does, or
/// where the system has another way of saying so.
#[cfg(target_os = "linux")]
fn refusal(port: &Path) -> Option<String> {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    const READ_WRITE: u32 = 0o6;

    let file = fs::metadata(port).ok()?;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let numbers = |name: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().filter_map(|number| number.parse().ok()).collect()
    };
    // The second number is the effective one.
    let effective = |numbers: Vec<u32>| numbers.get(1).copied();
    let user = effective(numbers("Uid:"))?;
    let mut groups = numbers("Groups:");
    groups.extend(effective(numbers("Gid:")));
    let granted = if user == file.uid() {
        file.mode() >> 6
    } else if groups.contains(&file.gid()) {
        file.mode() >> 3
    } else {
        file.mode()
    };
    if user == 0 || granted & READ_WRITE == READ_WRITE {
        return None;
    }
    let all = fs::read_to_string("/etc/group").unwrap_or_default();
    Some(match group_name(&all, file.gid()) {
        Some(group) if (file.mode() >> 3) & READ_WRITE == READ_WRITE && group != "root" => {
            format!("sudo usermod -aG {group} $USER, then log in again")
        }
        _ => format!("change its owner or mode: ls -l {}", port.display()),
    })
}

#[cfg(not(target_os = "linux"))]
fn refusal(_port: &Path) -> Option<String> {
    None
}

// `dialout:x:20:ada,grace`.
#[cfg(target_os = "linux")]
fn group_name(all: &str, id: u32) -> Option<&str> {
    all.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::group_name;

    #[test]
    fn groups_have_names() {
        let all = "root:x:0:\ndialout:x:20:ada,grace\n\nbroken\n";
        assert_eq!(group_name(all, 20), Some("dialout"));
        assert_eq!(group_name(all, 0), Some("root"));
        assert_eq!(group_name(all, 7), None);
    }
}
