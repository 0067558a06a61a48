//! A key for a device, and its end.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use trine_wire::message::{HostMessage, feature};
use trine_wire::secure::{KEY_LEN, Key};

use super::session::Question;
use super::{Device, State};
use crate::error::{Error, Result};
use crate::settings::DeviceId;
use crate::sync::lock;

/// How long the device may take to store a key.
const STORE_PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked whether the device has come back.
const LOOK: Duration = Duration::from_millis(10);

impl Device {
    /// Gives the device a new key, which is kept among the user's settings under its name,
    /// and waits until the device has proven that it has it.
    ///
    /// # Errors
    /// When the device takes no key, holds no physical input, cannot store one, or does not prove
    /// it; when the key cannot be kept here. Nothing has changed then, unless it says so.
    pub fn provision(&self, patience: Duration) -> Result<()> {
        let id = self.can_be_keyed()?;
        let mut key: Key = [0; KEY_LEN];
        getrandom::fill(&mut key).map_err(Error::Random)?;
        self.settings.keep_pending(&id, &key)?;
        let code = self.ask_provision(0, key);
        let patience = if code.is_some() { patience } else { patience.min(STORE_PATIENCE) };
        if let Some(error) = code.and_then(refusal) {
            self.settings.drop_pending(&id)?;
            return Err(error);
        }
        // The answer may be lost: what counts is whether the device proves the key.
        self.send_new_hello(false);
        let proven = || self.settings.keys(&id).is_ok_and(|held| held.known == Some(key));
        if self.comes_back(patience, proven) {
            return Ok(());
        }
        Err(Error::KeyUnproven)
    }

    /// Takes the key of the device away, and forgets it here.
    ///
    /// # Errors
    /// When the device holds no physical input or does not answer.
    pub fn erase_key(&self, patience: Duration) -> Result<()> {
        let id = self.can_be_keyed()?;
        match self.ask_provision(1, [0; KEY_LEN]) {
            None => return Err(Error::EraseUnknown),
            Some(code) => refusal(code).map_or(Ok(()), Err)?,
        }
        self.settings.drop_keys(&id)?;
        self.send_new_hello(true);
        if self.comes_back(patience, || !self.wire().keyed) {
            return Ok(());
        }
        Err(Error::EraseSilent)
    }

    /// Whether the device has a key that is not held here, so that it cannot be served.
    #[must_use]
    pub fn has_unknown_key(&self) -> bool {
        lock(&self.session).locked().is_some()
    }

    /// Which device it is, if it can have a key.
    fn can_be_keyed(&self) -> Result<DeviceId> {
        let device = self.name().to_string();
        if let Some(id) = lock(&self.session).locked() {
            return Ok(id.clone());
        }
        if self.state() != State::Online {
            return Err(Error::Offline { device });
        }
        let id = DeviceId::from(&self.identity().unwrap_or_default());
        if id.serial.is_empty() {
            return Err(Error::UnnamedKey { device });
        }
        if !lock(&self.session).protocol.can(feature::KEYED) {
            return Err(Error::Keyless { device });
        }
        Ok(id)
    }

    fn ask_provision(&self, op: u8, key: Key) -> Option<u8> {
        let (send, receive) = mpsc::channel();
        let message = HostMessage::Provision { op, key };
        let now = self.now();
        self.with(|session| session.question(Question::Provision(send), &message, now));
        receive.recv_timeout(STORE_PATIENCE).ok()
    }

    fn send_new_hello(&self, is_erased: bool) {
        let now = self.now();
        self.with(|session| session.send_new_hello(is_erased, now));
    }

    /// Waits until the device is online and `done`.
    fn comes_back(&self, patience: Duration, done: impl Fn() -> bool) -> bool {
        let since = Instant::now();
        loop {
            let hello_answered = lock(&self.session).is_hello_answered();
            if hello_answered && self.state() == State::Online && done() {
                return true;
            }
            if since.elapsed() > patience {
                return false;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// What a code other than 0 means.
fn refusal(code: u8) -> Option<Error> {
    match code {
        0 => None,
        1 => Some(Error::ButtonNotHeld),
        2 => Some(Error::KeyNotStored),
        _ => Some(Error::KeyRefused),
    }
}
