//! The sets of features with which the dispatcher ships. Its properties compile and hold for each.

use anyhow::Result;

use crate::sh;

/// What ships: the manifest and its features that make it, and the features of `trine-dispatch`
/// that these choose.
struct FeatureSet {
    manifest: &'static str,
    chosen: &'static str,
    features: &'static str,
    /// Whether each run of the legs tests it. The soak tests all of them.
    is_in_leg: bool,
}

const C: &str = "ffi/api/Cargo.toml";
const FIRMWARE: &str = "firmware-example/rust/Cargo.toml";

/// Every set, but for that of the programs: `trine` and its gateway have all features, as a plain
/// `cargo test` does. A test reads the manifests, so that none is forgotten.
static SHIPPED: [FeatureSet; 10] = [
    set(C, "base", "ports", true),
    set(C, "policy", "check consent content ports progress short status", true),
    set(C, "mcp", "check consent content local ports progress short status", false),
    set(
        C,
        "full",
        "bus check consent content factory local packet ports progress secure short status",
        // The leg has it with `ask` and `resources` on top.
        false,
    ),
    set(
        C,
        "resources",
        "bus check consent content factory local packet ports progress resources secure short \
         status",
        false,
    ),
    set(
        C,
        "sentences",
        "ask bus check consent content factory local packet ports progress resources secure \
         short status",
        true,
    ),
    set(FIRMWARE, "", "consent content factory ports progress short status", true),
    set(FIRMWARE, "keyed", "consent content factory ports progress secure short status", false),
    set(FIRMWARE, "ask", "ask consent content factory ports progress short status", false),
    set(
        FIRMWARE,
        "keyed ask",
        "ask consent content factory ports progress secure short status",
        true,
    ),
];

const fn set(
    manifest: &'static str,
    chosen: &'static str,
    features: &'static str,
    is_in_leg: bool,
) -> FeatureSet {
    FeatureSet { manifest, chosen, features, is_in_leg }
}

/// The leg: the properties with the sets that are marked for it, and the dispatcher's other tests
/// with the smallest, where the most is missing.
pub(crate) fn leg() -> Result<()> {
    for set in SHIPPED.iter().filter(|set| set.is_in_leg) {
        // No `PROPTEST_CASES`: what other legs compile would be stale, since `trine-bits` reads it.
        test(
            set,
            if set.features == "ports" { &["properties", "suite"] } else { &["properties"] },
            None,
        )?;
    }
    small()
}

/// What is of `libtrine_small.a`: the code of 32 bits, on a machine of 64.
const SMALL: &str = "trine-bits trine-descriptor trine-mcp trine-dispatch trine-c-api";

/// A compiler of the workspace's crates alone: what is from outside stays as other legs have it.
const COMPILER: &str = "#!/bin/sh\nexec \"$@\" --cfg trine_small\n";

/// The tests of the crates of libtrine without what is there for speed on 64 bits.
fn small() -> Result<()> {
    let folder = sh::target_dir().join("small");
    let compiler = folder.join("compiler");
    sh::script(&compiler, COMPILER)?;
    let mut cargo = sh::cargo();
    cargo.args(["test", "--lib", "--tests"]).args(SMALL.split(' ').flat_map(|name| ["-p", name]));
    cargo.env("CARGO_TARGET_DIR", &folder).env("CARGO_BUILD_BUILD_DIR", sh::target_dir());
    sh::run(cargo.env("RUSTC_WORKSPACE_WRAPPER", compiler))
}

/// The part of a soak: the properties with every set, each in so many cases. Answers how many sets.
pub(crate) fn soak(cases: &str) -> Result<usize> {
    SHIPPED.iter().try_for_each(|set| test(set, &["properties"], Some(cases)))?;
    Ok(SHIPPED.len())
}

