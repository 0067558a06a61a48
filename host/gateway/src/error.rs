//! Why devices cannot be opened, served, recorded or trusted.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::io;
use std::path::PathBuf;

use trine_dispatch::InitError;
use trine_mcp::ErrorKind;

use crate::LinkError;

/// Why devices cannot be opened, served, recorded or trusted: what is wrong and what to do.
///
/// The cause is the [`source`](StdError::source) and not part of the text; [`Error::chain`] has
/// both.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error with the place where it was found.
    #[error("{place}")]
    At {
        /// A file, a device or an option.
        place: String,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// A file, folder or socket that the system refuses.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried: `read`, `write`, `open`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard input or output that the system refuses.
    #[error("cannot {action} standard {stream}")]
    Stream {
        /// What was tried: `read`, `open`.
        action: &'static str,
        /// `input` or `output`.
        stream: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The system starts no thread.
    #[error("cannot spawn a thread")]
    Thread(#[source] io::Error),
    /// The system does not deliver signals.
    #[error("cannot handle signals")]
    Signals(#[source] io::Error),
    /// What this system does not have.
    #[error("{option} is not available on this system: use {instead}")]
    NotHere {
        /// The option.
        option: &'static str,
        /// What has the same use.
        instead: &'static str,
    },
    /// The system has no random numbers.
    #[error("cannot get random numbers from the system")]
    Random(#[source] getrandom::Error),

    /// An address that other machines reach, without what keeps them out.
    #[error("{address} can be reached from other machines: {missing}, or listen on 127.0.0.1")]
    OpenAddress {
        /// The address.
        address: std::net::SocketAddr,
        /// What is missing.
        missing: &'static str,
    },
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A tool that this program does not have.
    #[error("tools of this program: no tool is called '{tool}': there is {known}{meant}")]
    UnknownTool {
        /// Its name.
        tool: String,
        /// The tools.
        known: String,
        /// The tool that was probably meant, as a question.
        meant: String,
    },
    /// Tools of this program that cannot be served.
    #[error("tools of this program: {why}")]
    HostTools {
        /// What is wrong with which.
        why: String,
    },
    /// A journal of calls that cannot be opened.
    #[error(transparent)]
    Journal(trine_journal::Error),
    /// A journal of calls next to another one.
    #[error("calls are recorded in one journal, and there is one")]
    SecondJournal,
    /// A JSON Schema that is not taken.
    #[error("{}: {why}", if path.is_empty() { "the schema" } else { path.as_str() })]
    JsonSchema {
        /// Where in it, as a JSON Pointer; empty for all of it.
        path: String,
        /// What is wrong there.
        why: String,
    },
    /// A definition of a tool that cannot be used.
    #[error("{member}: {why}")]
    Definition {
        /// Which member of it.
        member: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file of API keys that cannot be used.
    #[error("line {line}: {what}; expected lines such as: kitchen 5f2b7d0c1e9a4486")]
    ApiKeys {
        /// The number of the line, from 1; 0 for all.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },

    /// A build without TLS, which is asked for it.
    #[error(
        "this program was built without TLS: build it with --features tls, or put a proxy with \
         TLS before it and add --behind-proxy"
    )]
    NoTls,
    /// A file of a certificate or its private key that cannot be used.
    #[error("{}: invalid {what}: {why}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A private key of another certificate.
    #[error(
        "the private key {} does not belong to the certificate {}",
        key.display(),
        certificate.display()
    )]
    OtherKey {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },

    /// A command line without a device.
    #[error(
        "no device is named: add --simulate, --emulate BOARD, --serial PATH, --tcp HOST:PORT or \
         --unix PATH"
    )]
    NoDevice,
    /// A command for one device, and another number of them.
    #[error("{found} devices are named: {command} takes exactly one")]
    OneDevice {
        /// The option or command.
        command: &'static str,
        /// How many are named.
        found: usize,
    },
    /// A value of an option.
    #[error("invalid value '{value}' for {option}: expected {expected}")]
    Value {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A part of `--faults`.
    #[error("{name}={value}: expected {expected}")]
    Fault {
        /// The fault.
        name: String,
        /// Its value.
        value: String,
        /// What the value should be.
        expected: &'static str,
    },
    /// A part of `--faults` that is not `NAME=VALUE`.
    #[error("'{part}': expected NAME=VALUE, such as drop=0.01")]
    FaultSyntax {
        /// The part.
        part: String,
    },
    /// A fault that does not exist.
    #[error(
        "unknown fault '{name}': expected drop, flip, split, duplicate, stall, mask, baud or seed"
    )]
    UnknownFault {
        /// Its name.
        name: String,
    },
    /// A masked interrupt on a line without a rate.
    #[error("mask needs a baud rate, which decides what is lost: add baud=115200")]
    MaskWithoutBaud,
    /// A name that no device can have.
    #[error("invalid device name '{name}': use 1 to 64 letters, digits, _ and -")]
    DeviceName {
        /// The name.
        name: String,
    },
    /// Two devices with one name on the command line.
    #[error("duplicate device name '{name}' for {one} and {two}: rename one")]
    DuplicateName {
        /// The name.
        name: String,
        /// A device.
        one: String,
        /// The other one.
        two: String,
    },
    /// Two devices of a bus with one address.
    #[error("duplicate address {address} in --bus {value}: give each device of a line its own")]
    DuplicateAddress {
        /// The address.
        address: u8,
        /// The value of the option.
        value: String,
    },
    /// A name that no device has.
    #[error("no device '{name}': the devices are {known}{meant}")]
    UnknownDevice {
        /// The name.
        name: String,
        /// The devices.
        known: String,
        /// The device that was probably meant, as a question.
        meant: String,
    },
    /// An address that cannot carry a bus.
    #[error(
        "{address} cannot be the line of a bus: name a serial port, tcp:HOST:PORT or unix:PATH"
    )]
    NotALine {
        /// The address.
        address: String,
    },
    /// A board without firmware.
    #[error("no firmware for board '{board}' of --emulate: the boards are {known}")]
    UnknownBoard {
        /// The board.
        board: String,
        /// The boards that have firmware.
        known: String,
    },
    /// An emulator that is not installed.
    #[error("--emulate {board} needs {emulator} on PATH: install {package}")]
    NoEmulator {
        /// The board.
        board: &'static str,
        /// The program.
        emulator: &'static str,
        /// What has it.
        package: &'static str,
    },
    /// Firmware that was named and is not there.
    #[error("no file {} for --firmware", path.display())]
    NoFirmwareFile {
        /// The file.
        path: PathBuf,
    },
    /// Firmware that was not built.
    #[error(
        "no firmware target/{} for --emulate {board}: run cargo xtask firmware {board}, or name \
         a file with --firmware ELF",
        path.display()
    )]
    NoFirmware {
        /// The board.
        board: String,
        /// Where it would be.
        path: PathBuf,
    },
    /// `--button` without a board that has one.
    #[error("--button needs a simulated or emulated board: add --simulate or --emulate BOARD")]
    NoButton,
    /// A line on the socket of `--button`.
    #[error("unknown command: send button, dismiss, hold, release, or scale N with N 1 to 3600")]
    ButtonCommand,
    /// A button on a real board.
    #[error("{device} is a real board: only a person at it can press its button")]
    RealBoard {
        /// The device.
        device: String,
    },
    /// A simulated board that does not react.
    #[error("the simulated board did not react to its button: report this as a bug")]
    ButtonIgnored,
    /// A simulated board that does not start.
    #[error("cannot start the simulated board: report this as a bug")]
    Simulation(#[source] InitError),
    /// An emulated board that has ended.
    #[error("the emulated board is not running: see the log for why it ended")]
    NotRunning,
    /// A key for an emulated board.
    #[error("the emulated board stores no key: its firmware was built without keys")]
    NoKeySupport,

    /// A model that cannot be opened for the tool `ask`.
    #[error(transparent)]
    Model(Box<dyn StdError + Send + Sync>),
    /// A model whose thread ended before the model was open.
    #[error("the thread of the model has ended: report this as a bug")]
    ModelEnded,

    /// A line of a capture.
    #[error(
        "invalid line {line} of the capture, '{text}': expected 'time_ms > hex' or 'time_ms < hex'"
    )]
    CaptureLine {
        /// Its number.
        line: usize,
        /// Its beginning.
        text: String,
    },
    /// The link that a capture names.
    #[error(
        "invalid link '{text}' of a capture: expected stream, packet N with N from 8 to 65535, \
         or bus"
    )]
    CaptureLink {
        /// What it names.
        text: String,
    },
    /// A device without a model for sentences.
    #[error("{device} has no model for sentences: leave out --device")]
    NoSentences {
        /// The device.
        device: String,
    },
    /// A sentence that is longer than a message of the device.
    #[error("the sentence has {bytes} bytes, {device} takes at most {most}: shorten it")]
    SentenceTooLong {
        /// The device.
        device: String,
        /// Bytes of the sentence.
        bytes: usize,
        /// The maximum.
        most: usize,
    },
    /// A sentence that the device did not answer in time.
    #[error("no answer to the sentence within {deadline_ms} ms: check the device and try again")]
    SentenceTimeout {
        /// The deadline.
        deadline_ms: u128,
    },
    /// A sentence that the device did not accept; the text is the device's own.
    #[error("{text}")]
    SentenceRefused {
        /// What the device answered.
        text: String,
    },
    /// An answer to a sentence that cannot be decoded.
    #[error("invalid answer to the sentence: update the firmware of the device, or this program")]
    SentenceAnswer,
    /// A capture that cannot be replayed.
    #[error(
        "the messages of the capture are tagged, so no device accepts them again: use trine trace"
    )]
    TaggedCapture,
    /// A message of a capture that is longer than a frame.
    #[error("a message of the capture is too long for a frame: record it again")]
    MessageTooLong,
    /// A link that broke.
    #[error("the link broke")]
    Link(#[source] io::Error),
    /// A link that could not be opened.
    #[error("cannot open the link")]
    Dial(#[source] LinkError),
    /// A link that the device has closed.
    #[error("the device has closed the link")]
    Closed,

    /// Settings without a folder.
    #[error("no folder for settings: set HOME, or TRINE_CONFIG to a folder")]
    NoFolder,
    /// A file of settings that is not TOML.
    #[error("invalid TOML in {}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Why.
        source: toml_edit::TomlError,
    },
    /// A file of settings with a key of another type.
    #[error("'{key}' in {file} is not a {expected}: {advice}")]
    Setting {
        /// The file.
        file: &'static str,
        /// The key.
        key: String,
        /// The type that it should have.
        expected: &'static str,
        /// What to write.
        advice: &'static str,
    },
    /// Two devices with one name in the settings.
    #[error("duplicate name '{name}' in {file} for the serial numbers {one} and {two}: rename one")]
    DuplicateAlias {
        /// The file.
        file: &'static str,
        /// The name.
        name: String,
        /// A serial number.
        one: String,
        /// The other one.
        two: String,
    },
    /// A name that another device has.
    #[error("'{name}' is the name of the device with serial number {serial}: choose another name")]
    AliasTaken {
        /// The name.
        name: String,
        /// The serial number.
        serial: String,
    },
    /// A device that cannot be told from others.
    #[error("the device has no serial number: name it on the command line, NAME=ADDRESS")]
    NoSerial,
    /// A file with a key that others may read.
    #[error("other users may read {file}: run chmod 600 {file}", file = path.display())]
    KeyExposed {
        /// The file.
        path: PathBuf,
    },
    /// A file without a key.
    #[error("no key in {}: expected 32 hexadecimal digits", path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
    },
    /// A file of trusted tools that cannot be parsed.
    #[error(
        "invalid file {}: remove it to trust the tools of the device as they are then",
        path.display()
    )]
    BadPins {
        /// The file.
        path: PathBuf,
    },
    /// A file that names no device for its link.
    #[error("{} names no device for {link}: run trine trust '{link}' to forget it", path.display())]
    BadLink {
        /// The file.
        path: PathBuf,
        /// The link.
        link: String,
    },
    /// A link that cannot be a line of a file.
    #[error("the link {link:?} contains a line break: rename the file or socket")]
    LinkName {
        /// The link.
        link: String,
    },
    /// Too many new devices in one run.
    #[error("more than {most} new devices in one run: restart the program to trust more")]
    TooManyNew {
        /// The maximum.
        most: u32,
    },
    /// A name for `trine trust` that was never used.
    #[error("no known device or link '{which}': connect it once, or give VENDOR/PRODUCT/SERIAL")]
    UnknownTrust {
        /// The name.
        which: String,
    },
    /// A name for `trine trust` that several devices or links have.
    #[error("ambiguous name '{which}': give one of {known}")]
    AmbiguousTrust {
        /// The name.
        which: String,
        /// What has it.
        known: String,
    },
    /// A device that is as it was trusted.
    #[error("nothing to trust: {what} has not changed")]
    Unchanged {
        /// The device or its tool.
        what: String,
    },

    /// A device that does not answer.
    #[error("{device} is offline: check its power and cable")]
    Offline {
        /// The device.
        device: String,
    },
    /// A device whose key could not be kept.
    #[error("{device} has no serial number, so no key can be kept for it: give it one in firmware")]
    UnnamedKey {
        /// The device.
        device: String,
    },
    /// A device that takes no keys.
    #[error("{device} takes no key: its firmware was built without keys")]
    Keyless {
        /// The device.
        device: String,
    },
    /// A device whose button was not held.
    #[error("the device refused: hold its button, or what its maker names, and try again")]
    ButtonNotHeld,
    /// A device that cannot store a key.
    #[error("the device cannot store a key: check its flash")]
    KeyNotStored,
    /// A device that does not accept this key.
    #[error("the device does not accept this key: try again")]
    KeyRefused,
    /// A device that has not proven its new key.
    #[error(
        "the device has not proven its new key, which is kept as pending: hold its button, or \
         what its maker names, and try again"
    )]
    KeyUnproven,
    /// A device that did not answer when its key was erased.
    #[error("the device did not answer, its key may be erased: try again")]
    EraseUnknown,
    /// A device that is silent since its key was erased.
    #[error("the device has erased its key and no longer answers: restart it")]
    EraseSilent,
}

