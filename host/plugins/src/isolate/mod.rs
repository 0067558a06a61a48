//! Libraries that run in a process of their own: a fault of theirs ends that process alone.
//!
//! The program checks the file and hands the process the same bytes, which it maps; the program
//! never does. They talk as a host and a device do ([`wire`]), and what the process says is read as
//! that of a device: it may be anything.

#[cfg(target_os = "linux")]
mod calls;
mod caps;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod shared;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
mod watch;
#[cfg(target_os = "linux")]
mod wire;

pub(crate) use caps::Children;
pub use caps::{Caps, ProcessUsage};
#[cfg(not(target_os = "linux"))]
pub use elsewhere::plugin_host;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{Isolated, Sealed};
#[cfg(target_os = "linux")]
pub(crate) use host::WireCall;
#[cfg(target_os = "linux")]
pub use host::plugin_host;
#[cfg(target_os = "linux")]
pub(crate) use serve::{Isolated, Sealed};

/// A number of KiB of a file such as `/proc/self/status`, in bytes.
#[cfg(target_os = "linux")]
fn kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

/// A system on which no process can be started for a plug-in.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::convert::Infallible;
    use std::ffi::OsStr;
    use std::process::ExitCode;
    use std::sync::Arc;

    use trine_gateway::host_tools::HostCall;
    use trine_gateway::table::Table;

    use super::Children;
    use crate::account::{Charged, Over, Reader};
    use crate::error::{Fault, Step};
    use crate::load::{About, Policy};
    use crate::work::Work;

    const WHY: &str = "a process of its own for a plug-in needs Linux: leave --isolate or isolate \
                       = true away, or compile the plug-in to WebAssembly";

    /// A library that is not loaded.
    pub(crate) struct Sealed(Infallible);

    impl Sealed {
        pub(crate) fn open(
            _: &[u8],
            _: &OsStr,
            _: &Policy,
            _: &Children,
        ) -> Result<Arc<Self>, Fault> {
            Err(Fault(Step::Map, WHY.to_owned()))
        }

        pub(crate) fn about(&self) -> &About {
            match self.0 {}
        }

        pub(crate) fn table(&self) -> &Arc<Table> {
            match self.0 {}
        }
    }

    /// One that does not run.
    pub(crate) struct Isolated(Infallible);

    impl Isolated {
        pub(crate) fn start(
            sealed: &Arc<Sealed>,
            _: Charged,
            _: impl Fn(&str) + Send + Sync + 'static,
        ) -> Result<Self, Fault> {
            match sealed.0 {}
        }

        pub(crate) fn reader(&self) -> Reader {
            match self.0 {}
        }
    }

    impl Work for Isolated {
        fn about(&self) -> &About {
            match self.0 {}
        }

        fn table(&self) -> &Arc<Table> {
            match self.0 {}
        }

        fn health(&self) -> Result<(), String> {
            match self.0 {}
        }

        fn call(&self, _: HostCall) {
            match self.0 {}
        }

        fn shutdown(&self, _: Over) {
            match self.0 {}
        }
    }

    /// Runs one plug-in for the program that started this one.
    #[must_use]
    pub fn plugin_host() -> ExitCode {
        eprintln!("trine: {WHY}");
        ExitCode::FAILURE
    }
}
