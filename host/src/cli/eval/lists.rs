//! The lists that are scored: tools with labelled sentences.

use std::path::PathBuf;

use trine::{Error, Result};
use trine_models::ask::ToolList;
use trine_train::example;
use trine_train::lists::List;
use trine_train::tune::own;

use super::super::ask::ModelArgs;

/// The tools of a folder that is a list of its own.
const TOOLS: &str = "tools.json";

/// A list of tools with labelled sentences.
pub(super) struct Labelled {
    /// The list with its sentences.
    pub(super) list: List,
    /// The tools as models read them.
    pub(super) tools: ToolList,
    /// What of the tools has no form here, in words.
    pub(super) left_out: Vec<String>,
}

/// The lists of some paths: each folder with tools is one, and all files together are one, for the
/// tools that are named or those of the model.
pub(super) fn gather(paths: &[PathBuf], model: &ModelArgs) -> Result<Vec<Labelled>> {
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().partition(|path| path.join(TOOLS).is_file());
    let mut lists = Vec::new();
    if !files.is_empty() {
        let (name, text) = own_tools(model)?;
        lists.push(labelled(&name, &text, &name, &files)?);
    } else if model.tools.is_some() {
        eprintln!("note: --tools is not used: each folder has a {TOOLS}");
    }
    for folder in folders {
        let path = folder.join(TOOLS);
        let text = std::fs::read_to_string(&path).map_err(|error| Error::read(&path, error))?;
        let whole = folder.display().to_string();
        let short = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let is_new = |name: &String| lists.iter().all(|one| one.list.name != *name);
        let name = short.filter(is_new).unwrap_or(whole);
        lists.push(labelled(&name, &text, &path.display().to_string(), &[folder])?);
    }
    let several = lists.len() > 1;
    for list in &mut lists {
        let name = &list.list.name;
        let named = list.tools.left_out().iter();
        let named =
            named.map(|one| if several { format!("{name}: {one}") } else { one.to_string() });
        list.left_out = named.collect();
    }
    Ok(lists)
}

/// The tools of the files, with what they are called.
fn own_tools(model: &ModelArgs) -> Result<(String, String)> {
    if let Some(path) = &model.tools {
        let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
        return Ok((path.display().to_string(), text));
    }
    let source = model.source(None);
    Ok((source.to_string(), source.own_tools()?.to_owned()))
}

/// A list of this name with the sentences of files and folders.
fn labelled(name: &str, text: &str, place: &str, paths: &[&PathBuf]) -> Result<Labelled> {
    let tools = ToolList::parse(text).map_err(|error| Error::from(error).at(place))?;
    let mut list = own::list(text).map_err(|error| Error::from(error).at(place))?;
    list.name = name.to_owned();
    for path in paths {
        let before = list.records.len();
        for file in example::files(path)? {
            let records = own::read(&list, &file)?;
            list.records.extend(records);
        }
        if list.records.len() == before {
            return Err(Error::NoSentences { path: path.to_path_buf() });
        }
    }
    Ok(Labelled { list, tools, left_out: Vec::new() })
}
