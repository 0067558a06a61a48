//! Which device in the world: what keys and names are kept under.

use trine_wire::message::Hello;
use trine_wire::siphash::siphash128;

use crate::identity::Identity;

/// Most characters of a file's name before it is cut.
const NAME_MAX: usize = 120;

/// Vendor, product and serial number, which together name one device. A serial number alone does
/// not: every vendor has a `0001`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceId {
    /// Who makes it.
    pub vendor: String,
    /// What it is.
    pub product: String,
    /// Which one it is.
    pub serial: String,
}

impl DeviceId {
    /// The device that says this.
    pub(crate) fn of(hello: &Hello<'_>) -> Self {
        Self::from(&Identity::of(hello))
    }

    /// The name of its files. Texts of any kind have one each, also where a file system takes two
    /// names that differ in case for the same: then, and where the name would be too long, a part
    /// of a hash of all three texts is its end.
    pub(crate) fn file_name(&self) -> String {
        let texts = [&*self.vendor, &self.product, &self.serial];
        name_of(&texts.map(file_name).join("."), &texts)
    }

    /// The text by which a name is kept: the three with `/` between them, which is written as `%2F`
    /// within one.
    #[must_use]
    pub fn text(&self) -> String {
        let part = |text: &str| text.replace('%', "%25").replace('/', "%2F");
        [&self.vendor, &self.product, &self.serial].map(|text| part(text)).join("/")
    }
}

impl DeviceId {
    /// The device that [`Self::text`] names.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = |part: &str| part.replace("%2F", "/").replace("%25", "%");
        let [vendor, product, serial] = text.split('/').collect::<Vec<_>>().try_into().ok()?;
        let [vendor, product, serial] = [vendor, product, serial].map(plain);
        Some(Self { vendor, product, serial })
    }
}

impl From<&Identity> for DeviceId {
    fn from(identity: &Identity) -> Self {
        let Identity { vendor, product, serial, .. } = identity;
        Self { vendor: vendor.clone(), product: product.clone(), serial: serial.clone() }
    }
}

impl std::fmt::Display for DeviceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.product, self.serial)
    }
}

/// The name of the file of these texts, which are `plain` together: with a part of their hash
/// behind it where it would be too long, or where a file system could take it for another.
pub(super) fn name_of(plain: &str, texts: &[&str]) -> String {
    if plain.len() <= NAME_MAX && !plain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return plain.to_owned();
    }
    let mut all = Vec::new();
    for text in texts {
        all.extend_from_slice(&text.len().to_le_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    let [a, b, c, d, ..] = siphash128(&[0; 16], &all);
    let hash = u32::from_le_bytes([a, b, c, d]);
    let head: String = plain.chars().take(NAME_MAX).collect();
    format!("{head}~{hash:08x}")
}

/// A text as the name of a file, or a part of one.
pub(super) fn file_name(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(vendor: &str, product: &str, serial: &str) -> DeviceId {
        DeviceId { vendor: vendor.into(), product: product.into(), serial: serial.into() }
    }

    #[test]
    fn each_device_has_a_file_of_its_own_whatever_its_texts_are() {
        let long = "x".repeat(400);
        let other = format!("{long}y");
        let texts = vec![
            ("a", "b", "0001"),
            ("c", "b", "0001"),
            ("a", "b.0001", ""),
            ("a.b", "", "0001"),
            ("", "a.b", "0001"),
            ("A", "b", "0001"),
            ("..", "/", "\0"),
            ("a", "b", &long),
            ("a", "b", &other),
        ];
        let ids: Vec<_> = texts.iter().map(|(a, b, c)| id(a, b, c)).collect();
        let mut names: Vec<String> =
            ids.iter().map(|id| id.file_name().to_ascii_lowercase()).collect();
        for name in &names {
            assert!(name.len() < 200 && !name.contains(['/', '\0', '\\']), "{name}");
        }
        assert_eq!(names[0], "a.b.0001");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ids.len());
        assert_ne!(id("a/b", "", "").text(), id("a", "b", "").text());
        for id in ids {
            assert_eq!(DeviceId::parse(&id.text()), Some(id));
        }
        assert_eq!(DeviceId::parse("a/b"), None);
    }
}
