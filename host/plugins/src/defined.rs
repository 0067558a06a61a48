//! Tools that JSON defines, whose calls a plug-in of Extism does.
//!
//! ```json
//! {"id": "count_vowels", "name": "Count vowels", "description": "Count the vowels of a text.",
//!  "input_schema": {"type": "object", "properties": {"text": {"type": "string"}},
//!                   "required": ["text"]},
//!  "execute": {"extism": "count_vowels.wasm", "function": "count_vowels", "input": "text"}}
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use trine_gateway::host_tools::HostTools;
use trine_gateway::json_tools::{Definition, Execute, load_file_with};
use trine_gateway::{Error, Result};
use trine_wasm::{Extism, Limits, Task};

use crate::load::{Policy, read};

/// The member that says which plug-in it is.
const PLUGIN: &str = "extism";

/// What does the calls of a tool that JSON defines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Runs {
    /// A program, started for each call.
    Program,
    /// A function of a plug-in of Extism.
    Extism {
        /// The plug-in.
        file: PathBuf,
        /// Its SHA-256.
        digest: [u8; 32],
        /// The key that signed it, by its id.
        signed_by: Option<String>,
        /// What it may use.
        limits: Limits,
    },
}

/// `execute` of a definition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    extism: PathBuf,
    function: String,
    #[serde(default)]
    config: BTreeMap<String, String>,
    input: Option<String>,
    output: Option<String>,
    sha256: Option<String>,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
}

/// Loads a tool that a file defines, done by a program or by a plug-in of Extism. Answers what does
/// its calls, too.
///
/// # Errors
/// Those of [`trine_gateway::json_tools::load_file`]; and when the plug-in is not the one that the
/// definition means, is not signed as the policy says, or cannot be loaded.
pub fn load_defined(path: &Path, policy: &Policy) -> Result<(Arc<dyn HostTools>, Runs)> {
    let runs = RefCell::new(Runs::Program);
    let tools = load_file_with(path, &|definition, execute, folder| {
        if execute.get(PLUGIN).is_none() {
            return Ok(None);
        }
        let (extism, what) = extism(definition, execute, (folder, policy))?;
        runs.replace(what);
        Ok(Some(Arc::new(extism) as Arc<dyn Execute>))
    })?;
    Ok((tools, runs.into_inner()))
}

fn wrong(member: &str, why: impl ToString) -> Error {
    let member = format!("execute/{member}");
    Error::Definition { member: member.trim_end_matches('/').to_owned(), why: why.to_string() }
}

fn extism(
    definition: &Definition,
    execute: &Value,
    (folder, policy): (&Path, &Policy),
) -> Result<(Extism, Runs)> {
    let written = Written::deserialize(execute).map_err(|why| wrong("", why))?;
    let Written { extism, function, config, input, output, sha256, limits: lower } = written;
    // All arguments have a name of their own, as which none of them is meant.
    let input = input.filter(|name| name != "json");
    if let Some(name) = &input
        && !has_property(definition, name)
    {
        let why = format!("the input schema has no property '{name}'");
        return Err(wrong("input", why));
    }
    let mut limits = policy.limits;
    for (name, value) in &lower {
        limits.lower(name, *value).map_err(|why| wrong("limits", why))?;
    }
    let file = folder.join(extism);
    let in_file = |why: String| wrong(PLUGIN, format!("{}: {why}", file.display()));
    let bytes = read(&file).map_err(in_file)?;
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    if let Some(wanted) = sha256 {
        let found = HEXLOWER_PERMISSIVE.encode(&digest);
        if !found.eq_ignore_ascii_case(&wanted) {
            return Err(wrong("sha256", format!("the plug-in has {found}")));
        }
    }
    let signed_by = policy.keys.check(&file, &bytes).map_err(in_file)?;
    let task = Task { function, config, input, output };
    let loaded = Extism::load(&bytes, task, &limits).map_err(|why| in_file(why.to_string()))?;
    Ok((loaded, Runs::Extism { file, digest, signed_by, limits }))
}

/// Whether the arguments may have a member of this name, as far as the schema lists them.
fn has_property(definition: &Definition, name: &str) -> bool {
    let schema: Option<Value> = serde_json::from_str(definition.schemas.input.text()).ok();
    let listed = schema.as_ref().and_then(|schema| schema.get("properties"));
    listed.is_none_or(|listed| listed.get(name).is_some())
}
