//! Plug-ins that are replaced as soon as their files change, for whoever writes them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use tracing::error;

use crate::load::{Policy, check};
use crate::plugins::{Inner, Plugins};

/// How often the files are looked at. One that is being written is left until it has stayed the
/// same for as long.
const PERIOD: Duration = Duration::from_millis(100);

/// Looks at the files of plug-ins until it is dropped.
#[derive(Debug)]
pub struct Watch {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What of a plug-in's files tells that they are others; `None` where one is missing.
type Stamp = Option<Vec<(SystemTime, u64)>>;

struct File {
    path: PathBuf,
    /// The same, and behind a manifest the library that it names.
    parts: Vec<PathBuf>,
    /// As it was when it was loaded, or last tried.
    tried: Stamp,
    /// As it was last seen.
    seen: Stamp,
}

impl Plugins {
    /// Loads each of these files again when it changes, whatever its new version is. Where that
    /// fails, the log says why and what served before serves on.
    ///
    /// # Errors
    /// Where the system has no thread.
    pub fn watch(&self, files: &[impl AsRef<Path>]) -> std::io::Result<Watch> {
        let ends = Arc::new(AtomicBool::new(false));
        let (inner, stop) = (self.weak(), Arc::clone(&ends));
        let file = |path: &Path| {
            let parts = parts(path, self.policy());
            let stamp = stamp(&parts);
            File { path: path.to_owned(), parts, tried: stamp.clone(), seen: stamp }
        };
        let files: Vec<_> = files.iter().map(|path| file(path.as_ref())).collect();
        let thread = thread::Builder::new().name("plug-in files".to_owned());
        let thread = thread.spawn(move || run(files, &inner, &stop))?;
        Ok(Watch { ends, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            _ = thread.join();
        }
    }
}

fn stamp(parts: &[PathBuf]) -> Stamp {
    let one = |path: &PathBuf| {
        let data = std::fs::metadata(path).ok()?;
        Some((data.modified().ok()?, data.len()))
    };
    parts.iter().map(one).collect()
}

fn parts(path: &Path, policy: &Policy) -> Vec<PathBuf> {
    let library = check(path, policy).ok().map(|checked| checked.file);
    let library = library.filter(|library| library != path);
    std::iter::once(path.to_owned()).chain(library).collect()
}

fn run(mut files: Vec<File>, plugins: &Weak<Inner>, ends: &AtomicBool) {
    while !ends.load(Ordering::Acquire) {
        thread::park_timeout(PERIOD);
        let Some(plugins) = plugins.upgrade() else { return };
        for file in &mut files {
            let now = stamp(&file.parts);
            let is_still = now == file.seen;
            file.seen.clone_from(&now);
            // A file that is gone comes back, or is a mistake that its loss would not mend.
            if is_still && now.is_some() && now != file.tried {
                file.tried = now;
                let plugins = Plugins::of(&plugins);
                changed(&plugins, &file.path);
                // A manifest may name another library by now. What is wrong with it was said.
                let parts = parts(&file.path, plugins.policy());
                if parts.len() >= file.parts.len() && parts != file.parts {
                    file.tried = stamp(&parts);
                    file.seen.clone_from(&file.tried);
                    file.parts = parts;
                }
            }
        }
    }
}

/// Puts what a file has now in the place of what it had.
fn changed(plugins: &Plugins, file: &Path) {
    let is_loaded = |name: &str| plugins.list().iter().any(|it| it.about.name == name);
    let done = plugins.name_of(file).and_then(|name| match is_loaded(&name) {
        true => plugins.update(file, false).map(drop),
        // It was withdrawn.
        false => plugins.load(&[file]),
    });
    if let Err(error) = done {
        error!("{error}");
    }
}

impl Plugins {
    /// What the plug-in of a file is called.
    fn name_of(&self, file: &Path) -> crate::Result<String> {
        let policy = self.policy();
        Ok(check(file, policy)?.open()?.1.name.clone())
    }
}
