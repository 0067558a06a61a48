//! The loaded models.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use trine_infer::gguf::File;
use trine_infer::image::MAGIC;
use trine_infer::{Config, Layer, Weights};
use trine_ternary::Packing;

use super::place::Place;
use super::together::Several;
use super::worker::{Job, Worker};
use crate::model::Mapped;
use crate::{Error, Result};

/// Texts that are written at the same time with a model, where nothing else is said.
pub const TEXTS: usize = 8;

/// Where models are, and how much memory they may take together.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The folder in which models are; a client reaches no file outside it.
    pub folder: PathBuf,
    /// Bytes that loaded models may take, their mapped files included. What they take of a device's
    /// memory is not counted.
    pub bytes: usize,
    /// Where they are computed.
    pub place: Place,
    /// Texts that are written at the same time with a model, on the processor: as many as there is
    /// memory for in half of what the model leaves of `bytes`, and one at least.
    pub texts: usize,
}

/// A file at a time: when it is replaced, it is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    path: PathBuf,
    length: u64,
    changed: Option<SystemTime>,
}

impl Version {
    fn of(path: PathBuf) -> Result<Self> {
        let about = std::fs::metadata(&path).map_err(|error| Error::read(&path, error))?;
        Ok(Self { length: about.len(), changed: about.modified().ok(), path })
    }
}

/// A model that is loaded, or being loaded.
#[derive(Debug)]
struct Held {
    version: Version,
    bytes: usize,
    worker: Worker,
}

/// All of them; who was used last is last.
#[derive(Debug)]
pub(super) struct Models {
    limits: Limits,
    held: Vec<Held>,
}

impl Models {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, held: Vec::new() }
    }

    /// How many there are, and their bytes.
    pub(super) fn usage(&self) -> (usize, usize) {
        (self.held.len(), self.held.iter().map(|held| held.bytes).sum())
    }

    /// Whether this model is loaded, or being loaded.
    #[cfg(test)]
    pub(super) fn is_loaded(&self, version: &Version) -> bool {
        self.held.iter().any(|held| held.version == *version)
    }

    /// The model of this name, as its file is now.
    ///
    /// # Errors
    /// When there is no such file in the folder.
    pub(super) fn find(&self, name: &str) -> Result<Version> {
        let folder = self.limits.folder.canonicalize();
        let folder = folder.map_err(|error| Error::read(&self.limits.folder, error))?;
        // The same words for what is not there and for what is elsewhere: no one learns which.
        let path = folder.join(name).canonicalize().ok().filter(|path| path.starts_with(&folder));
        Version::of(path.ok_or_else(|| Error::UnknownModel { name: name.to_owned() })?)
    }

    /// Has a model do a job, and loads it if it is not loaded.
    ///
    /// # Errors
    /// When the file is no model, or it does not fit beside those that are busy.
    pub(super) fn order(&mut self, version: Version, job: Job) -> Result<()> {
        // What the file was before is another model, which ends its work by itself.
        let same_path = |held: &Held| held.version.path == version.path;
        if let Some(at) = self.held.iter().position(same_path) {
            let held = self.held.remove(at);
            if held.version == version && !held.worker.is_gone() {
                held.worker.order(job);
                self.held.push(held);
                return Ok(());
            }
            held.worker.release();
        }
        let needs = Needs::of(&version.path)?;
        let form = needs.form(self.limits.bytes).inspect_err(|error| {
            // What is left is said aloud, once for each call that wanted more.
            let path = version.path.display();
            eprintln!(
                "warning: {path}: {}: no text is generated with it; sentences still become calls \
                 by `ask`",
                error.chain()
            );
        })?;
        let bytes = needs.bytes(form);
        self.make_room(bytes)?;
        if form == Form::AsInFile {
            eprintln!(
                "warning: {}: packed for this processor it takes {} bytes, the limit is {}: it is \
                 computed as it is in the file, which is slower",
                version.path.display(),
                needs.bytes(Form::Packed),
                self.limits.bytes
            );
        }
        let left = self.limits.bytes.saturating_sub(bytes) / 2;
        let several = Several { texts: self.limits.texts, bytes: left };
        let worker = Worker::start(&version.path, (self.limits.place, form), several)?;
        worker.order(job);
        self.held.push(Held { version, bytes, worker });
        Ok(())
    }

    /// Drops those that could not be loaded, so that they are tried again, or whose device failed.
    pub(super) fn forget_gone(&mut self) {
        self.held.retain(|held| !held.worker.is_gone());
    }

    /// Ends all threads and frees all memory, when what is being written is finished.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }

    /// Drops models that are not in use, the longest unused first, until there is room.
    fn make_room(&mut self, bytes: usize) -> Result<()> {
        // Those that can do nothing more have no claim.
        self.forget_gone();
        while self.usage().1.saturating_add(bytes) > self.limits.bytes {
            let idle = self.held.iter().position(|held| held.worker.is_idle());
            self.held.remove(idle.ok_or(Error::ModelsBusy)?);
        }
        Ok(())
    }
}

