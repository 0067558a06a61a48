//! A hub, a folder and a C compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_mcp::Catalog as _;
use trine_plugins::{Caps, Plugins, Policy};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A hub of plug-ins alone, and a folder for their files.
pub(crate) struct Site {
    pub(crate) hub: Arc<Hub>,
    pub(crate) plugins: Plugins,
    pub(crate) folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        let plugins = Plugins::new(Arc::clone(&hub), policy);
        Self { hub, plugins, folder: TempDir::new().unwrap() }
    }

    /// The same with libraries in processes of their own.
    pub(crate) fn isolated() -> Self {
        Self::with(Policy { isolate: true, caps: Self::caps(), ..Policy::default() })
    }

    /// What such a process may use: it runs the program of this crate, not that of the tests.
    pub(crate) fn caps() -> Caps {
        let program = Some(env!("CARGO_BIN_EXE_trine-plugin-host").into());
        Caps { program, ..Caps::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Compiles a file of `sources` into a plug-in of this name; each define is `NAME=VALUE` or
    /// `NAME`.
    /// What happens to it is written into the ledger.
    pub(crate) fn build(&self, name: &str, source: &str, defines: &[&str]) -> PathBuf {
        self.build_with(name, source, defines, &[])
    }

    pub(crate) fn build_with(
        &self,
        name: &str,
        source: &str,
        defines: &[&str],
        options: &[&str],
    ) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let source = root.join("tests/suite/sources").join(source);
        let is_cpp = source.extension().is_some_and(|it| it == "cpp");
        let out = self.path(name);
        // A compiler writes in place; a library that is being read must not change.
        let made = self.path(&format!("{name}.made"));
        let mut cc = Command::new(if is_cpp { "c++" } else { "cc" });
        cc.args(["-shared", "-fPIC", "-O1", "-g0", "-Wall", "-Wextra", "-Werror"]);
        cc.arg(if is_cpp { "-std=c++17" } else { "-std=c11" }).arg("-D_POSIX_C_SOURCE=200809L");
        cc.arg("-I").arg(root.join("../../include")).arg("-Wl,-z,defs");
        cc.arg(format!("-DLEDGER=\"{}\"", self.path("ledger").display()));
        cc.args(defines.iter().map(|define| format!("-D{define}"))).args(options);
        let status = cc.arg(source).arg("-o").arg(&made).status().unwrap();
        assert!(status.success(), "the compiler refused {name}");
        std::fs::rename(&made, &out).unwrap();
        out
    }

    /// Calls a tool: its structured result, or what it says of its failure.
    pub(crate) fn call(&self, tool: &str, arguments: &Value) -> Result<Value, String> {
        let report = self.hub.call_own(tool, &arguments.to_string(), PATIENCE);
        let report = report.map_err(|error| error.to_string())?;
        if report.is_error {
            return Err(report.text);
        }
        let content = report.result["content"].clone();
        Ok(report.result.get("structuredContent").cloned().unwrap_or(content))
    }

    /// The names of the tools that clients see.
    pub(crate) fn listed(&self) -> Vec<String> {
        let snapshot = self.hub.snapshot();
        (0..snapshot.count()).map(|tool| snapshot.name(tool).unwrap().to_owned()).collect()
    }

    /// How often each thing has happened to plug-ins of this folder.
    pub(crate) fn ledger(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("ledger")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