impl Error {
    /// The error with the place where it was found.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self::At { place: place.to_string(), source: Box::new(self) }
    }

    /// A file that cannot be read.
    #[must_use]
    pub fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { action: "read", path: path.into(), source }
    }

    /// A file that cannot be written.
    #[must_use]
    pub fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { action: "write", path: path.into(), source }
    }

    /// What kind of error it is, as every language of Trine tells it; `None` where options, files
    /// or tools of this program are wrong, or its system refuses something.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::At { source, .. } => source.kind(),
            Self::UnknownTool { .. } => Some(ErrorKind::ToolNotFound),
            Self::NoTls | Self::Pem { .. } | Self::OtherKey { .. } => Some(ErrorKind::Tls),
            Self::Listen { .. }
            | Self::Link(_)
            | Self::Dial(_)
            | Self::Closed
            | Self::NotRunning
            | Self::SentenceTimeout { .. }
            | Self::Offline { .. } => Some(ErrorKind::Connection),
            Self::SentenceRefused { .. } => Some(ErrorKind::Tool),
            Self::SentenceAnswer => Some(ErrorKind::Protocol),
            _ => None,
        }
    }

    /// The text of the error and of its causes, with colons between.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// The text of an error and of its causes, with colons between.
#[must_use]
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // A string takes whatever is written to it.
        _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

/// A result with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
