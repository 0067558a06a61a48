//! `trine generate` on a device that fails: what went wrong is said, and the processor goes on
//! where that was asked for; and what a model of sentences chooses on a device. `trine serve` and
//! `trine train` are tried in the same way.
//!
//! The device is one of Vulkan's, in software where there is no other (`cargo xtask test --leg
//! gpu`).

#![cfg(feature = "vulkan")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod fails;

mod sentences;
#[cfg(target_os = "linux")]
mod serving;
#[cfg(target_os = "linux")]
mod training;

use std::path::Path;
use std::process::{Command, Output};

/// Settings of a process.
type Settings<'s> = &'s [(&'s str, &'s str)];

/// A text on a backend.
fn generate(backend: &str, settings: Settings<'_>) -> Output {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/bitnet/bytes.gguf");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args([
        "generate",
        "THE CAT SAT ON THE MAT",
        "--tokens",
        "20",
        "--threads",
        "1",
        "--model",
    ]);
    command.arg(model).args(["--backend", backend]);
    command.env("TRINE_LOG", "off").envs(settings.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is said of a device that failed.
fn warnings(output: &Output) -> Vec<String> {
    let said = said(output);
    said.lines().filter(|line| line.starts_with("warning: ")).map(str::to_owned).collect()
}

/// The processor goes on with the same text, and says why it does; without leave to go on it is an
/// error, which is answered with what was written until then.
fn goes_on(wanted: &Output, settings: Settings<'_>, why: &str) -> Output {
    let found = generate("vulkan,cpu", settings);
    assert!(found.status.success(), "{settings:?}: {}", said(&found));
    let warned = warnings(&found);
    assert!(warned.len() == 1 && warned[0].contains(why), "{settings:?}: {}", said(&found));
    assert_eq!(found.stdout, wanted.stdout, "{settings:?}");
    let refused = generate("vulkan", settings);
    assert_eq!(refused.status.code(), Some(1), "{settings:?}: {}", said(&refused));
    assert!(said(&refused).contains(why), "{settings:?}: {}", said(&refused));
    assert!(wanted.stdout.starts_with(&refused.stdout), "{settings:?}");
    refused
}

#[test]
fn the_processor_goes_on_where_a_device_is_not_there_or_does_not_open_or_takes_no_model() {
    let wanted = generate("cpu", &[]);
    assert!(wanted.status.success() && warnings(&wanted).is_empty(), "{}", said(&wanted));
    for (settings, why) in [
        (&[("GGML_VK_VISIBLE_DEVICES", "99")][..], "no vulkan device found"),
        // No driver at all.
        (&[("VK_DRIVER_FILES", "/none"), ("VK_ICD_FILENAMES", "/none")], "no vulkan device found"),
        (&[("GGML_VK_FORCE_MAX_BUFFER_SIZE", "none")], "Vulkan0 does not open"),
        (&[("GGML_VK_FORCE_MAX_BUFFER_SIZE", "1000")], "Vulkan0 multiplies no trits exactly"),
    ] {
        assert!(goes_on(&wanted, settings, why).stdout.is_empty(), "{settings:?}");
    }
}
