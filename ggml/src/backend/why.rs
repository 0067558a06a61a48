//! Why a module was refused, or why no module brings a device, and what to do then.

use std::path::Path;

use super::modules::{Module, Modules, State, VARIABLE};

/// What ggml's message, or that of the system's loader, has in it, and what to do then.
const ADVICE: [(&str, &str); 6] = [
    ("incompatible API version", OTHER_VERSION),
    ("undefined symbol", OTHER_VERSION),
    ("libggml-base", OTHER_VERSION),
    ("failed to find ggml_backend_init", "it is a library and no module of ggml's: take it away"),
    ("cannot open shared object file", "install what has this library, as its driver does"),
    ("ELF", "it is no library: take it away or put the module there again"),
];
const OTHER_VERSION: &str =
    "it is of another version of ggml: take the module that was built with this program";

/// Why a module was refused, without its path and ggml's function, and what to do.
pub(super) fn explained(said: &str, path: &Path) -> String {
    let path = format!("{}", path.display());
    let after = said.rsplit_once(&format!("{path}: ")).map_or(said, |(_, why)| why);
    let why = after.trim_start_matches(": ").trim_start_matches("load_backend: ");
    let why = why.replace(&format!(" in {path}"), "");
    if why.is_empty() {
        return "it says that it is not for this processor".to_owned();
    }
    let advice = ADVICE.iter().find(|(part, _)| why.contains(part));
    match advice {
        Some((_, advice)) => format!("{why}: {advice}"),
        None if why.contains("too short") => format!("{why}: put the whole module there again"),
        None => why,
    }
}

impl Modules {
    /// Why no module brings a GPU, or none of the backend with this name (`vulkan`),
    /// and what to do; nothing where a module is loaded that could.
    #[must_use]
    pub fn missing(&self, backend: Option<&str>) -> Option<String> {
        let folder = self.folder.display();
        let elsewhere = format!("name the folder of the modules with {VARIABLE}");
        let found = match &self.found {
            Ok(found) => found,
            Err(error) => return Some(format!("{folder}: {error}: {elsewhere}")),
        };
        let could =
            |own: &str| backend.map_or(own != "CPU", |wanted| own.eq_ignore_ascii_case(wanted));
        if self.backends().any(could) {
            return None;
        }
        let is_wanted =
            |file: &str| backend.map_or(!file.contains("-cpu"), |wanted| file.contains(wanted));
        let refused: Vec<String> = found
            .iter()
            .filter(|module| is_wanted(&module.file()))
            .filter_map(|module| match &module.state {
                State::Refused(why) => Some(format!("{} is refused: {why}", module.file())),
                State::Loaded(..) | State::Left => None,
            })
            .collect();
        if !refused.is_empty() {
            return Some(refused.join("; "));
        }
        let missed = format!("libggml-{}.so", backend.unwrap_or("vulkan"));
        Some(format!("{folder} has no module for one: put {missed} there, or {elsewhere}"))
    }
}

impl Module {
    /// The name of its file.
    #[must_use]
    pub fn file(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
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
        let said = modules(vec![cpu()]).missing(None).unwrap();
        assert!(said.contains("/m has no module for one: put libggml-vulkan.so"), "{said}");
        let said = modules(vec![cpu()]).missing(Some("cuda")).unwrap();
        assert!(said.contains("libggml-cuda.so") && said.contains(VARIABLE), "{said}");
        let refused = ("libggml-vulkan.so", State::Refused("too old".to_owned()));
        let said = modules(vec![cpu(), refused]).missing(Some("vulkan")).unwrap();
        assert_eq!(said, "libggml-vulkan.so is refused: too old");
        let other = ("libggml-cpu-haswell.so", State::Refused("too new".to_owned()));
        assert!(modules(vec![other]).missing(None).unwrap().contains("has no module"));
        let vulkan = ("libggml-vulkan.so", State::Loaded("Vulkan".to_owned(), 0));
        assert_eq!(modules(vec![cpu(), vulkan]).missing(Some("vulkan")), None);
        let unread = Modules { folder: "/m".into(), found: Err("not there".to_owned()) };
        assert!(unread.missing(None).unwrap().starts_with("/m: not there: name"));
    }

    #[test]
    fn what_ggml_says_is_told_without_the_path_and_with_what_to_do() {
        let path = Path::new("/m/libggml-x.so");
        for (said, told) in [
            (
                ": load_backend: failed to load /m/libggml-x.so: /m/libggml-x.so: invalid ELF \
                 header",
                "invalid ELF header: it is no library",
            ),
            (
                ": load_backend: failed to load /m/libggml-x.so: libvulkan.so.1: cannot open \
                 shared object file: No such file or directory",
                "libvulkan.so.1: cannot open shared object file: No such file or directory: \
                 install",
            ),
            (
                ": load_backend: failed to initialize backend from /m/libggml-x.so: incompatible \
                 API version (backend: 2, current: 3)",
                "incompatible API version (backend: 2, current: 3): it is of another version",
            ),
            (
                ": load_backend: failed to find ggml_backend_init in /m/libggml-x.so",
                "failed to find ggml_backend_init: it is a library and no module",
            ),
            ("", "it says that it is not for this processor"),
        ] {
            let found = explained(said, path);
            assert!(found.starts_with(told), "{found}");
        }
    }
}
