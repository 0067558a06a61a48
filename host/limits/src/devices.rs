//! Devices of this machine that plug-ins name, and why a kind of them is absent.

use std::path::Path;

use crate::files::Files;

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// The processor.
    Cpu,
    /// Nvidia's graphics processors.
    Cuda,
    /// Any graphics processor with a Vulkan driver.
    Vulkan,
    /// Apple's graphics processors.
    Metal,
    /// Apple's Neural Engine.
    NeuralEngine,
    /// A bus of I2C.
    I2c,
    /// A chip at a bus of SPI.
    Spi,
    /// A serial port.
    Serial,
    /// A block of pins.
    Gpio,
    /// Another file in `/dev`.
    Other,
}

/// A device of this machine, or a kind that is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its kind.
    pub kind: Kind,
    /// By which plug-ins name it: `cuda`, `i2c-1`, `ttyUSB0`.
    pub name: String,
    /// Why it is absent.
    pub absent: Option<String>,
}

/// The kinds of which each machine has one or none.
const WHOLE: [(Kind, &str); 5] = [
    (Kind::Cpu, "cpu"),
    (Kind::Cuda, "cuda"),
    (Kind::Vulkan, "vulkan"),
    (Kind::Metal, "metal"),
    (Kind::NeuralEngine, "ane"),
];

/// How the names of files in `/dev` begin.
const PREFIXES: [(Kind, &str); 6] = [
    (Kind::I2c, "i2c-"),
    (Kind::Spi, "spidev"),
    (Kind::Serial, "ttyUSB"),
    (Kind::Serial, "ttyACM"),
    (Kind::Serial, "ttyAMA"),
    (Kind::Gpio, "gpiochip"),
];

/// Where libraries of drivers are.
const LIBRARIES: [&str; 8] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/usr/local/nvidia/lib64",
    "/usr/lib/wsl/lib",
    "/run/opengl-driver/lib",
];

/// The devices of this machine: of each kind that a machine has once, whether it is there, and the
/// buses and ports by name.
#[must_use]
pub fn devices(files: &dyn Files) -> Vec<Device> {
    let whole = WHOLE.iter().map(|&(kind, name)| Device {
        kind,
        name: name.to_owned(),
        absent: absent(kind, files, cfg!(target_vendor = "apple")),
    });
    let names = files.names(Path::new("/dev"));
    let file = |name: String| {
        let (kind, _) = *PREFIXES.iter().find(|(_, prefix)| is_numbered(&name, prefix))?;
        Some(Device { kind, name, absent: None })
    };
    whole.chain(names.into_iter().filter_map(file)).collect()
}

