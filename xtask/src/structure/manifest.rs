//! What the workspace's own files must say.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::sh;

/// Every fault of the root manifest and cargo's configuration.
pub(crate) fn faults() -> Result<Vec<String>> {
    let read = |name: &str| parsed(&sh::read(name)?).with_context(|| name.to_owned());
    let mut faults = manifest_faults(&read("Cargo.toml")?);
    faults.extend(config_faults(&read(".cargo/config.toml")?));
    faults.extend(toolchain_faults(&sh::root()));
    Ok(faults)
}

fn parsed(text: &str) -> Result<Value> {
    Ok(toml::from_str(text)?)
}

fn manifest_faults(manifest: &Value) -> Vec<String> {
    let wanted = [("default-members", json!(["host"])), ("resolver", json!("3"))];
    let wrong = wanted.iter().filter(|(name, value)| manifest["workspace"][name] != *value);
    wrong.map(|(name, value)| format!("Cargo.toml: {name} must be {value}")).collect()
}

fn config_faults(config: &Value) -> Option<String> {
    let only = json!({ "alias": { "xtask": config["alias"]["xtask"] } });
    (*config != only).then(|| {
        ".cargo/config.toml may hold the alias `xtask` and nothing else: settings there would \
         change every build in the tree"
            .to_owned()
    })
}

fn toolchain_faults(root: &Path) -> Vec<String> {
    let pinned = ["rust-toolchain", "rust-toolchain.toml"].into_iter();
    let pinned = pinned.filter(|name| root.join(name).exists());
    pinned.map(|name| format!("{name} must not be there: rust-version is the floor")).collect()
}

#[cfg(test)]
mod tests {
    use super::{config_faults, manifest_faults, parsed, toolchain_faults};

    #[test]
    fn other_default_members_and_settings_are_found() {
        let manifest = |text: &str| manifest_faults(&parsed(text).unwrap()).len();
        assert_eq!(manifest("[workspace]\nresolver = '3'\ndefault-members = ['host']"), 0);
        assert_eq!(manifest("[workspace]\nresolver = '3'\ndefault-members = ['host', 'x']"), 1);
        assert_eq!(manifest("[workspace]"), 2);
        let is_wrong = |text: &str| config_faults(&parsed(text).unwrap()).is_some();
        assert!(!is_wrong("alias.xtask = 'run'"));
        assert!(is_wrong("alias.x = 'run'") && is_wrong(""));
        assert!(is_wrong("alias.xtask = 'run'\nbuild.target = 'x'"));
    }

    #[test]
    fn a_pinned_toolchain_is_found() {
        let folder = crate::sh::scratch("toolchain");
        assert!(toolchain_faults(&folder).is_empty());
        std::fs::write(folder.join("rust-toolchain.toml"), "").unwrap();
        assert_eq!(toolchain_faults(&folder).len(), 1);
    }
}
