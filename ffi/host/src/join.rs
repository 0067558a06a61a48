//! Tools of a hub among those of a gateway that runs, over the socket where it takes orders.

use std::ffi::c_char;

use trine_c_api::{TRINE_E_NOT_FOUND, TRINE_OK, trine_status};

use crate::answer::{Done, answered, refused, text};
use crate::hub::{object, trine_hub};

/// Joins a gateway that runs on this computer: its clients see the tools that the hub has now next
/// to those of the gateway, and calls of them come here. It lasts until `trine_hub_leave`, until
/// the hub is closed, or until the gateway ends.
///
/// @param hub The hub, with at least one tool. One that gets more tools leaves and joins again.
/// @param socket Path of the Unix socket of the gateway's `--plugin-control`, ended by a zero byte.
/// @param name Name of this program there: 1 to 64 letters, digits, `_` and `-`; no other program
///             that has joined has it.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_CONNECTION when no gateway takes orders at
///         the socket, or TRINE_E_FAILED when it does not take the tools: `trine_hub_why` has its
///         words. Systems without Unix sockets answer TRINE_E_FAILED.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_join(
    hub: *mut trine_hub,
    socket: *const c_char,
    name: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let socket = unsafe { text(socket, "socket") }?;
        // SAFETY: as above.
        let name = unsafe { text(name, "name") }?;
        object.joins.join(object, socket, name)?;
        Ok(TRINE_OK)
    })
}

/// Leaves a gateway: its clients do not see the hub's tools there when this returns. Calls under
/// way end first, or are given up after some seconds.
///
/// @param hub The hub.
/// @param name As it was given to `trine_hub_join`.
/// @return TRINE_OK, also where the gateway has ended; TRINE_E_NOT_FOUND, TRINE_E_NULL or
///         TRINE_E_UTF8.
///
/// Context: any-thread, and no tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_leave(hub: *mut trine_hub, name: *const c_char) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let name = unsafe { text(name, "name") }?;
        if object.joins.leave(name) {
            return Ok(TRINE_OK);
        }
        refused(TRINE_E_NOT_FOUND, &format!("this hub has joined no gateway as {name}"))
    })
}

#[cfg(unix)]
pub(crate) use lines::Joins;
#[cfg(not(unix))]
pub(crate) use nowhere::Joins;

#[cfg(unix)]
mod lines {
    use std::fs::File;
    use std::io::{self, Read as _, Write as _};
    use std::net::Shutdown;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use serde_json::{Value, json};
    use trine_c_api::TRINE_E_FAILED;
    use trine_gateway::server::serve_stream;

    use super::{Done, refused};
    use crate::answer::Refused;
    use crate::hub::{Object, TRINE_E_CONNECTION};

    /// How long the gateway may take to answer.
    const PATIENCE: Duration = Duration::from_secs(30);
    /// The longest answer.
    const ANSWER_MAX: usize = 64 * 1024;

    /// The gateways that a hub has joined.
    #[derive(Default)]
    pub(crate) struct Joins(Mutex<Vec<Join>>);

    struct Join {
        name: String,
        socket: String,
        stream: UnixStream,
        thread: JoinHandle<()>,
    }

    impl Join {
        /// Has the gateway take the tools out, which ends the connection. One that has ended it, or
        /// does not answer, is left all the same.
        fn end(self) {
            if !self.thread.is_finished() {
                let order = json!({"do": "unload", "name": self.name});
                let ask = |stream: UnixStream| {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    asked(&stream, &format!("{order}\n"))
                };
                drop(UnixStream::connect(&self.socket).and_then(ask));
            }
            drop(self.stream.shutdown(Shutdown::Read));
            drop(self.thread.join());
        }
    }

    impl Joins {
        fn all(&self) -> MutexGuard<'_, Vec<Join>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(super) fn join(&self, object: &Object, socket: &str, name: &str) -> Done<()> {
            let away = |error: io::Error| {
                let why = format!(
                    "no gateway takes orders at {socket}: {error}. Start one with --plugin-control"
                );
                Refused(TRINE_E_CONNECTION, why)
            };
            let stream = UnixStream::connect(socket).map_err(away)?;
            stream.set_read_timeout(Some(PATIENCE)).map_err(away)?;
            let order = json!({"do": "join", "name": name, "tools": object.hub.tools()});
            let answer = asked(&stream, &format!("{order}\n")).map_err(away)?;
            if let Some(why) = answer.get("refused").and_then(Value::as_str) {
                return refused(TRINE_E_FAILED, why);
            }
            if answer.get("said").is_none() {
                return refused(TRINE_E_FAILED, &format!("the gateway answers {answer}"));
            }
            stream.set_read_timeout(None).map_err(away)?;
            let file = || stream.try_clone().map(|stream| File::from(OwnedFd::from(stream)));
            let files = (file().map_err(away)?, file().map_err(away)?);
            let (hub, in_flight) = (Arc::clone(&object.hub), object.in_flight);
            let thread = thread::Builder::new().name("trine-join".to_owned());
            // A connection that breaks has ended.
            let thread = thread.spawn(move || drop(serve_stream(&hub, in_flight, files)));
            let thread = thread.map_err(|error| Refused(TRINE_E_FAILED, error.to_string()))?;
            let mut all = self.all();
            all.retain(|one| !one.thread.is_finished());
            let (name, socket) = (name.to_owned(), socket.to_owned());
            all.push(Join { name, socket, stream, thread });
            Ok(())
        }

        pub(super) fn leave(&self, name: &str) -> bool {
            let mut all = self.all();
            let Some(place) = all.iter().rposition(|one| one.name == name) else { return false };
            let one = all.remove(place);
            drop(all);
            one.end();
            true
        }

        pub(crate) fn close(&self) {
            let all = std::mem::take(&mut *self.all());
            all.into_iter().for_each(Join::end);
        }
    }

    /// Sends a line and reads one, and no byte of what comes after it.
    fn asked(mut stream: &UnixStream, line: &str) -> io::Result<Value> {
        // A line that is too long is answered before all of it is read.
        let given = stream.write_all(line.as_bytes());
        let (mut answer, mut byte) = (Vec::new(), [0]);
        while answer.len() < ANSWER_MAX && stream.read(&mut byte)? == 1 && byte != *b"\n" {
            answer.extend_from_slice(&byte);
        }
        if answer.is_empty() {
            given?;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_slice(&answer)?)
    }
}

#[cfg(not(unix))]
mod nowhere {
    use trine_c_api::TRINE_E_FAILED;

    use super::{Done, refused};
    use crate::hub::Object;

    /// Gateways take orders at Unix sockets alone.
    #[derive(Default)]
    pub(crate) struct Joins;

    impl Joins {
        pub(super) fn join(&self, _: &Object, _: &str, _: &str) -> Done<()> {
            refused(TRINE_E_FAILED, "gateways of this system cannot be joined")
        }

        pub(super) fn leave(&self, _: &str) -> bool {
            false
        }

        pub(crate) fn close(&self) {}
    }
}