fn is_numbered(name: &str, prefix: &str) -> bool {
    let number = name.strip_prefix(prefix).filter(|it| !it.is_empty());
    number.is_some_and(|it| it.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.')))
}

fn absent(kind: Kind, files: &dyn Files, is_apple: bool) -> Option<String> {
    let has_library =
        |name: &str| LIBRARIES.iter().any(|folder| files.is_there(&Path::new(folder).join(name)));
    let why = match kind {
        Kind::Cuda
            if files.is_there(Path::new("/dev/nvidiactl")) && has_library("libcuda.so.1") =>
        {
            return None;
        }
        Kind::Cuda if has_library("libcuda.so.1") && files.is_there(Path::new("/dev/dxg")) => {
            return None;
        }
        Kind::Cuda if has_library("libcuda.so.1") => {
            "there is Nvidia's driver, and no /dev/nvidiactl"
        }
        Kind::Cuda if files.is_there(Path::new("/dev/nvidiactl")) => {
            "there is /dev/nvidiactl, and no libcuda.so.1"
        }
        Kind::Cuda => "there is no driver of Nvidia's",
        Kind::Vulkan if is_apple => "Apple's systems have Metal in its place",
        Kind::Vulkan if !has_library("libvulkan.so.1") => "there is no libvulkan.so.1",
        Kind::Vulkan => {
            let folders = [
                "/usr/share/vulkan/icd.d",
                "/etc/vulkan/icd.d",
                "/run/opengl-driver/share/vulkan/icd.d",
            ];
            let is_driver = |name: &String| name.ends_with(".json") && !name.contains("lvp");
            if folders.iter().any(|it| files.names(Path::new(it)).iter().any(is_driver)) {
                return None;
            }
            "there is Vulkan's loader, and no driver of a graphics processor"
        }
        Kind::Metal if !is_apple => "only Apple's systems have Metal",
        Kind::NeuralEngine if !is_apple => "only Apple's systems have one",
        Kind::NeuralEngine => {
            "it is reached through Core ML alone, which this program does not use"
        }
        _ => return None,
    };
    Some(why.to_owned())
}

/// The device of a name; an error says why it is absent.
///
/// # Errors
/// Why it cannot be had.
pub fn find(files: &dyn Files, name: &str) -> Result<Device, String> {
    let all = devices(files);
    if let Some(device) = all.iter().find(|device| device.name == name) {
        return match &device.absent {
            Some(why) => Err(format!("the device '{name}' is not here: {why}")),
            None => Ok(device.clone()),
        };
    }
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_letter);
    if is_name && files.is_there(&Path::new("/dev").join(name)) {
        return Ok(Device { kind: Kind::Other, name: name.to_owned(), absent: None });
    }
    let there: Vec<_> = all.iter().filter(|it| it.absent.is_none()).map(|it| &*it.name).collect();
    Err(format!("there is no device '{name}': there are {}", there.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MadeUp;

    fn state(files: &[(&str, &str)], kind: Kind) -> Option<String> {
        absent(kind, &MadeUp::new(files), false)
    }

    #[test]
    fn a_kind_that_is_absent_says_why() {
        let library = ("/usr/lib/x86_64-linux-gnu/libcuda.so.1", "");
        let [node, wsl] = [("/dev/nvidiactl", ""), ("/dev/dxg", "")];
        let why = |files: &[(&str, &str)]| state(files, Kind::Cuda).unwrap_or_default();
        assert_eq!(why(&[]), "there is no driver of Nvidia's");
        assert_eq!(why(&[library]), "there is Nvidia's driver, and no /dev/nvidiactl");
        assert_eq!(why(&[node]), "there is /dev/nvidiactl, and no libcuda.so.1");
        assert_eq!([why(&[library, node]), why(&[library, wsl])], ["", ""]);
        let loader = ("/usr/lib64/libvulkan.so.1", "");
        let icd = |name| [loader, (name, "{}")];
        let why = |files: &[(&str, &str)]| state(files, Kind::Vulkan).unwrap_or_default();
        assert_eq!(why(&[]), "there is no libvulkan.so.1");
        let none = "there is Vulkan's loader, and no driver of a graphics processor";
        assert_eq!(why(&[loader]), none);
        assert_eq!(why(&icd("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")), none);
        assert_eq!(why(&icd("/usr/share/vulkan/icd.d/radeon_icd.x86_64.json")), "");
        assert_eq!(state(&[], Kind::Metal).unwrap(), "only Apple's systems have Metal");
        assert_eq!(absent(Kind::Metal, &MadeUp::new(&[]), true), None);
        assert!(absent(Kind::NeuralEngine, &MadeUp::new(&[]), true).unwrap().contains("Core ML"));
    }

    #[test]
    fn buses_and_ports_are_found_by_name() {
        let paths = [
            "/dev/i2c-1",
            "/dev/i2c-",
            "/dev/i2cx",
            "/dev/spidev0.1",
            "/dev/ttyUSB0",
            "/dev/ttyACM3",
            "/dev/ttyUSBx",
            "/dev/tty1",
            "/dev/gpiochip2",
            "/dev/video0",
        ];
        let files = MadeUp::new(&paths.map(|path| (path, "")));
        let found: Vec<_> =
            devices(&files).into_iter().skip(WHOLE.len()).map(|it| it.name).collect();
        assert_eq!(found, ["gpiochip2", "i2c-1", "spidev0.1", "ttyACM3", "ttyUSB0"]);
        assert_eq!(find(&files, "i2c-1").unwrap().kind, Kind::I2c);
        assert_eq!(find(&files, "cpu").unwrap().kind, Kind::Cpu);
        assert_eq!(find(&files, "video0").unwrap().kind, Kind::Other);
        let why = find(&files, "i2c-2").unwrap_err();
        let there = "there are cpu, gpiochip2, i2c-1, spidev0.1, ttyACM3, ttyUSB0";
        assert_eq!(why, format!("there is no device 'i2c-2': {there}"));
        let why = find(&files, "cuda").unwrap_err();
        assert_eq!(why, "the device 'cuda' is not here: there is no driver of Nvidia's");
        for name in ["", ".", "..", "../etc", "a/b", ".x", "i2c-1\0", "/dev/i2c-1"] {
            assert!(find(&files, name).is_err(), "{name}");
        }
    }
}
