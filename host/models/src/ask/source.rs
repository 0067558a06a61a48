//! Models that come with the program, and files.

use std::ffi::OsStr;
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

use trine_ask::{Vocabulary, compile, program_bytes};
use trine_descriptor::ToolTable;

use super::asker::{Ask, Asker, Memory};
use super::base::{BASE, BaseAsker, OpenedBase};
use super::file::{Opened, Reading};
use super::tools::ToolList;
use crate::model::{Buffers, Mapped};
use crate::{Error, Result};

/// A model of the repository, with the tools that it was made for.
#[derive(Debug)]
pub struct BuiltIn {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The file.
    pub file: &'static [u8],
    /// The tools, as JSON.
    pub tools: &'static str,
}

/// The models that come with the program; the first is the one that is taken where none is named.
pub static BUILT_IN: &[BuiltIn] = &[BuiltIn {
    name: "board",
    file: include_bytes!("../../../../models/board.gguf"),
    tools: include_str!("../../../../firmware-example/board/tools.json"),
}];

impl BuiltIn {
    /// Whether it was made for these tools.
    fn is_for(&self, tools: &dyn ToolTable) -> bool {
        let mut buffers = Buffers::default();
        let opened = Opened::open(self.file, &mut buffers);
        opened.is_ok_and(|opened| match &opened.reading {
            Reading::Own(vocabulary) => Known::of(vocabulary).is_of(tools),
            Reading::Text(_) => false,
        })
    }
}

/// What the model for any tools is called on the command line.
pub const BASE_NAME: &str = "base";

/// Where a model is.
#[derive(Clone, Debug)]
pub enum Source {
    /// In this program, for any tools.
    Base,
    /// In this program.
    BuiltIn(&'static BuiltIn),
    /// In a file: GGUF, an image, a base, or a delta.
    File(PathBuf),
}

impl Source {
    /// The model that comes with the program by this name, or else the file. `./NAME` is a file
    /// whatever its name.
    #[must_use]
    pub fn named(name: &OsStr) -> Self {
        if name == BASE_NAME {
            return Self::Base;
        }
        let known = BUILT_IN.iter().find(|model| name == model.name);
        known.map_or_else(|| Self::File(name.into()), Self::BuiltIn)
    }

    /// The model of this program for these tools: the one that was made for them, or else the one
    /// for any tools. The first, where there are none.
    #[must_use]
    pub fn for_tools(tools: Option<&dyn ToolTable>) -> Self {
        let own = BUILT_IN.iter().find(|model| tools.is_none_or(|tools| model.is_for(tools)));
        own.map_or(Self::Base, Self::BuiltIn)
    }

    /// The bytes of the model.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes(&self) -> Result<ModelBytes> {
        match self {
            Self::Base => Ok(ModelBytes::BuiltIn(BASE)),
            Self::BuiltIn(model) => Ok(ModelBytes::BuiltIn(model.file)),
            Self::File(path) => match Mapped::open(path) {
                Ok(mapped) => Ok(ModelBytes::File(mapped)),
                Err(source) => {
                    Err(Error::NoModelFile { name: self.to_string(), included: names(), source })
                }
            },
        }
    }

