//! What devices and their tools are called.

use trine_descriptor::{NAME_MAX, check};

use crate::args::Prefix;
use crate::device::Identity;

/// A device as far as its name goes.
pub(crate) struct Named<'a> {
    pub(crate) alias: Option<&'a str>,
    pub(crate) identity: Option<&'a Identity>,
    pub(crate) source: &'a str,
}

/// The names of devices, `None` for one that has not said who it is. They depend on what the
/// devices say and on nothing else, so the order in which they come up changes nothing.
pub(crate) fn devices(all: &[Named<'_>]) -> Vec<Option<String>> {
    let plain: Vec<Option<String>> = all.iter().map(plain).collect();
    let shared = |name: &String| plain.iter().flatten().filter(|other| *other == name).count() > 1;
    let full = |device: &Named<'_>, name: &String| match device {
        Named { alias: None, identity: Some(identity), .. } if shared(name) => {
            format!("{name}_{}", legal(&identity.serial, "0"))
        }
        _ => name.clone(),
    };
    all.iter().zip(&plain).map(|(device, name)| Some(full(device, name.as_ref()?))).collect()
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

/// The first two devices that say they are the same one, if any do. Their keys and names could not
/// be told apart.
pub(crate) fn same_serial(all: &[Named<'_>]) -> Option<String> {
    let serial = |device: &Named<'_>| {
        let identity = device.identity?;
        let Identity { vendor, product, serial, .. } = identity;
        (!serial.is_empty()).then(|| [vendor.clone(), product.clone(), serial.clone()])
    };
    for (at, device) in all.iter().enumerate() {
        let Some(one) = serial(device) else { continue };
        let other = all.iter().take(at).find(|other| serial(other).as_ref() == Some(&one));
        if let Some(other) = other {
            return Some(format!(
                "two devices say that they are the {} with serial number {}: {} and {}; give each \
                 board a serial number of its own, or open one of them only",
                one[1], one[2], other.source, device.source
            ));
        }
    }
    None
}

/// The first two devices that have one name, if any have.
pub(crate) fn twins(all: &[Named<'_>], names: &[Option<String>]) -> Option<String> {
    for (at, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        let earlier = names.iter().take(at).position(|other| other.as_ref() == Some(name));
        if let (Some(one), Some(two)) = (earlier.and_then(|one| all.get(one)), all.get(at)) {
            return Some(format!(
                "two devices are called '{name}': {} and {}; give one of them another name, as in \
                 --serial other=/dev/ttyACM0",
                one.source, two.source
            ));
        }
    }
    None
}

/// What clients call a tool.
pub(crate) fn tool(device: &str, tool: &str, prefix: Prefix, several: bool) -> String {
    match prefix {
        Prefix::Always => format!("{device}_{tool}"),
        Prefix::Auto if several => format!("{device}_{tool}"),
        Prefix::Auto | Prefix::None => tool.to_owned(),
    }
}

/// Why clients would not take a tool's name.
pub(crate) fn fault(name: &str, device: &str, tool: &str) -> Option<String> {
    (!check::name_is_legal(name)).then(|| {
        format!(
            "the tool {tool} of {device} would be called '{name}', which has {} characters and \
             may have {NAME_MAX}: give the device a shorter name, or use --prefix none",
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
        let all: Vec<_> =
            all.iter().map(|&(alias, identity)| Named { alias, identity, source: "x" }).collect();
        devices(&all)
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
    fn two_boards_with_one_serial_number_are_refused_whatever_they_are_called() {
        let (a, b) = (identity("pump", "1"), identity("pump", "2"));
        let named = |alias, identity, source| Named { alias, identity: Some(identity), source };
        let said = same_serial(&[named(Some("x"), &a, "serial a"), named(Some("y"), &a, "tcp b")]);
        let said = said.unwrap();
        assert!(said.contains("serial a and tcp b") && said.contains("number 1"), "{said}");
        assert_eq!(same_serial(&[named(None, &a, "a"), named(None, &b, "b")]), None);
        let none = identity("pump", "");
        assert_eq!(same_serial(&[named(None, &none, "a"), named(None, &none, "b")]), None);
    }

    #[test]
    fn twins_are_named_with_their_addresses() {
        let a = identity("pump", "1");
        let all = ["serial a", "serial b"].map(|source| Named {
            alias: None,
            identity: Some(&a),
            source,
        });
        let said = twins(&all, &devices(&all)).unwrap();
        assert!(said.contains("serial a and serial b") && said.contains("pump_1"), "{said}");
    }

    #[test]
    fn long_names_are_refused() {
        let long = tool(&"d".repeat(60), "fan_set", Prefix::Always, false);
        assert!(fault(&long, "d", "fan_set").unwrap().contains("68 characters"));
        assert_eq!(tool("d", "fan_set", Prefix::Auto, false), "fan_set");
        assert_eq!(tool("d", "fan_set", Prefix::Auto, true), "d_fan_set");
    }
}
