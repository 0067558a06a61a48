//! What a user keeps about devices: their keys, their names and what their tools were, by vendor,
//! product and serial number.
//!
//! One folder holds it: `TRINE_CONFIG` where that is set, else `trine` in the user's configuration
//! folder. `keys/VENDOR.PRODUCT.SERIAL.key` is one key, readable by the user alone; `aliases.toml`
//! has the names; `pins/VENDOR.PRODUCT.SERIAL.pins` what the tools were at first use; and `links`
//! which device has proven its key on which link. A key that an earlier version kept as
//! `SERIAL.key` is read, and its file renamed once the device has proven the key.

mod aliases;
mod device_id;
mod keys;
mod links;
mod pins;
mod whole;

use std::path::{Path, PathBuf};

pub use aliases::Alias;
pub use device_id::DeviceId;
use device_id::{file_name, name_of};
pub(crate) use keys::{Held, key};
pub use links::Bound;
pub use pins::Changed;
pub(crate) use pins::{Change, Pins};
use whole::drop_file;

use crate::folders::{self, Os};

/// The environment variable that names the folder.
pub const FOLDER_VARIABLE: &str = "TRINE_CONFIG";

/// The user's settings. They are read each time that they are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    folder: Option<PathBuf>,
}

impl Settings {
    /// Those of the user who runs this program.
    #[must_use]
    pub fn of_user() -> Self {
        let named = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty());
        let folder = named.map(PathBuf::from);
        let home = std::env::home_dir();
        let of_user =
            || folders::configuration(Os::this(), home.as_deref(), |name| std::env::var_os(name));
        Self { folder: folder.or_else(|| Some(of_user()?.join("trine"))) }
    }

    /// Those in a folder, which need not be there yet.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    /// The folder that has them; `None` where none is known.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The folder that tasks are kept in.
    pub(crate) fn tasks_folder(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("tasks"))
    }

    /// None: nothing is known and nothing can be kept.
    #[must_use]
    pub const fn none() -> Self {
        Self { folder: None }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name))
    }
}
