//! What became of ggml's modules: for `trine devices --gpu`, and where one is missed.

use serde_json::{Value, json};
use trine_ggml::{Module, Modules, State};

use crate::cli::paint::{BAD, FAINT, GOOD, STRONG, say, some};

/// Prints each module, and what became of it.
pub(super) fn print() {
    let modules = Modules::loaded();
    let folder = modules.folder.display();
    match &modules.found {
        Ok(found) if found.is_empty() => say!("{folder} has no modules"),
        Ok(found) => {
            say!("modules of {STRONG}{folder}{STRONG:#}");
            found.iter().for_each(line);
        }
        Err(_) => {}
    }
    if let Some(why) = modules.missing(None) {
        say!("no module computes on a graphics processor: {why}");
    }
}

fn line(module: &Module) {
    let file = module.file();
    match &module.state {
        State::Loaded(backend, devices) => {
            let devices = some(*devices as u64, "device");
            say!("  {file}  {GOOD}loaded{GOOD:#}: {backend}, {devices}");
        }
        State::Left => say!("  {file}  {FAINT}left out: {LEFT}{FAINT:#}"),
        State::Refused(why) => say!("  {file}  {BAD}refused{BAD:#}: {why}"),
    }
}

/// Why a module is left out.
const LEFT: &str = "another one of its kind suits this processor better";

/// The same for programs.
pub(super) fn objects() -> impl Iterator<Item = Value> {
    let modules = Modules::loaded();
    let folder = modules.folder.to_string_lossy();
    let unread = modules.found.as_ref().err();
    let unread = unread.map(|error| json!({ "module": folder, "loaded": false, "why": error }));
    let found = modules.found.iter().flatten().map(|module| {
        let path = module.path.to_string_lossy();
        match &module.state {
            State::Loaded(backend, devices) => {
                json!({ "module": path, "loaded": true, "backend": backend, "devices": devices })
            }
            State::Left => json!({ "module": path, "loaded": false, "why": LEFT }),
            State::Refused(why) => json!({ "module": path, "loaded": false, "why": why }),
        }
    });
    unread.into_iter().chain(found)
}
