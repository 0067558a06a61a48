//! What the workspace's own files must say.

use std::path::Path;

use anyhow::{Context, Result};
use toml::Table;

use crate::sh;

/// Every fault of the root manifest and cargo's configuration.
pub(crate) fn faults() -> Result<Vec<String>> {
    let root = sh::root();
    let read = |name: &str| -> Result<Table> {
        let text = std::fs::read_to_string(root.join(name)).with_context(|| name.to_owned())?;
        text.parse().with_context(|| name.to_owned())
    };
    let mut faults = manifest_faults(&read("Cargo.toml")?);
    faults.extend(config_faults(&read(".cargo/config.toml")?));
    faults.extend(toolchain_faults(&root));
    Ok(faults)
}

fn manifest_faults(manifest: &Table) -> Vec<String> {
    let workspace = manifest.get("workspace");
    let default =
        workspace.and_then(|table| table.get("default-members")).and_then(|v| v.as_array());
    let only_host = default
        .is_some_and(|members| matches!(&members[..], [one] if one.as_str() == Some("host")));
    let mut faults = Vec::new();
    if !only_host {
        faults.push("Cargo.toml: default-members must be [\"host\"]".to_owned());
    }
    if workspace.and_then(|table| table.get("resolver")).and_then(|v| v.as_str()) != Some("3") {
        faults.push("Cargo.toml: resolver must be \"3\"".to_owned());
    }
    faults
}

fn config_faults(config: &Table) -> Vec<String> {
    let alias = config.get("alias").and_then(|alias| alias.as_table());
    let only = config.len() == 1
        && alias.is_some_and(|alias| alias.len() == 1 && alias.contains_key("xtask"));
    if only {
        return Vec::new();
    }
    vec![
        ".cargo/config.toml may hold the alias `xtask` and nothing else: settings there would \
         change every build in the tree"
            .to_owned(),
    ]
}

fn toolchain_faults(root: &Path) -> Vec<String> {
    ["rust-toolchain", "rust-toolchain.toml"]
        .iter()
        .filter(|name| root.join(name).exists())
        .map(|name| format!("{name} must not be there: rust-version is the floor"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{config_faults, faults, manifest_faults, toolchain_faults};

    #[test]
    fn the_workspace_says_what_it_must() {
        let faults = faults().unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn other_default_members_are_found() {
        let fine = "[workspace]\nresolver = '3'\ndefault-members = ['host']";
        assert!(manifest_faults(&fine.parse().unwrap()).is_empty());
        let more = "[workspace]\nresolver = '3'\ndefault-members = ['host', 'xtask']";
        assert_eq!(manifest_faults(&more.parse().unwrap()).len(), 1);
        assert_eq!(manifest_faults(&"[workspace]".parse().unwrap()).len(), 2);
    }

    #[test]
    fn other_settings_are_found() {
        assert!(config_faults(&"alias.xtask = 'run'".parse().unwrap()).is_empty());
        assert_eq!(config_faults(&"alias.x = 'run'".parse().unwrap()).len(), 1);
        let more = "alias.xtask = 'run'\nbuild.target = 'x'";
        assert_eq!(config_faults(&more.parse().unwrap()).len(), 1);
    }

    #[test]
    fn a_pinned_toolchain_is_found() {
        let folder = crate::sh::scratch("toolchain");
        assert!(toolchain_faults(&folder).is_empty());
        std::fs::write(folder.join("rust-toolchain.toml"), "").unwrap();
        assert_eq!(toolchain_faults(&folder).len(), 1);
    }
}
