//! How far ahead memory is asked for weights, as is best on this machine: measured with the first
//! large model, and kept in a file.
//!
//! The file is JSON. It has an object for each processor, instruction set and number of threads,
//! and in it for each packing the two distances of [`Ahead`] in bytes, or `null` where none was
//! better than those of the kernels. What is no such file counts as none. Whoever deletes it has
//! all measured again.

mod measure;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use trine_ternary::parallel::Parallel;
use trine_ternary::{Ahead, Matrix, Packing};

use super::Loaded;
use crate::sys::processor_name;

/// The name of the file.
const FILE: &str = "ahead.json";
/// Weights that caches may hold are asked for in time anyhow: fewer bytes are not measured.
const LEAST: usize = 64 << 20;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Says in which folder measured distances are kept. Without one, kernels have their own.
pub fn keep_ahead_in(folder: PathBuf) {
    // What was said first stays.
    _ = FOLDER.set(folder);
}

/// What a model was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It is small, or its weights are read without asking ahead.
    NotAsked,
    /// The file had it.
    Kept(Option<Ahead>),
    /// It was measured, and kept.
    Measured(Option<Ahead>),
}

impl Loaded<'_> {
    /// Has memory asked for this model's weights as far ahead as is best on this machine with the
    /// threads of a pool: by the file of the folder that was said, or measured and kept there.
    pub fn ask_ahead(&self, pool: &dyn Parallel) {
        if let Some(folder) = FOLDER.get() {
            found(self, pool, folder, LEAST);
        }
    }

    /// The ternary matrices of its blocks in one packing, in the order in which a token needs them.
    fn matrices(&self, packing: Packing) -> Vec<&Matrix<'_>> {
        let blocks = self.model.weights().layers.iter();
        let all = blocks.flat_map(|block| {
            [&block.q, &block.k, &block.v, &block.output, &block.gate, &block.up, &block.down]
        });
        all.map(|linear| &linear.matrix).filter(|it| it.packing() == packing).collect()
    }
}

/// Sets what is kept or measured for a model of that many bytes or more.
fn found(loaded: &Loaded<'_>, pool: &dyn Parallel, folder: &Path, least: usize) -> Found {
    let Some(packing) = loaded.model.weights().layers.first().map(|it| it.q.matrix.packing())
    else {
        return Found::NotAsked;
    };
    let matrices = loaded.matrices(packing);
    let bytes: usize = matrices.iter().map(|matrix| matrix.bytes().len()).sum();
    if !Ahead::is_used(packing) || bytes < least {
        return Found::NotAsked;
    }
    let path = folder.join(FILE);
    let machine = machine(loaded.model.kernels().isa().name(), pool.threads());
    let mut kept = Kept::read(&path);
    if let Some(ahead) = kept.get(&machine, packing) {
        Ahead::say(packing, ahead);
        return Found::Kept(ahead);
    }
    let ahead = measure::best(loaded.model.kernels(), &matrices, pool);
    Ahead::say(packing, ahead);
    kept.set(&machine, packing, ahead);
    // A folder that cannot be written to costs the measurement each time, and nothing else.
    _ = kept.write(&path);
    Found::Measured(ahead)
}

/// What the best distances depend on.
fn machine(isa: &str, threads: usize) -> String {
    let processor = processor_name().unwrap_or_else(|| "a processor".to_owned());
    format!("{processor}, {isa}, {threads} threads")
}

/// What was measured, by machine and packing.
#[derive(Debug, Default, PartialEq)]
struct Kept(Map<String, Value>);

