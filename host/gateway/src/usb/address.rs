//! How a USB board is named.

/// The numbers by which a USB board is found, and what tells it from others of the same numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsbAddress {
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    /// Number of the interface, where a board has several ports.
    pub(crate) interface: Option<u8>,
    pub(crate) serial: Option<String>,
}

impl UsbAddress {
    /// Reads `VENDOR:PRODUCT[/INTERFACE][:SERIAL]`. A serial number may contain colons.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (vendor, rest) = text.split_once(':')?;
        let (numbers, serial) = match rest.split_once(':') {
            Some((_, "")) => return None,
            Some((numbers, serial)) => (numbers, Some(serial.to_owned())),
            None => (rest, None),
        };
        let (product, interface) = match numbers.split_once('/') {
            Some((product, interface)) => (product, Some(decimal(interface)?)),
            None => (numbers, None),
        };
        Some(Self { vendor: hex(vendor)?, product: hex(product)?, interface, serial })
    }
}

/// One to four hexadecimal digits. `from_str_radix` alone would take a sign.
fn hex(text: &str) -> Option<u16> {
    let is_hex = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

fn decimal(text: &str) -> Option<u8> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

impl std::fmt::Display for UsbAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)?;
        if let Some(interface) = self.interface {
            write!(f, "/{interface}")?;
        }
        self.serial.as_ref().map_or(Ok(()), |serial| write!(f, ":{serial}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["303a:1001", "303a:1001:7C:DF:A1:00", "1d50:6018/2", "0001:0002/0:a b@9"] {
            assert_eq!(UsbAddress::parse(text).unwrap().to_string(), text);
        }
        let short = UsbAddress::parse("A:b:X").unwrap();
        assert_eq!((short.vendor, short.product), (10, 11));
        assert_eq!(short.to_string(), "000a:000b:X");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let wrong = [
            "",
            "303a",
            "303a:",
            ":1001",
            "303a:1001:",
            "0303a:1",
            "+3a:1",
            "x:1",
            "1:2/",
            "1:2/x",
            "1:2/256",
            "1:2/+1",
        ];
        for text in wrong {
            assert_eq!(UsbAddress::parse(text), None, "{text}");
        }
    }
}
