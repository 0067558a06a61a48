//! `trine generate` on a device that fails: what went wrong is said, and the processor goes on
//! where that was asked for.
//!
//! The device is one of Vulkan's, in software where there is no other (`cargo xtask test --leg
//! gpu`), and it fails by settings of ggml's.

#![cfg(feature = "vulkan")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

/// A text on a backend, with a setting of ggml's.
fn generate(backend: &str, (name, value): (&str, &str)) -> Output {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/bitnet/plain.gguf");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(["generate", "THE CAT ", "--tokens", "20", "--threads", "1", "--model"]);
    command.arg(model).args(["--backend", backend]);
    command.env("TRINE_LOG", "off").env(name, value).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A setting that changes nothing.
const NONE: (&str, &str) = ("TRINE_LOG", "off");

#[test]
fn the_processor_goes_on_where_a_device_is_not_there_or_does_not_open_or_takes_no_model() {
    let wanted = generate("cpu", NONE);
    assert!(wanted.status.success() && !said(&wanted).contains("warning"), "{}", said(&wanted));
    for (setting, why) in [
        (("GGML_VK_VISIBLE_DEVICES", "99"), "there is no device of vulkan"),
        (("GGML_VK_FORCE_MAX_BUFFER_SIZE", "none"), "Vulkan0 does not open"),
        (("GGML_VK_FORCE_MAX_BUFFER_SIZE", "1000"), "Vulkan0 multiplies no trits exactly"),
    ] {
        let found = generate("vulkan,cpu", setting);
        assert!(found.status.success(), "{setting:?}: {}", said(&found));
        let warned = said(&found).lines().filter(|line| line.starts_with("warning: ")).count();
        assert!(warned == 1 && said(&found).contains(why), "{setting:?}: {}", said(&found));
        assert_eq!(found.stdout, wanted.stdout, "{setting:?}");
        // Without leave to go on it is an error, and nothing is written.
        let refused = generate("vulkan", setting);
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{setting:?}");
        assert!(said(&refused).contains(why), "{setting:?}: {}", said(&refused));
    }
}