impl Kept {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        Self(serde_json::from_str(&text).unwrap_or_default())
    }

    /// The distances, `None` in it being those of the kernels; `None` where nothing is kept.
    #[expect(clippy::option_option, reason = "two questions: whether, and what")]
    fn get(&self, machine: &str, packing: Packing) -> Option<Option<Ahead>> {
        let kept = self.0.get(machine)?.get(name(packing))?;
        if kept.is_null() {
            return Some(None);
        }
        let distance = |name| u16::try_from(kept.get(name)?.as_u64()?).ok();
        Some(Some(Ahead { soon: distance("soon")?, far: distance("far")? }))
    }

    fn set(&mut self, machine: &str, packing: Packing, ahead: Option<Ahead>) {
        let value = ahead.map(|Ahead { soon, far }| json!({ "soon": soon, "far": far }));
        let of_machine = self.0.entry(machine).or_insert_with(|| json!({}));
        if !of_machine.is_object() {
            *of_machine = json!({});
        }
        of_machine[name(packing)] = value.unwrap_or_default();
    }

    /// Writes the file, whole or not at all.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            make(folder)?;
        }
        let new = path.with_extension(format!("new-{}", std::process::id()));
        fs::write(&new, serde_json::to_string_pretty(&self.0)? + "\n")?;
        fs::rename(&new, path).inspect_err(|_| drop(fs::remove_file(&new)))
    }
}

/// Makes a folder, and those above it, unless they are there. It may have keys later: where users
/// are told apart by modes, its own alone may enter it.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

const fn name(packing: Packing) -> &'static str {
    match packing {
        Packing::PanelBase3 => "base3",
        _ => "2bit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, Buffers, HeadFormat, Pool, Shape, Weights};

    const AHEAD: Ahead = Ahead { soon: 1024, far: 8192 };

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn what_is_kept_is_by_machine_and_packing() {
        let (folder, [two, three]) = (folder("kept"), [Packing::Panel2Bit, Packing::PanelBase3]);
        let path = folder.join("deep").join(FILE);
        let mut kept = Kept::read(&path);
        assert_eq!(kept, Kept::default());
        kept.set("a", two, Some(AHEAD));
        kept.set("b", three, None);
        kept.write(&path).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let mode = fs::metadata(path.parent().unwrap()).unwrap().mode();
            assert_eq!(mode & 0o777, 0o700, "keys may come to lie in it");
        }
        let mut kept = Kept::read(&path);
        assert_eq!((kept.get("a", two), kept.get("a", three)), (Some(Some(AHEAD)), None));
        assert_eq!((kept.get("b", two), kept.get("b", three)), (None, Some(None)));
        kept.set("a", two, None);
        assert_eq!(kept.get("a", two), Some(None));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_measured_anew() {
        let folder = folder("foreign");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(FILE);
        for text in ["", "[]", "{\"a\": 7}", "{\"a\": {\"base3\": {\"soon\": 70000, \"far\": 0}}}"]
        {
            fs::write(&path, text).unwrap();
            let mut kept = Kept::read(&path);
            assert_eq!(kept.get("a", Packing::PanelBase3), None, "{text}");
            kept.set("a", Packing::PanelBase3, Some(AHEAD));
            assert_eq!(kept.get("a", Packing::PanelBase3), Some(Some(AHEAD)), "{text}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_model_is_measured_once_and_then_read_from_the_file() {
        let folder = folder("once");
        let mut bytes = Vec::new();
        model::make(&Shape::tiny(Weights::I2S, HeadFormat::F16), 1, &mut bytes, |_| ()).unwrap();
        let (pool, mut buffers) = (Pool::new(2).unwrap(), Buffers::default());
        let loaded = Loaded::open(&bytes, &mut buffers, Some(Packing::PanelBase3), &pool).unwrap();
        assert_eq!(found(&loaded, &pool, &folder, LEAST), Found::NotAsked, "it is small");
        assert!(!folder.exists());
        if Ahead::is_used(Packing::PanelBase3) {
            let Found::Measured(ahead) = found(&loaded, &pool, &folder, 0) else { panic!() };
            assert_eq!(found(&loaded, &pool, &folder, 0), Found::Kept(ahead));
            assert_eq!(Ahead::said(Packing::PanelBase3), ahead);
            fs::remove_dir_all(&folder).unwrap();
        }
        Ahead::say(Packing::PanelBase3, None);
    }
}
