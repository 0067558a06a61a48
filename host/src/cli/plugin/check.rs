//! `trine plugin check`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::Value;
use trine::{Error, Result};
use trine_gateway::json_tools::{Definition, load_definition};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_plugins::{
    Dependency, Limits, Loaded, Needs, Plugins, Policy, Runs, check, load_defined,
};

use super::PolicyArgs;
use super::defined::is_defined;
use crate::cli::paint::{FAINT, STRONG, WARN, say, some, time};
use crate::cli::tools::print_table;

const AFTER_HELP: &str = "\
The file is read, its signature, machine and imports are checked, and it is mapped into this
program, or with --isolate into a process of its own. Its tools are checked, it is initialised, and
tests itself. A step that fails is named. --static leaves out all that runs code of the plug-in.

Example: trine plugin check ./libclock.so --plugin-keys keys.pub --plugin-imports deny";

const UNSIGNED: &str = "no signature was asked for";

/// Arguments of `trine plugin check`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Check {
    /// Plug-in: a library, module, manifest, or JSON definition.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do not load it.
    #[arg(long = "static")]
    is_static: bool,
    #[command(flatten)]
    policy: PolicyArgs,
}

impl Check {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let policy = self.policy.policy()?;
        if is_defined(&self.file) {
            return self.definition(&policy);
        }
        let checked = check(&self.file, &policy)?;
        let digest = hexadecimal(&checked.digest);
        let signed = checked.signed_by.as_deref().unwrap_or(UNSIGNED);
        let findings: Vec<_> = checked.findings.iter().map(ToString::to_string).collect();
        say!("{STRONG}{}{STRONG:#}", checked.file.display());
        line("SHA-256", &digest);
        line("signed by", signed);
        match &findings[..] {
            [] => line("imports", "nothing unusual"),
            some => some.iter().for_each(|it| line("imports", &format!("{WARN}{it}{WARN:#}"))),
        }
        if !self.is_static {
            self.load(policy)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn load(&self, policy: Policy) -> Result<()> {
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
        let plugins = Plugins::new(hub.clone(), policy);
        let began = Instant::now();
        plugins.load(&[&self.file])?;
        let took = began.elapsed();
        for loaded in plugins.list() {
            about(&loaded);
            let table = hub.own_table(loaded.id)?;
            say!("");
            print_table(&*table, &Value::Null);
        }
        say!("");
        say!("loaded, initialised and tested in {}", time(took));
        plugins.close();
        Ok(())
    }
}

impl Check {
    /// Reads the definition of a tool, and loads the plug-in that does its calls.
    fn definition(&self, policy: &Policy) -> Result<ExitCode> {
        let failed = |error| Error::read(&self.file, error);
        let text = std::fs::read_to_string(&self.file).map_err(failed)?;
        let place = || self.file.display().to_string();
        let defined = load_definition(&text).map_err(|error| Error::from(error).at(place()))?;
        let Definition { id, name, category, permissions, requires_confirmation, .. } = &defined;
        say!("{STRONG}{}{STRONG:#}", self.file.display());
        line("tool", id);
        line("name", name);
        line("category", category);
        if !permissions.is_empty() {
            line("permissions", &permissions.join(" "));
        }
        if *requires_confirmation {
            line("consent", "the person at the client has to agree to each call");
        }
        if let Some(limit) = &defined.rate_limit {
            let calls = some(limit.max_calls as u64, "call");
            line("rate limit", &format!("{calls} in {} s", limit.per.as_secs()));
        }
        if !self.is_static && defined.more.contains_key("execute") {
            let (_, runs) = load_defined(&self.file, policy)?;
            runs_by(&runs);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints what does the calls of a tool that JSON defines.
fn runs_by(runs: &Runs) {
    let Runs::Extism { file, digest, signed_by, limits, .. } = runs else {
        return line("runs", "a program");
    };
    line("runs", &format!("{}, a plug-in of Extism", file.display()));
    line("SHA-256", &hexadecimal(digest));
    line("signed by", signed_by.as_deref().unwrap_or(UNSIGNED));
    let Limits { fuel, time, memory, .. } = limits;
    let time = time.as_millis();
    line("limits", &format!("{fuel} instructions, {time} ms, {memory} bytes of memory"));
}

fn hexadecimal(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(what: &str, value: &str) {
    say!("  {FAINT}{what:<13}{FAINT:#}{value}");
}

/// Prints what a plug-in says of itself.
fn about(loaded: &Loaded) {
    let about = &loaded.about;
    line("name", &about.name);
    line("version", &about.version.to_string());
    let some = [("description", &about.description), ("author", &about.author)];
    some.iter().filter(|(_, text)| !text.is_empty()).for_each(|(what, text)| line(what, text));
    if !about.capabilities.is_empty() {
        line("capabilities", &about.capabilities.join(" "));
    }
    for Dependency { name, versions } in &about.dependencies {
        line("depends on", &format!("{name} {versions}"));
    }
    line("needs", &needs(&about.needs));
}

fn needs(needs: &Needs) -> String {
    let mut all = Vec::new();
    if needs.processors > 1 {
        all.push(format!("{} processors", needs.processors));
    }
    let bytes = [
        (needs.memory_min, "of memory at least"),
        (needs.memory_max, "of memory at most"),
        (needs.gpu_memory, "of a graphics processor's memory"),
    ];
    let given = bytes.iter().filter(|(bytes, _)| *bytes > 0);
    all.extend(given.map(|(bytes, of)| format!("{} {of}", some(*bytes, "byte"))));
    all.extend(needs.devices.iter().map(|device| format!("the device {device}")));
    all.extend(needs.shared_devices.iter().map(|device| format!("the device {device}, shared")));
    if needs.calls_per_second > 0 {
        all.push(format!("at most {} a second", some(needs.calls_per_second.into(), "call")));
    }
    if !needs.cpu_per_minute.is_zero() {
        all.push(format!("at most {} of processor time a minute", time(needs.cpu_per_minute)));
    }
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
