//! A plug-in that is replaced when its file changes.

use std::time::Duration;

use serde_json::json;

use crate::site::{Site, until};

#[test]
fn a_rebuilt_plug_in_takes_the_place_of_the_old_one_and_a_broken_one_never() {
    let site = Site::new();
    let path = site.build("v.so", "version.c", &["NUMBER=1"]);
    site.plugins.load(&[&path]).unwrap();
    let _watch = site.plugins.watch(&[&path]).unwrap();
    let version = || site.call("which", &json!({"id": 1})).unwrap()["version"].clone();
    for number in 2..6 {
        site.build("v.so", "version.c", &[&format!("NUMBER={number}"), "VERSION=\"3.0.0\""]);
        until("the new version does not serve", || version() == json!(number));
    }
    site.build("v.so", "version.c", &["NUMBER=7", "TEST=-1"]);
    until("it was not tried", || site.ledger().contains(&"init 7".to_owned()));
    std::fs::write(&path, "no library").unwrap();
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(version(), json!(5));
    // A file that is gone takes nothing away, and one that comes back is loaded.
    std::fs::remove_file(&path).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(version(), json!(5));
    site.build("v.so", "version.c", &["NUMBER=8"]);
    until("what came back does not serve", || version() == json!(8));
}

#[test]
fn behind_a_manifest_its_library_is_watched_and_one_that_it_names_later() {
    let site = Site::new();
    site.build("v.so", "version.c", &["NUMBER=1"]);
    let manifest = site.path("plugin.toml");
    std::fs::write(&manifest, "library = \"v.so\"").unwrap();
    site.plugins.load(&[&manifest]).unwrap();
    let _watch = site.plugins.watch(&[&manifest]).unwrap();
    let version = || site.call("which", &json!({"id": 1})).unwrap()["version"].clone();
    site.build("v.so", "version.c", &["NUMBER=2"]);
    until("the new library does not serve", || version() == json!(2));
    site.build("w.so", "version.c", &["NUMBER=3"]);
    std::fs::write(&manifest, "library = \"./w.so\"").unwrap();
    until("the other library does not serve", || version() == json!(3));
    site.build("w.so", "version.c", &["NUMBER=4"]);
    until("the other library is not watched", || version() == json!(4));
}
