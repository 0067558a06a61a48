//! Functions of a plug-in that the program waits for, though not for ever.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use trine_c_api::{TRINE_OK, trine_status};

/// The state of a plug-in, which its functions may use on any thread.
#[derive(Clone, Copy)]
pub(crate) struct State(pub(crate) *mut c_void);

// SAFETY: nothing here reads it; the header says that functions are called on any thread.
unsafe impl Send for State {}
// SAFETY: as above.
unsafe impl Sync for State {}

impl State {
    /// Before `init`, and of a plug-in that makes none.
    pub(crate) const fn none() -> Self {
        Self(null_mut())
    }
}

/// Why a function of a plug-in did not do what it is for.
pub(crate) enum Failed {
    /// It answered so.
    Answered(trine_status),
    /// It has not returned, and may still use its state.
    Late(Duration),
    /// The system has no thread for it.
    Thread(std::io::Error),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered(status) => write!(f, "it answered {status}"),
            Self::Late(patience) => write!(f, "it did not return within {patience:?}"),
            Self::Thread(error) => write!(f, "no thread can be started for it: {error}"),
        }
    }
}

/// Runs a function on a thread of its own and waits until it answers, or `patience` is over: then
/// the thread is lost.
pub(crate) fn run(
    name: &str,
    patience: Duration,
    function: impl FnOnce() -> (trine_status, State) + Send + 'static,
) -> Result<State, Failed> {
    let (send, receive) = channel();
    // Who asked may have stopped waiting.
    let work = move || {
        _ = send.send(function());
    };
    let thread = thread::Builder::new().name(format!("plug-in {name}"));
    let running = thread.spawn(work).map_err(Failed::Thread)?;
    match receive.recv_timeout(patience) {
        Ok((status, state)) => {
            // What it leaves to its thread's end is done then.
            _ = running.join();
            if status >= TRINE_OK { Ok(state) } else { Err(Failed::Answered(status)) }
        }
        Err(RecvTimeoutError::Disconnected) => Err(Failed::Answered(TRINE_OK - 1)),
        Err(RecvTimeoutError::Timeout) => Err(Failed::Late(patience)),
    }
}