/// How a model lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its matrices are packed once more, as our own engine computes them fastest.
    Packed,
    /// As it is in its file, which is mapped.
    AsInFile,
}

/// Bytes that a model takes.
#[derive(Clone, Copy, Debug)]
struct Needs {
    file: usize,
    /// Its matrices, when they are packed in another way.
    packed: usize,
}

impl Needs {
    fn of(path: &Path) -> Result<Self> {
        let bytes = Mapped::open(path).map_err(|error| Error::read(path, error))?;
        let file = bytes.len();
        if bytes.starts_with(&MAGIC) {
            return Ok(Self { file, packed: 0 });
        }
        let packed = packed_bytes(&bytes).map_err(|error| error.at(path.display()))?;
        Ok(Self { file, packed })
    }

    const fn bytes(&self, form: Form) -> usize {
        match form {
            Form::Packed => self.file.saturating_add(self.packed),
            Form::AsInFile => self.file,
        }
    }

    /// The fastest form that takes at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::ModelTooLarge`] when none does.
    fn form(&self, limit: usize) -> Result<Form> {
        let fits = |form: &Form| self.bytes(*form) <= limit;
        let form = [Form::Packed, Form::AsInFile].into_iter().find(fits);
        form.ok_or(Error::ModelTooLarge { needed: self.file, limit })
    }
}

fn packed_bytes(bytes: &[u8]) -> Result<usize> {
    let file = File::parse(bytes)?;
    let config = Config::from_gguf(&file)?;
    let mut layers = vec![Layer::EMPTY; config.layers];
    let weights = Weights::from_gguf(&file, &config, &mut layers)?;
    Ok(weights.repacked_bytes(Packing::PanelBase3)?)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::super::tests::Folder;
    use super::super::worker::{Job, Tell, Written};
    use super::{Limits, Models, Place};

    /// Has a model write two tokens.
    fn write(models: &mut Models, name: &str) -> Written {
        let (told, tells) = channel();
        let job = Job {
            prompt: "x".into(),
            max_tokens: 2,
            temperature: 0.0,
            seed: 0,
            cancelled: std::sync::Arc::default(),
            ends: std::sync::Arc::default(),
            tell: Box::new(move |tell| drop(told.send(tell))),
        };
        let version = models.find(name).unwrap();
        models.order(version, job).unwrap();
        tells
            .iter()
            .find_map(|tell| if let Tell::Done(done) = tell { Some(done) } else { None })
            .unwrap()
    }

    #[test]
    fn the_model_goes_that_was_not_used_for_the_longest_time() {
        let folder = Folder::new("lru");
        let size =
            ["a", "b", "c"].map(|name| folder.model(name, 1, 64).metadata().unwrap().len())[0];
        // Room for two: each takes its file and less than half of that for its packed weights.
        let limits = Limits {
            folder: folder.0.clone(),
            bytes: 3 * size as usize,
            place: Place::Processor,
            texts: 4,
        };
        let mut models = Models::new(limits);
        let loaded = |models: &Models| {
            ["a", "b", "c"].map(|name| models.is_loaded(&models.find(name).unwrap()))
        };
        assert_eq!(loaded(&models), [false; 3]);
        assert!(write(&mut models, "a").load > Duration::ZERO);
        assert_eq!(write(&mut models, "a").load, Duration::ZERO, "it is there");
        write(&mut models, "b");
        write(&mut models, "a");
        assert_eq!(loaded(&models), [true, true, false]);
        write(&mut models, "c");
        assert_eq!(loaded(&models), [true, false, true], "b was used last before a");
        let (count, bytes) = models.usage();
        assert!(count == 2 && bytes > 2 * size as usize && bytes <= 3 * size as usize);
        models.clear();
        assert_eq!(models.usage(), (0, 0));
        assert!(write(&mut models, "a").load > Duration::ZERO, "it was gone");
    }
}
