//! What the engine remembers between two messages of one client: next to nothing.

use crate::{ClientCapabilities, Version};

/// The state of one connection, or of one HTTP session. The caller owns it.
///
/// Only the `initialize` revisions use it; a client of the stateless revision leaves it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McpSession {
    version: Option<Version>,
    initialized: bool,
    level: u8,
    oldest: Version,
    #[cfg(any(feature = "apps", feature = "requests"))]
    client: ClientCapabilities,
}

const _: () = assert!(size_of::<McpSession>() <= McpSession::SIZE_MAX);

/// The level of log that a client gets unless it asks for another.
const INFO: u8 = 1;

impl McpSession {
    /// Most bytes that a session takes.
    pub const SIZE_MAX: usize = 64;

    /// A session on a stream of lines: standard input and output, a socket, a UART.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            version: None,
            initialized: false,
            level: INFO,
            oldest: Version::V2024_11_05,
            #[cfg(any(feature = "apps", feature = "requests"))]
            client: ClientCapabilities::NONE,
        }
    }

    /// A session over HTTP, where 2024-11-05 is not served (it had a transport of its own).
    #[must_use]
    pub const fn over_http() -> Self {
        Self { oldest: Version::V2025_03_26, ..Self::new() }
    }

    /// The revision that `initialize` agreed on; `None` before it.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        self.version
    }

    /// Whether the client has said that it is ready (`notifications/initialized`).
    #[must_use]
    pub const fn is_initialized(&self) -> bool {
        self.initialized
    }

    /// The least level of log that the client wants, from 0, debug, to 7, emergency: 1, info, until
    /// it says so by `logging/setLevel`.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// What the client said at `initialize` that it can be asked for.
    #[must_use]
    pub const fn client(&self) -> ClientCapabilities {
        #[cfg(any(feature = "apps", feature = "requests"))]
        return self.client;
        #[cfg(not(any(feature = "apps", feature = "requests")))]
        ClientCapabilities::NONE
    }

    /// Takes what an `initialize` request says.
    #[cfg(any(feature = "apps", feature = "requests"))]
    pub(crate) fn set_client(&mut self, message: &[u8]) {
        self.client = ClientCapabilities::of_initialize(message);
        self.client.forms &= self.version.is_some_and(Version::has_forms);
        // The extension is one of the stateless revision.
        self.client.tasks = false;
    }

    pub(crate) const fn set_level(&mut self, level: u8) {
        self.level = level;
    }

    /// Agrees on a revision: the one asked for where it is known, else the newest.
    pub(crate) fn agree(&mut self, asked: Option<Version>) -> Version {
        let version = asked
            .filter(|version| version.is_legacy() && *version >= self.oldest)
            .unwrap_or(Version::NEWEST_LEGACY);
        self.version = Some(version);
        self.initialized = false;
        self.level = INFO;
        version
    }

    pub(crate) const fn set_initialized(&mut self) {
        self.initialized = self.version.is_some();
    }
}

impl Default for McpSession {
    fn default() -> Self {
        Self::new()
    }
}
