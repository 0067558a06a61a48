//! A link and the device that belongs on it, kept from one process to the next.

use crate::settings::{DeviceId, Settings};

/// What is kept of a link.
#[derive(Debug, Default)]
pub(super) struct Bond {
    /// The link; `None` where nothing is kept of it.
    link: Option<String>,
    /// What was kept when it was last read.
    kept: Kept,
    /// That it could not be kept: to be said, or said.
    unkept: Unkept,
}

#[derive(Debug, Default)]
enum Kept {
    #[default]
    Nothing,
    Device(DeviceId),
    /// It cannot be read: any device may be the wrong one.
    Unreadable(String),
}

#[derive(Debug, Default)]
enum Unkept {
    #[default]
    No,
    ToSay(String),
    Said,
}

impl Bond {
    /// Nothing was read yet.
    pub(super) fn of(link: String) -> Self {
        Self { link: Some(link), ..Self::default() }
    }

    /// Reads what is kept. `trine trust` may have removed it.
    pub(super) fn read(&mut self, settings: &Settings) {
        let Some(link) = &self.link else { return };
        self.kept = match settings.device_of_link(link) {
            Ok(None) => Kept::Nothing,
            Ok(Some(device)) => Kept::Device(device),
            Err(error) => Kept::Unreadable(error.chain()),
        };
    }

    /// The device that has proven its key on the link in an earlier process.
    pub(super) const fn device(&self) -> Option<&DeviceId> {
        match &self.kept {
            Kept::Device(device) => Some(device),
            Kept::Nothing | Kept::Unreadable(_) => None,
        }
    }

    /// Why it is not known which device has.
    pub(super) fn error(&self) -> Option<&str> {
        match &self.kept {
            Kept::Unreadable(why) => Some(why),
            Kept::Nothing | Kept::Device(_) => None,
        }
    }

    /// The device has proven its key.
    pub(super) fn keep(&mut self, settings: &Settings, device: &DeviceId) {
        let Some(link) = self.link.as_ref().filter(|_| self.device() != Some(device)) else {
            return;
        };
        match settings.bind_link(link, device) {
            Ok(()) => self.kept = Kept::Device(device.clone()),
            Err(error) if matches!(self.unkept, Unkept::No) => {
                self.unkept = Unkept::ToSay(format!(
                    "that it belongs on this link cannot be kept for later programs: {}",
                    error.chain()
                ));
            }
            Err(_) => {}
        }
    }

    pub(super) fn take_unkept(&mut self) -> Option<String> {
        match std::mem::replace(&mut self.unkept, Unkept::Said) {
            Unkept::ToSay(why) => Some(why),
            other => {
                self.unkept = other;
                None
            }
        }
    }

    /// The device has no key any more.
    pub(super) fn forget(&mut self, settings: &Settings) {
        self.kept = Kept::Nothing;
        if let Some(link) = &self.link
            && let Err(error) = settings.unbind_link(link)
        {
            self.kept = Kept::Unreadable(error.chain());
        }
    }

    /// The end of a sentence that refuses a device: what lets another one be served.
    pub(super) fn how_to_lift(&self, is_shown: bool) -> String {
        match (&self.link, is_shown) {
            (Some(link), false) => format!("; if that is right: trine trust '{link}'"),
            (Some(link), true) => format!(
                " before this program starts again; if that is right: trine trust '{link}', then \
                 start it again"
            ),
            (None, _) => " before this program starts again".to_owned(),
        }
    }

    /// What must be done beside another remedy.
    pub(super) fn also_lift(&self) -> String {
        match (&self.link, &self.kept) {
            (Some(link), Kept::Device(_)) => format!(", then: trine trust '{link}'"),
            _ => String::new(),
        }
    }
}
