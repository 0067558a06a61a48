//! The second channel: a person at a simulated or emulated board. No MCP client reaches it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::{Arc, Weak};

use tracing::{info, warn};

use super::Hub;
use crate::args::Button;
use crate::error::{Error, Result};
#[cfg(unix)]
use crate::sync::lock;
use crate::sys;

/// Listens on a unix socket, where a line `button` presses the button of every board that has one
/// here, `hold` and `release` keep it down, and `scale N` sets their clocks, each answered `ok` or
/// with what is wrong; or on the terminal. The terminal only when asked: under a client that is a
/// terminal program itself, the keys are meant for that.
pub(super) fn listen(button: &Button, hub: &Arc<Hub>) -> Result<()> {
    if !hub.devices.iter().any(|device| device.has_person()) {
        return Err(Error::NoButton);
    }
    let weak = Arc::downgrade(hub);
    let run: Box<dyn FnOnce() + Send> = match button {
        #[cfg(unix)]
        Button::Socket(path) => {
            let listener = socket::bind(path).map_err(|source| cannot_open(path, source))?;
            *lock(&hub.socket) = Some(path.clone());
            Box::new(move || socket::serve_all(&listener, &weak))
        }
        Button::Terminal => {
            let path = Path::new(sys::TERMINAL);
            let terminal = File::open(path).map_err(|source| cannot_open(path, source))?;
            Box::new(move || watch_keys(terminal, &weak))
        }
    };
    let thread = std::thread::Builder::new().name("button".to_owned()).stack_size(128 * 1024);
    thread.spawn(run).map_err(Error::Thread)?;
    Ok(())
}

fn cannot_open(path: &Path, source: std::io::Error) -> Error {
    Error::File { action: "open", path: path.to_owned(), source }.at("--button")
}

/// Enter, or b and Enter, presses the button.
fn watch_keys(terminal: File, hub: &Weak<Hub>) {
    for line in BufReader::new(terminal).lines() {
        let (Ok(line), Some(hub)) = (line, hub.upgrade()) else { return };
        if matches!(line.trim(), "" | "b" | "button")
            && let Err(error) = hub.obey("button")
        {
            warn!("{}", error.chain());
        }
    }
}

/// Does what one line says, on every board that a person can be at.
pub(super) fn obey(line: &str, hub: &Hub) -> Result<()> {
    if let "hold" | "release" = line {
        let mut people = hub.devices.iter().filter(|device| device.has_person());
        return people.try_for_each(|device| device.hold_button(line == "hold"));
    }
    if line == "dismiss" {
        let mut people = hub.devices.iter().filter(|device| device.has_person());
        return people.try_for_each(|device| device.dismiss_question());
    }
    let scale = line.strip_prefix("scale ").and_then(|scale| scale.parse::<u32>().ok());
    if line != "button" && !scale.is_some_and(|scale| (1..=3600).contains(&scale)) {
        return Err(Error::ButtonCommand);
    }
    for device in hub.devices.iter().filter(|device| device.has_person()) {
        match scale {
            Some(scale) => device.set_time_scale(scale)?,
            None => {
                info!("{}: the button is pressed", device.name());
                device.press_button()?;
            }
        }
    }
    Ok(())
}

/// The unix socket.
#[cfg(unix)]
mod socket {
    use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;
    use std::sync::Weak;

    use tracing::warn;

    use super::Hub;

    /// Longest line that is read.
    const LINE_MAX: u64 = 64;

    pub(super) fn serve_all(listener: &UnixListener, hub: &Weak<Hub>) {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => serve(stream, hub),
                Err(error) => warn!("--button: {error}"),
            }
        }
    }

    /// Binds the socket, in the place of one that no one listens on any more.
    pub(super) fn bind(path: &Path) -> std::io::Result<UnixListener> {
        match UnixListener::bind(path) {
            Err(error)
                if error.kind() == ErrorKind::AddrInUse && UnixStream::connect(path).is_err() =>
            {
                std::fs::remove_file(path)?;
                UnixListener::bind(path)
            }
            bound => bound,
        }
    }

    fn serve(stream: UnixStream, hub: &Weak<Hub>) {
        let Ok(mut answers) = stream.try_clone() else { return };
        let mut lines = BufReader::new(stream);
        loop {
            let mut line = String::new();
            match (&mut lines).take(LINE_MAX).read_line(&mut line) {
                Ok(len) if len > 0 => {}
                _ => return,
            }
            let Some(hub) = hub.upgrade() else { return };
            let answer = match hub.obey(line.trim()) {
                Ok(()) => "ok\n".to_owned(),
                Err(error) => format!("{}\n", error.chain()),
            };
            if answers.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}
