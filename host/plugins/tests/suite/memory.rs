//! Memory of calls: it grows with what a call asks for, up to what the plug-in may have.

use serde_json::{Value, json};

use crate::site::Site;

fn take(site: &Site, blocks: u32, size: u32, how: &str) -> Result<Value, String> {
    site.call("take", &json!({"blocks": blocks, "size": size, "how": how}))
}

#[test]
fn a_call_has_memory_up_to_what_its_plug_in_says_and_the_next_begins_anew() {
    let sites = [(Site::new(), true), (Site::isolated(), false)];
    for (site, is_here) in &sites {
        let library = site.build("m.so", "memory.c", &["MEMORY_MAX=1000000"]);
        site.plugins.load(&[library]).unwrap();
        // It grows in segments, and each call has all of it.
        for round in 0..20 {
            assert_eq!(take(site, 90, 10_000, "well"), Ok(json!({"given": 90})), "{round}");
            let more = take(site, 1_000, 10_000, "well").unwrap()["given"].as_i64().unwrap();
            assert!((90..100).contains(&more), "{round}: {more}");
            let why = take(site, 50, 5_000, "failed").unwrap_err();
            assert!(why.contains("as it was told"), "{why}");
        }
        assert_eq!(take(site, 1, 1_000_001, "well"), Ok(json!({"given": 0})));
        assert_eq!(take(site, 3, 0, "well"), Ok(json!({"given": 3})));
        // In a program that does not have it yet there is none.
        assert_eq!(take(site, 1, 8, "old"), Ok(json!({"given": 0})));
        let most = site.plugins.usage()[0].call_memory;
        let is_counted = (900_000..=1_000_000).contains(&most);
        assert!(if *is_here { is_counted } else { most == 0 }, "{most}");
    }
}

#[test]
fn calls_at_a_time_have_memory_of_their_own() {
    let site = Site::new();
    site.plugins.load(&[site.build("m.so", "memory.c", &[])]).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let site = &site;
            scope.spawn(move || {
                for round in 0..50 {
                    let given = take(site, 100, 3_000 + thread, "well");
                    assert_eq!(given, Ok(json!({"given": 100})), "{thread} {round}");
                }
            });
        }
    });
    // Without `memory_max` it is 64 MiB.
    assert_eq!(take(&site, 2, 40_000_000, "well"), Ok(json!({"given": 1})));
}
