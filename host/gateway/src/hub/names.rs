//! What devices and their tools are called.

use trine_descriptor::{NAME_MAX, check};

use crate::args::Prefix;
use crate::identity::Identity;

/// A device as far as its name goes.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) alias: Option<&'a str>,
    pub(crate) identity: Option<&'a Identity>,
    pub(crate) source: &'a str,
    /// It has proven a key.
    pub(crate) is_proven: bool,
}

/// The names of devices, `None` for one that has not said who it is. They depend on what the
/// devices say and on nothing else, so the order in which they come up changes nothing.
pub(crate) fn devices(all: &[Named<'_>]) -> Vec<Option<String>> {
    let plain: Vec<Option<String>> = all.iter().map(plain).collect();
    let shared = |name: &String| plain.iter().flatten().filter(|other| *other == name).count() > 1;
    let full = |device: &Named<'_>, name: &String| match with_serial(device) {
        Some(longer) if shared(name) => longer,
        _ => name.clone(),
    };
    all.iter().zip(&plain).map(|(device, name)| Some(full(device, name.as_ref()?))).collect()
}

/// The longer name of a device that the user has given none.
pub(crate) fn with_serial(device: &Named<'_>) -> Option<String> {
    let identity = device.identity.filter(|_| device.alias.is_none())?;
    Some(format!("{}_{}", plain(device)?, legal(&identity.serial, "0")))
}

fn plain(device: &Named<'_>) -> Option<String> {
    match (device.alias, device.identity) {
        (Some(alias), _) => Some(alias.to_owned()),
        (None, identity) => Some(legal(&identity?.product, "device")),
    }
}

/// The text with every character that a tool's name cannot have turned into `_`.
fn legal(text: &str, empty: &str) -> String {
    let sound = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let text: String = text.chars().map(sound).take(NAME_MAX).collect();
    if text.is_empty() { empty.to_owned() } else { text }
}

/// What clients call a tool.
pub(crate) fn tool(device: &str, tool: &str, prefix: Prefix, several: bool) -> String {
    match scope(device, prefix, several) {
        Some(device) => format!("{device}_{tool}"),
        None => tool.to_owned(),
    }
}

/// The name of a device that the addresses of its user interfaces begin with, where the names of
/// its tools begin with it too.
pub(crate) const fn scope(device: &str, prefix: Prefix, several: bool) -> Option<&str> {
    match prefix {
        Prefix::Always => Some(device),
        Prefix::Auto if several => Some(device),
        Prefix::Auto | Prefix::None => None,
    }
}

/// Why clients would not take a tool's name.
pub(crate) fn fault(name: &str, tool: &str) -> Option<String> {
    (!check::name_is_legal(name)).then(|| {
        format!(
            "its tool {tool} is left out: it would be called '{name}', which has {} characters \
             and may have {NAME_MAX}: give the device a shorter name, or use --prefix none",
            name.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(product: &str, serial: &str) -> Identity {
        Identity { product: product.into(), serial: serial.into(), ..Identity::default() }
    }

    fn names(all: &[(Option<&str>, Option<&Identity>)]) -> Vec<Option<String>> {
        let (source, is_proven) = ("x", false);
        let named = |&(alias, identity)| Named { alias, identity, source, is_proven };
        devices(&all.iter().map(named).collect::<Vec<_>>())
    }

    #[test]
    fn order_changes_no_name() {
        let (a, b, c) = (identity("g h", "1"), identity("g h", "2/3"), identity("pump", "9"));
        let forth = names(&[(None, Some(&a)), (None, Some(&b)), (None, Some(&c))]);
        let back = names(&[(None, Some(&c)), (None, Some(&b)), (None, Some(&a))]);
        let wanted = ["g_h_1", "g_h_2_3", "pump"].map(|name| Some(name.to_owned()));
        assert_eq!(forth, wanted);
        assert_eq!(back.into_iter().rev().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn an_alias_wins_and_an_unknown_device_has_no_name() {
        let a = identity("pump", "1");
        let all = names(&[(Some("north"), Some(&a)), (None, None), (None, Some(&a))]);
        assert_eq!(all, [Some("north".into()), None, Some("pump".into())]);
        assert_eq!(names(&[(None, Some(&identity("", "")))]), [Some("device".into())]);
    }

    #[test]
    fn long_names_are_refused() {
        let long = tool(&"d".repeat(60), "fan_set", Prefix::Always, false);
        assert!(fault(&long, "fan_set").unwrap().contains("68 characters"));
        assert_eq!(tool("d", "fan_set", Prefix::Auto, false), "fan_set");
        assert_eq!(tool("d", "fan_set", Prefix::Auto, true), "d_fan_set");
    }
}
