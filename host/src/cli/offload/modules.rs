//! What became of ggml's modules: for `trine devices --gpu`, and where one is missed.

use std::path::Path;

use serde_json::{Value, json};
use trine_ggml::{Module, Modules, State, VARIABLE};

use crate::cli::paint::{BAD, FAINT, GOOD, STRONG, say, some};

/// Why there is no graphics processor, or none of the backend with this name, where that is the
/// modules' doing.
pub(super) fn why(word: Option<&str>) -> Option<String> {
    explained(Modules::loaded(), word)
}

fn explained(modules: &Modules, word: Option<&str>) -> Option<String> {
    let found = match &modules.found {
        Ok(found) => found,
        Err(error) => return Some(format!("{}: {error}; {NAME_IT}", modules.folder.display())),
    };
    if modules.backends().any(|backend| is_wanted(backend, word)) {
        return None;
    }
    let refused: Vec<String> = found
        .iter()
        .filter(|module| word.is_none_or(|word| file(&module.path).contains(word)))
        .filter_map(|module| match &module.state {
            State::Refused(why) => Some(format!("{} is refused: {why}", file(&module.path))),
            State::Loaded(..) | State::Left => None,
        })
        .collect();
    if !refused.is_empty() {
        return Some(refused.join("; "));
    }
    let missed = format!("libggml-{}.so", word.unwrap_or("vulkan"));
    let folder = modules.folder.display();
    Some(format!("{folder} has no module for one: put {missed} there, or {NAME_IT}"))
}

/// What to do about a folder that holds no modules.
const NAME_IT: &str = "name the folder that holds it with --modules";

/// Whether a module with this backend could have brought the device.
fn is_wanted(backend: &str, word: Option<&str>) -> bool {
    word.map_or(backend != "CPU", |word| backend.eq_ignore_ascii_case(word))
}

fn file(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

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
        Err(error) => say!("{BAD}{folder}: {error}{BAD:#}: {NAME_IT}, or with {VARIABLE}"),
    }
    if let Some(why) = explained(modules, None)
        && modules.found.is_ok()
    {
        say!("no module computes on a graphics processor: {why}");
    }
}

fn line(module: &Module) {
    let file = file(&module.path);
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
    let unread = modules.found.as_ref().err().map(
        |error| json!({ "module": modules.folder.to_string_lossy(), "loaded": false, "why": error }),
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(found: Vec<(&str, State)>) -> Modules {
        let found = found.into_iter().map(|(file, state)| Module { path: file.into(), state });
        Modules { folder: "/m".into(), found: Ok(found.collect()) }
    }

    #[test]
    fn a_module_that_is_missed_or_refused_is_named_with_what_to_do() {
        let cpu = || ("libggml-cpu.so", State::Loaded("CPU".to_owned(), 1));
        let said = explained(&modules(vec![cpu()]), None).unwrap();
        assert!(said.contains("/m has no module for one: put libggml-vulkan.so"), "{said}");
        let said = explained(&modules(vec![cpu()]), Some("cuda")).unwrap();
        assert!(said.contains("libggml-cuda.so") && said.contains("--modules"), "{said}");
        let refused = ("libggml-vulkan.so", State::Refused("too old".to_owned()));
        let said = explained(&modules(vec![cpu(), refused]), Some("vulkan")).unwrap();
        assert_eq!(said, "libggml-vulkan.so is refused: too old");
        let vulkan = ("libggml-vulkan.so", State::Loaded("Vulkan".to_owned(), 0));
        assert_eq!(explained(&modules(vec![cpu(), vulkan]), Some("vulkan")), None);
        let unread = Modules { folder: "/m".into(), found: Err("not there".to_owned()) };
        assert!(explained(&unread, None).unwrap().starts_with("/m: not there; name"));
    }
}
