//! Devices, links and settings.

use trine_dispatch::InitError;
use trine_gateway::{Error, JournalError, LinkError};

use super::{absent, text};

fn toml() -> toml_edit::TomlError {
    "aliases =".parse::<toml_edit::DocumentMut>().unwrap_err()
}

/// Those of links.
pub(crate) fn links(out: &mut String) {
    samples! { out, "link", LinkError:
        Silent { address: text("board:4000"), source: absent() }
        Unreachable { address: text("board:4000"), source: absent() }
        Busy { path: "/dev/ttyUSB0".into(), holder: text("trine (process 7)") }
        Missing { path: "/dev/ttyUSB0".into() }
        Forbidden {
            path: "/dev/ttyUSB0".into(),
            advice: text("it belongs to the group dialout; run `sudo usermod -aG dialout $USER`"),
        }
        UsbList(absent())
        NoUsbBoard {
            address: text("303a:1001"),
            found: text("2e8a:000a:E660 (Raspberry Pi Pico)"),
        }
        SeveralUsbBoards {
            address: text("303a:1001"),
            boards: text("--usb 303a:1001:A1, --usb 303a:1001:B2"),
        }
        UsbBoardsAlike {
            address: text("303a:1001"),
            ports: text("/dev/ttyACM0 (interface 0), /dev/ttyACM1 (interface 0)"),
        }
        NoUsbPort { address: text("303a:1001/1"), ports: text("/dev/ttyACM0 (interface 0)") }
        SeveralUsbPorts {
            address: text("303a:1001"),
            ports: text("--usb 303a:1001/0 (/dev/ttyACM0), --usb 303a:1001/2 (/dev/ttyACM1)"),
        }
        NoUsbStream { address: text("303a:1001/1"), interface: 1 }
        Usb { address: text("303a:1001"), source: absent() }
        Port { path: "/dev/ttyUSB0".into(), baud: 115_200, source: absent() }
        NotAStream {}
        Ended {}
        Thread(absent())
        Sockets(absent())
        Emulator { program: "qemu-system-arm".into(), source: absent() }
        Firmware { path: "my.elf".into(), source: absent() }
        NoSerialNumber { path: "my.elf".into() }
        Layer(Box::new(Error::Closed))
    }
}

/// Those of the journal of calls.
pub(crate) fn journal(out: &mut String) {
    samples! { out, "journal", JournalError:
        Open { path: "calls.journal".into(), source: absent() }
        InUse { path: "calls.journal".into() }
        NoJournal { path: "calls.journal".into() }
        Version { path: "calls.journal".into(), version: 2 }
    }
}

/// Those of `trine-gateway`.
#[expect(clippy::too_many_lines, reason = "a line for each message")]
pub(crate) fn gateway(out: &mut String) {
    samples! { out, "gateway", Error:
        At { place: text("--button"), source: Box::new(Error::Closed) }
        File { action: "read", path: "data/file".into(), source: absent() }
        Stream { action: "read", stream: "input", source: absent() }
        Thread(absent())
        Signals(absent())
        JsonSchema { path: text("/properties/to"), why: text("the keyword 'colour' is unknown") }
        Definition { member: text("rate_limit"), why: text("it must be an object") }
        Journal(JournalError::InUse { path: "calls.journal".into() })
        SecondJournal {}
        UnknownTool {
            tool: text("fan_sit"),
            known: text("fan_set, pump_set"),
            meant: text("; did you mean 'fan_set'?"),
        }
        HostTools { why: text("two tools are called 'count': give one another name") }
        NotHere { option: "--emulate", instead: "--simulate" }
        Random(getrandom::Error::UNSUPPORTED)
        OpenAddress {
            address: "0.0.0.0:8331".parse().unwrap(),
            missing: "add --api-keys FILE",
        }
        Listen { address: "127.0.0.1:8331".parse().unwrap(), source: absent() }
        ApiKeys { line: 3, what: "expected a name and a key" }
        NoTls {}
        Pem {
            path: "cert.pem".into(),
            what: "certificate",
            why: "the file has no -----BEGIN CERTIFICATE-----",
        }
        OtherKey { certificate: "cert.pem".into(), key: "key.pem".into() }
        NoDevice {}
        OneDevice { command: "--record", found: 2 }
        Value {
            option: "--tcp",
            value: text("board"),
            expected: "HOST:PORT, such as board:4000",
        }
        Fault { name: text("drop"), value: text("2"), expected: "a chance from 0 to 1" }
        FaultSyntax { part: text("drop") }
        UnknownFault { name: text("fire") }
        MaskWithoutBaud {}
        DeviceName { name: text("a b") }
        DuplicateName { name: text("north"), one: text("unix a"), two: text("unix b") }
        DuplicateAddress { address: 1, value: text("1@/dev/ttyUSB0") }
        UnknownDevice {
            name: text("nort"),
            known: text("north, south"),
            meant: text("; did you mean 'north'?"),
        }
        NotALine { address: text("simulated") }
        UnknownBoard { board: text("lm3s"), known: text("mps2-an386, virt") }
        NoEmulator {
            board: "virt",
            emulator: "qemu-system-riscv32",
            package: "qemu-system-misc",
        }
        NoFirmwareFile { path: "my.elf".into() }
        NoFirmware { board: text("virt"), path: "firmware/virt/trine-firmware.elf".into() }
        NoButton {}
        ButtonCommand {}
        RealBoard { device: text("greenhouse") }
        ButtonIgnored {}
        Simulation(InitError::Nonce)
        NotRunning {}
        NoKeySupport {}
        Model("the model is cut short".into())
        ModelEnded {}
        CaptureLine { line: 3, text: text("5 > 0g") }
        CaptureLink { text: text("packet 7") }
        NoSentences { device: text("greenhouse") }
        SentenceTooLong { device: text("greenhouse"), bytes: 1500, most: 1024 }
        SentenceTimeout { deadline_ms: 10_000 }
        SentenceRefused { text: text("the sentence has no words") }
        SentenceAnswer {}
        TaggedCapture {}
        MessageTooLong {}
        Link(absent())
        Dial(LinkError::Unreachable { address: text("board:4000"), source: absent() })
        Closed {}
        NoFolder {}
        Toml { path: "aliases.toml".into(), source: toml() }
        Setting {
            file: "aliases.toml",
            key: text("aliases"),
            expected: "table",
            advice: "write [aliases]",
        }
        DuplicateAlias {
            file: "aliases.toml",
            name: text("north"),
            one: text("A1"),
            two: text("B2"),
        }
        AliasTaken { name: text("north"), serial: text("A1") }
        NoSerial {}
        KeyExposed { path: "data/file".into() }
        BadKey { path: "data/file".into() }
        BadPins { path: "data/file".into() }
        BadLink { path: "data/file".into(), link: text("serial /dev/ttyACM0") }
        LinkName { link: text("serial /dev/a\nb") }
        TooManyNew { most: 256 }
        UnknownTrust { which: text("pump") }
        AmbiguousTrust { which: text("pump"), known: text("v/pump/1, w/pump/1") }
        Unchanged { what: text("tool 'fan_set' of v/p/s") }
        Offline { device: text("greenhouse") }
        UnnamedKey { device: text("greenhouse") }
        Keyless { device: text("greenhouse") }
        ButtonNotHeld {}
        KeyNotStored {}
        KeyRefused {}
        KeyUnproven {}
        EraseUnknown {}
        EraseSilent {}
    }
}
