//! The bill of materials of a package: `CycloneDX` 1.6 as JSON. Nothing in it depends on when or
//! where it is made.

use anyhow::Result;
use devtools::sh;
use serde_json::{Value, json};

use super::crates::{Crate, Crates};
use super::package::VERSION;

fn purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{version}")
}

fn component(one: &Crate) -> Value {
    let reference = purl(&one.name, &one.version);
    let mut component = json!({
        "type": "library",
        "bom-ref": reference,
        "name": one.name,
        "version": one.version,
        "licenses": [{ "expression": one.licence }],
        "purl": reference,
    });
    if let Some(checksum) = &one.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if !one.repository.is_empty() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": one.repository }]);
    }
    component
}

/// The bill of a package with this name.
pub(super) fn bill(package: &str, crates: &Crates) -> Result<String> {
    let rustc = sh::output(sh::command("rustc").arg("-V"))?;
    let rust = rustc.split(' ').nth(1).unwrap_or_default();
    let std = format!("pkg:generic/rust-std@{rust}");
    let mut components: Vec<Value> = crates.values().map(component).collect();
    components.push(json!({
        "type": "library",
        "bom-ref": std,
        "name": "rust-std",
        "version": rust,
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        "purl": std,
    }));
    let mut dependencies: Vec<Value> = crates.values().map(needs).collect();
    let ours = crates.values().filter(|one| one.is_ours());
    let mut all: Vec<String> = ours.map(|one| purl(&one.name, &one.version)).collect();
    all.push(std);
    dependencies.push(json!({ "ref": package, "dependsOn": all }));
    let bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": package,
                "name": "trine",
                "version": VERSION,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&bill)? + "\n")
}

fn needs(one: &Crate) -> Value {
    let needs: Vec<String> = one.needs.iter().map(|(name, version)| purl(name, version)).collect();
    json!({ "ref": purl(&one.name, &one.version), "dependsOn": needs })
}
