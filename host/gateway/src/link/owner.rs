//! Who may open a file: advice for a user who may not.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Group that may read and write.
const GROUP_RW: u32 = 0o060;

/// What a user does who may not open the file of this path.
pub(super) fn advice(path: &Path) -> String {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    match fs::metadata(path) {
        Ok(file) => of(&file, &groups),
        Err(_) => "let an administrator give your user access to it".to_owned(),
    }
}

fn of(file: &Metadata, groups: &str) -> String {
    if file.gid() == 0 || file.mode() & GROUP_RW != GROUP_RW {
        return "only its owner may; add a udev rule with TAG+=\"uaccess\" for it in \
                /etc/udev/rules.d and plug it in again"
            .to_owned();
    }
    let group = name(groups, file.gid()).unwrap_or_else(|| file.gid().to_string());
    format!(
        "it belongs to the group {group}; run `sudo usermod -aG {group} $USER` and log in again"
    )
}

/// The name of a group in a text such as `dialout:x:20:`.
fn name(groups: &str, number: u32) -> Option<String> {
    let number = number.to_string();
    groups.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)? == number).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const GROUPS: &str = "root:x:0:\ndialout:x:20:user\nusers:x:100:\n";

    #[test]
    fn a_group_is_named_by_its_number() {
        assert_eq!(name(GROUPS, 20).as_deref(), Some("dialout"));
        assert_eq!(name(GROUPS, 2), None);
        assert_eq!(name("dialout\n:", 20), None);
    }

    #[test]
    fn who_may_not_open_a_port_is_told_of_its_group_or_of_a_rule() {
        let path = std::env::temp_dir().join(format!("trine-owner-{}", std::process::id()));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(of(&fs::metadata(&path).unwrap(), GROUPS).contains("udev rule"));
        // As root, as which this test may run, a group is given; else the user's own is there.
        drop(std::os::unix::fs::chown(&path, None, Some(20)));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
        let file = fs::metadata(&path).unwrap();
        let group = name(GROUPS, file.gid()).unwrap_or_else(|| file.gid().to_string());
        assert!(of(&file, GROUPS).contains(&format!("usermod -aG {group} ")));
        fs::remove_file(path).unwrap();
    }
}