fn test(set: &FeatureSet, tests: &[&str], cases: Option<&str>) -> Result<()> {
    println!("{} {}: {}", set.manifest, set.chosen, set.features);
    let mut cargo = sh::cargo();
    cargo.args(["test", "-p", "trine-dispatch", "--no-default-features", "--features"]);
    cargo.arg(set.features).args(tests.iter().flat_map(|test| ["--test", test]));
    if let Some(cases) = cases {
        cargo.env("PROPTEST_CASES", cases).env_remove("PROPTEST_RNG_SEED");
    }
    sh::run(&mut cargo)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{C, FIRMWARE, SHIPPED};
    use crate::sh;

    type Names = BTreeSet<String>;

    fn manifest(path: &str) -> Value {
        toml::from_str(&sh::read(path).unwrap()).unwrap()
    }

    fn names(list: &Value) -> Names {
        list.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
    }

    fn words(text: &str) -> Names {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// What a manifest always asks of `trine-dispatch`, for one target or for all.
    fn always(manifest: &Value) -> Names {
        let targets = manifest["target"].as_object().into_iter().flatten().map(|(_, one)| one);
        let of = |one: &Value| names(&one["dependencies"]["trine-dispatch"]["features"]);
        targets.chain([manifest]).flat_map(of).collect()
    }

    /// The features of `trine-dispatch` that these features of a manifest choose.
    fn resolved(manifest: &Value, chosen: &Names) -> Names {
        let (mut found, mut left) = (always(manifest), Vec::from_iter(chosen.clone()));
        while let Some(name) = left.pop() {
            let feature = &manifest["features"][&name];
            assert!(feature.is_array(), "there is no feature `{name}`");
            for one in names(feature) {
                match one.split_once(['/', ':']) {
                    Some(("trine-dispatch", feature)) => drop(found.insert(feature.to_owned())),
                    Some(_) => (),
                    None => left.push(one),
                }
            }
        }
        found
    }

    /// Every set that some choice of features makes, which is what they choose together.
    fn all_sets(manifest: &Value) -> BTreeSet<Names> {
        let features = manifest["features"].as_object().unwrap().keys();
        let mut sets = BTreeSet::from([resolved(manifest, &Names::new())]);
        for feature in features {
            let own = resolved(manifest, &Names::from([feature.clone()]));
            sets.extend(sets.clone().iter().map(|set| set | &own));
        }
        sets.remove(&Names::new());
        sets
    }

    fn listed(path: &str) -> BTreeSet<Names> {
        SHIPPED.iter().filter(|set| set.manifest == path).map(|set| words(set.features)).collect()
    }

    #[test]
    fn every_set_of_features_that_a_manifest_can_choose_is_listed() {
        for path in [C, FIRMWARE] {
            assert_eq!(all_sets(&manifest(path)), listed(path), "{path}");
        }
        for set in &SHIPPED {
            let found = resolved(&manifest(set.manifest), &words(set.chosen));
            assert_eq!(found, words(set.features), "{} {}", set.manifest, set.chosen);
        }
    }

    #[test]
    fn the_boards_ask_for_nothing_that_the_firmware_lacks() {
        let firmware = always(&manifest(FIRMWARE));
        for board in ["board", "motorboat"] {
            let asked = always(&manifest(&format!("firmware-example/{board}/Cargo.toml")));
            assert!(asked.is_subset(&firmware), "{board}: {asked:?}");
        }
    }

    #[test]
    fn a_plain_test_has_every_feature_as_the_programs_have() {
        let dispatch = manifest("core/dispatch/Cargo.toml");
        let all = dispatch["features"].as_object().unwrap().keys().cloned();
        let all: Names = all.filter(|name| name != "default").collect();
        assert_eq!(names(&dispatch["features"]["default"]), all);
        for program in ["host", "host/gateway"] {
            let asked = always(&manifest(&format!("{program}/Cargo.toml")));
            assert_eq!(asked, words("default"), "{program}");
        }
    }

    #[test]
    fn a_new_profile_is_found() {
        let mut changed = manifest(C);
        changed["features"]["remote"] = serde_json::json!(["mcp", "trine-dispatch/announce"]);
        let new = words("announce check consent content local ports progress short status");
        assert!(all_sets(&changed).contains(&new) && !listed(C).contains(&new));
    }

    #[test]
    fn libtrine_has_no_profile_that_its_api_lacks() {
        let (library, api) = (manifest("ffi/artifact/Cargo.toml"), manifest(C));
        for feature in library["features"].as_object().unwrap().values() {
            for name in names(feature) {
                let of_api = name.strip_prefix("trine-c-api/");
                assert!(of_api.is_none_or(|name| api["features"][name].is_array()), "{name}");
            }
        }
    }
}
