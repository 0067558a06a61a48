//! A board emulated by QEMU, which this program starts and owns.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::warn;

use crate::device::Person;
use crate::error::{Error, Result};
use crate::link::{Dial, LinkError, Opened, halves};
use crate::sync::lock;
use crate::sys;

/// A board that the firmware is built for.
#[derive(Debug)]
struct Board {
    /// Its name, which is QEMU's for the machine.
    name: &'static str,
    /// The program of the emulator.
    emulator: &'static str,
    /// How the emulator is installed.
    install: &'static str,
    /// What the emulator is told of the machine, and of the UART that is a person's.
    options: &'static [&'static str],
    /// The serial number in the firmware.
    serial: &'static str,
}

const BOARDS: &[Board] = &[
    Board {
        name: "mps2-an386",
        emulator: "qemu-system-arm",
        install: "QEMU for ARM (Debian and Ubuntu: apt-get install qemu-system-arm; Fedora: dnf \
                  install qemu-system-arm; macOS: brew install qemu)",
        options: &["-serial", "chardev:person"],
        serial: "mps2-0001",
    },
    Board {
        name: "virt",
        emulator: "qemu-system-riscv32",
        install: "QEMU for RISC-V (Debian and Ubuntu: apt-get install qemu-system-misc; Fedora: \
                  dnf install qemu-system-riscv; macOS: brew install qemu)",
        // It has one UART and no watchdog: a second one and a watchdog are PCI devices.
        options: &["-bios", "none", "-device", "pci-serial,chardev=person", "-device", "i6300esb"],
        serial: "virt-0001",
    },
];
/// How long a board may take to answer, in milliseconds: on a busy computer the emulator itself
/// needs seconds to start.
const COMING_MS: u64 = 15_000;
/// How long the emulated board takes to notice a line on its second UART, with room to spare.
const PERSON_DELAY: Duration = Duration::from_millis(50);

/// The second UART of the board: a person who presses its button. No client reaches it.
#[derive(Debug)]
pub(crate) struct Console {
    line: Mutex<Option<UnixStream>>,
    scale: AtomicU32,
}

impl Console {
    pub(crate) fn new(scale: u32) -> Arc<Self> {
        Arc::new(Self { line: Mutex::new(None), scale: AtomicU32::new(scale) })
    }

    fn say(&self, text: &str) -> Result<()> {
        let mut line = lock(&self.line);
        let line = line.as_mut().ok_or(Error::NotRunning)?;
        line.write_all(text.as_bytes()).map_err(|_| Error::NotRunning)?;
        std::thread::sleep(PERSON_DELAY);
        Ok(())
    }

    /// A new board: its second UART, and the pace that was asked for.
    fn attach(&self, line: UnixStream) {
        *lock(&self.line) = Some(line);
        let scale = self.scale.load(Ordering::Acquire);
        if scale != 1 {
            // A board that has ended already is noticed by who reads its first UART.
            drop(self.say(&format!("scale {scale}\n")));
        }
    }
}

impl Person for Console {
    fn press(&self) -> Result<()> {
        self.say("button\n")
    }

    fn dismiss(&self) -> Result<()> {
        self.say("dismiss\n")
    }

    fn hold(&self, held: bool) -> Result<()> {
        _ = held;
        Err(Error::NoKeySupport)
    }

    fn set_time_scale(&self, scale: u32) -> Result<()> {
        self.scale.store(scale, Ordering::Release);
        self.say(&format!("scale {scale}\n"))
    }
}

/// Starts the emulator again each time that it is dialled.
#[derive(Debug)]
pub(crate) struct Emulator {
    board: &'static Board,
    program: PathBuf,
    firmware: PathBuf,
    /// Which of the emulated boards of this program it is, from 1.
    number: u32,
    console: Arc<Console>,
    child: Option<Child>,
}

