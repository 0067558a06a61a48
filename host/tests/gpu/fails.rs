//! Devices that fail while they are at it, by `fails.c`.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::{Settings, generate, goes_on, said};

/// `fails.c`, compiled, and what we were told to load first.
pub(super) fn library() -> &'static str {
    static ONCE: OnceLock<String> = OnceLock::new();
    ONCE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fails.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gpu/fails.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&path).arg(source);
        assert!(cc.arg("-ldl").status().unwrap().success(), "{cc:?}");
        let told = std::env::var("LD_PRELOAD").unwrap_or_default();
        format!("{}:{told}", path.display())
    })
}

/// How often a device was asked for what can fail: submissions, allocations.
pub(super) fn asked(output: &Output) -> [u64; 2] {
    let said = said(output);
    let line = said.lines().find(|line| line.contains(" submissions, ")).unwrap();
    let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
    [(); 2].map(|()| numbers.next().unwrap())
}

/// The text of the processor, and what a device that does not fail was asked for.
fn whole() -> (Output, [u64; 2]) {
    let wanted = generate("cpu", &[]);
    let found = generate("vulkan", &[("LD_PRELOAD", library())]);
    assert!(found.status.success(), "{}", said(&found));
    assert_eq!(found.stdout, wanted.stdout);
    let asked = asked(&found);
    assert!(asked.iter().all(|count| *count > 0), "{asked:?}");
    (wanted, asked)
}

#[test]
fn the_processor_goes_on_where_a_device_is_lost_and_writes_no_token_twice() {
    let (wanted, [submissions, _]) = whole();
    let mut begun = 0;
    // While the device is tried and filled, in the prompt, and in the text.
    for after in (0..4).map(|quarter| submissions * quarter / 4).chain([submissions - 1]) {
        for at in ["submit", "wait"] {
            let after = after.to_string();
            let settings: Settings<'_> =
                &[("LD_PRELOAD", library()), ("FAILS_AT", at), ("FAILS_AFTER", &after)];
            let refused = goes_on(&wanted, settings, "ErrorDeviceLost");
            begun += usize::from(!refused.stdout.is_empty());
        }
    }
    assert!(begun >= 3, "{begun} were lost in the middle of the text");
}

#[test]
fn the_processor_goes_on_where_a_device_that_was_found_by_itself_is_lost() {
    let (wanted, [submissions, _]) = whole();
    let after = (submissions * 3 / 4).to_string();
    let settings: Settings<'_> = &[
        ("LD_PRELOAD", library()),
        ("FAILS_AT", "wait"),
        ("FAILS_AFTER", &after),
        ("FAILS_NAME", "A graphics processor"),
    ];
    let found = generate("auto", settings);
    assert!(found.status.success(), "{}", said(&found));
    // It was taken, and then lost.
    assert!(said(&found).contains("Vulkan0 (A graphics processor): "), "{}", said(&found));
    assert!(said(&found).contains("warning: the device failed: "), "{}", said(&found));
    assert!(said(&found).contains("ErrorDeviceLost"), "{}", said(&found));
    assert_eq!(found.stdout, wanted.stdout);
}

#[test]
fn the_processor_goes_on_where_a_device_has_less_memory_than_it_says() {
    let (wanted, [_, allocations]) = whole();
    for after in [0, 1, allocations / 2, allocations - 1] {
        let after = after.to_string();
        let settings: Settings<'_> =
            &[("LD_PRELOAD", library()), ("FAILS_AT", "memory"), ("FAILS_AFTER", &after)];
        // ggml says so in words of its own, or throws what Vulkan calls it.
        goes_on(&wanted, settings, "emory");
    }
}
