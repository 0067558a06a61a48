//! Folders of the user, by family of operating systems.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A family of operating systems, as far as its folders differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
    /// Linux and everything that keeps settings under `~/.config`.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

impl Os {
    /// The one that this program was built for.
    #[must_use]
    pub const fn this() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Mac
        } else {
            Self::Linux
        }
    }
}

/// The folder below which programs keep their configuration; `None` where the user's home is not
/// known. An empty environment variable counts as none.
pub fn configuration(
    os: Os,
    home: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let below_home = |rest: &str| home.map(|home| below(home, rest));
    match os {
        Os::Linux => path("XDG_CONFIG_HOME").or_else(|| below_home(".config")),
        Os::Mac => below_home("Library/Application Support"),
        Os::Windows => path("APPDATA").or_else(|| below_home("AppData/Roaming")),
    }
}

/// A path below a folder. `rest` is joined part by part, so that the path has the system's own
/// separators throughout.
#[must_use]
pub fn below(base: &Path, rest: &str) -> PathBuf {
    rest.split('/').fold(base.to_path_buf(), |path, part| path.join(part))
}