impl Emulator {
    /// Finds the emulator and the firmware.
    pub(crate) fn new(
        board: &str,
        (firmware, number): (Option<&Path>, u32),
        console: Arc<Console>,
    ) -> Result<Self> {
        let board = BOARDS.iter().find(|known| known.name == board).ok_or_else(|| {
            let names: Vec<&str> = BOARDS.iter().map(|known| known.name).collect();
            Error::UnknownBoard { board: board.to_owned(), known: names.join(", ") }
        })?;
        let program = find_program(board.emulator).ok_or_else(|| {
            let Board { name, emulator, install, .. } = *board;
            Error::NoEmulator { board: name, emulator, package: install }
        })?;
        let firmware = find_firmware(board.name, firmware)?;
        Ok(Self { board, program, firmware, number, console, child: None })
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended by itself cannot be killed again, which is fine.
            drop(child.kill());
            drop(child.wait());
        }
        *lock(&self.console.line) = None;
    }

    /// Starts the emulator with one end of each of two sockets. They have no names, so nothing
    /// stays behind, and the first words of the board find someone who listens.
    fn start(&mut self) -> std::result::Result<Opened, LinkError> {
        let pair = || UnixStream::pair().map_err(LinkError::Sockets);
        let ((board, its_board), (person, its_person)) = (pair()?, pair()?);
        let socket = |id: &str, end: &UnixStream| format!("socket,id={id},fd={}", end.as_raw_fd());
        let image = image(&self.firmware, self.board.serial, self.number)?;
        let named = image.as_ref().map(|image| format!("/dev/fd/{}", image.as_raw_fd()));
        let mut command = Command::new(&self.program);
        command
            .args(["-M", self.board.name, "-display", "none", "-monitor", "none"])
            .args(["-chardev", &socket("board", &its_board), "-serial", "chardev:board"])
            .args(["-chardev", &socket("person", &its_person)])
            .args(self.board.options)
            .arg("-kernel")
            .arg(named.map_or_else(|| self.firmware.clone(), PathBuf::from))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C at the terminal is for this program, which then ends the emulator.
            .process_group(0);
        sys::end_with_this_thread(&mut command);
        let mut handed: Vec<OwnedFd> = vec![its_board.into(), its_person.into()];
        handed.extend(image.map(OwnedFd::from));
        sys::hand_down(&mut command, handed);
        let program = || self.program.clone();
        let mut child =
            command.spawn().map_err(|source| LinkError::Emulator { program: program(), source })?;
        // With it go our copies of the emulator's ends, so that we notice when it ends.
        drop(command);
        if let Some(stderr) = child.stderr.take() {
            pass_on(stderr).map_err(LinkError::Thread)?;
        }
        self.child = Some(child);
        self.console.attach(person);
        halves(board).map_err(LinkError::Sockets)
    }
}

impl Dial for Emulator {
    fn coming_ms(&self) -> u64 {
        COMING_MS
    }

    fn dial(&mut self) -> std::result::Result<Opened, LinkError> {
        self.stop();
        let opened = self.start();
        if opened.is_err() {
            self.stop();
        }
        opened
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The firmware with a serial number of its own, as a factory writes it into each board: the first
/// board is the one that the file has, and the others have other digits. `None` where that is the
/// file as it is. The copy has no name, so it goes away with the emulator.
fn image(
    firmware: &Path,
    serial: &str,
    number: u32,
) -> std::result::Result<Option<File>, LinkError> {
    if number <= 1 {
        return Ok(None);
    }
    let failed = |source| LinkError::Firmware { path: firmware.to_owned(), source };
    let mut bytes = std::fs::read(firmware).map_err(failed)?;
    let found = bytes.windows(serial.len()).position(|window| window == serial.as_bytes());
    let at = found.ok_or_else(|| LinkError::NoSerialNumber { path: firmware.to_owned() })?;
    let digits = format!("{number:04}");
    for (place, digit) in bytes.iter_mut().skip(at + serial.len() - 4).zip(digits.bytes()) {
        *place = digit;
    }
    let name = format!("trine-firmware-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut options = OpenOptions::new();
    let mut file =
        options.read(true).write(true).create(true).truncate(true).open(&path).map_err(failed)?;
    std::fs::remove_file(&path).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)?;
    Ok(Some(file))
}

/// Logs what the emulator has to say.
fn pass_on(stderr: ChildStderr) -> std::io::Result<()> {
    let run = move || {
        for line in BufReader::new(stderr).lines().map_while(std::result::Result::ok) {
            warn!("{line}");
        }
    };
    let thread = std::thread::Builder::new().name("emulator".to_owned()).stack_size(128 * 1024);
    thread.spawn(run).map(drop)
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The firmware that was named, or the one that `cargo xtask firmware` has built for the board.
fn find_firmware(board: &str, named: Option<&Path>) -> Result<PathBuf> {
    if let Some(named) = named {
        return if named.is_file() {
            Ok(named.to_owned())
        } else {
            Err(Error::NoFirmwareFile { path: named.to_owned() })
        };
    }
    let built = Path::new("firmware").join(board).join("trine-firmware.elf");
    firmware_folders()
        .iter()
        .map(|folder| folder.join(&built))
        .find(|file| file.is_file())
        .ok_or_else(|| Error::NoFirmware { board: board.to_owned(), path: built })
}

/// Where the build leaves things: named by cargo's own variable, beside the running program, or
/// above the current folder.
fn firmware_folders() -> Vec<PathBuf> {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let program = std::env::current_exe().ok();
    let beside = program.iter().flat_map(|file| file.ancestors().skip(1).take(3));
    let here = std::env::current_dir().unwrap_or_default();
    let above = here.ancestors().map(|folder| folder.join("target"));
    named.into_iter().chain(beside.map(Path::to_owned)).chain(above).collect()
}