    /// The tools, as JSON, that it was made for, where a model of this program was made for them.
    ///
    /// # Errors
    /// When the model cannot be read, or reads any tools, or was made for others.
    pub fn own_tools(&self) -> Result<&'static str> {
        if let Self::BuiltIn(model) = self {
            return Ok(model.tools);
        }
        let named = |error: Error| error.at(self);
        let bytes = self.bytes()?;
        if OpenedBase::is_one(&bytes) {
            return Err(named(Error::NoTools));
        }
        let mut buffers = Buffers::default();
        let opened = Opened::open(&bytes, &mut buffers).map_err(named)?;
        own_tools_json(&opened).map_err(named)
    }

    /// Opens the model and hands it with its tools to `f`: those of `tools`, or, where there are
    /// none, those of the model of this program that was made for the same.
    ///
    /// # Errors
    /// When the model cannot be read, or was made for other tools; and those of `f`.
    pub fn with<T, E: From<Error>>(
        &self,
        tools: Option<&dyn ToolTable>,
        f: impl FnOnce(&mut dyn Ask) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let named = |error: Error| error.at(self);
        let bytes = self.bytes()?;
        if OpenedBase::is_one(&bytes) {
            let opened = OpenedBase::open(&bytes).map_err(named)?;
            let Some(tools) = tools else { return Err(named(Error::NoTools).into()) };
            return f(&mut BaseAsker::new(&opened, tools).map_err(named)?);
        }
        let mut buffers = Buffers::default();
        let opened = Opened::open(&bytes, &mut buffers).map_err(named)?;
        let own = match tools {
            Some(_) => None,
            None => Some(own_tools(&opened).map_err(named)?),
        };
        let Some(table) = tools.or(own.as_ref().map(|list| list as &dyn ToolTable)) else {
            return Err(named(Error::NoTools).into());
        };
        let mut memory = Memory::default();
        let mut asker = Asker::new(table, &opened, &mut memory).map_err(named)?;
        f(&mut asker)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => f.write_str(BASE_NAME),
            Self::BuiltIn(model) => f.write_str(model.name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// The bytes of a model.
#[derive(Debug)]
pub enum ModelBytes {
    /// Of this program.
    BuiltIn(&'static [u8]),
    /// Of a file.
    File(Mapped),
}

impl Deref for ModelBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::BuiltIn(bytes) => bytes,
            Self::File(mapped) => mapped,
        }
    }
}

/// The tools that a model was made for: how many of a table, and their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    tools: u16,
    hash: u64,
}

impl Known {
    /// The tools of this model.
    #[must_use]
    pub const fn of(vocabulary: &Vocabulary<'_>) -> Self {
        Self { tools: vocabulary.tools, hash: vocabulary.hash }
    }

    /// How many they are.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.tools
    }

    /// Whether they are the first of this table.
    #[must_use]
    pub fn is_of(&self, table: &dyn ToolTable) -> bool {
        let Ok(bytes) = program_bytes(table, self.tools) else { return false };
        let mut memory = vec![0; bytes];
        compile(table, self.tools, &mut memory).is_ok_and(|program| program.hash() == self.hash)
    }
}

/// The tools that a model of this program was made for too.
fn own_tools(opened: &Opened<'_>) -> Result<ToolList> {
    ToolList::parse(own_tools_json(opened)?)
}

/// The same as JSON.
fn own_tools_json(opened: &Opened<'_>) -> Result<&'static str> {
    let Reading::Own(vocabulary) = &opened.reading else {
        return Err(Error::NoTools);
    };
    for model in BUILT_IN {
        let list = ToolList::parse(model.tools)?;
        if Known::of(vocabulary).is_of(&list) {
            return Ok(model.tools);
        }
    }
    Err(Error::UnknownTools { hash: vocabulary.hash })
}

/// The names of the models of this program.
fn names() -> String {
    let own = BUILT_IN.iter().map(|model| model.name);
    let names: Vec<&str> = std::iter::once(BASE_NAME).chain(own).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that a model may have, by its name.
    const LIMITS: [(&str, usize); 1] = [("board", 256 << 10)];

    #[test]
    fn the_base_is_within_its_size() {
        assert!(BASE.len() <= 768 << 10, "{} bytes", BASE.len());
        OpenedBase::open(BASE).unwrap();
    }

    #[test]
    fn every_model_of_the_program_is_within_its_size_and_fits_its_tools() {
        for model in BUILT_IN {
            let (_, limit) = LIMITS.iter().find(|(name, _)| *name == model.name).unwrap();
            assert!(model.file.len() <= *limit, "{}: {} bytes", model.name, model.file.len());
            let source = Source::named(OsStr::new(model.name));
            let list = ToolList::parse(model.tools).unwrap();
            source.with(Some(&list), |_| Result::Ok(())).unwrap();
            source.with(None, |asker| asker.ask(b"hello").map(drop)).unwrap();
        }
    }

    #[test]
    fn a_file_that_is_not_there_names_the_models_that_are() {
        let error = Source::named(OsStr::new("bord")).bytes().unwrap_err().to_string();
        assert!(error.contains("no model bord") && error.contains("board"), "{error}");
        assert!(matches!(Source::named(OsStr::new("./board")), Source::File(_)));
    }
}
