//! `trine train` on a device that fails: the processor makes the model, and the same one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::fails::library;
use super::{Settings, said, warnings};

/// Where the files of a training are.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trained-{name}.gguf"))
}

/// The model of a training, and what it said. A board's tools, and a few steps.
fn train(name: &str, backend: &str, settings: Settings<'_>) -> (Output, Option<Vec<u8>>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = path(name);
    for ending in ["gguf", "ckpt"] {
        _ = std::fs::remove_file(out.with_extension(ending));
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args([
        "train",
        "--whole",
        "--steps",
        "3",
        "--threads",
        "2",
        "--backend",
        backend,
        "--tools",
    ]);
    command.arg(root.join("firmware-example/board/tools.json")).arg("--out").arg(&out);
    let done = command.env("TRINE_LOG", "off").envs(settings.iter().copied()).output().unwrap();
    (done, std::fs::read(out).ok())
}

#[test]
fn the_processor_trains_on_where_a_device_is_not_there_or_is_lost() {
    let (done, wanted) = train("cpu", "cpu", &[]);
    assert!(done.status.success() && warnings(&done).is_empty(), "{}", said(&done));
    assert!(wanted.is_some());
    let lost = |after| [("LD_PRELOAD", library()), ("FAILS_AT", "submit"), ("FAILS_AFTER", after)];
    for (settings, why) in [
        (&[("GGML_VK_VISIBLE_DEVICES", "99")][..], "no vulkan device found"),
        (&[("GGML_VK_FORCE_MAX_BUFFER_SIZE", "none")], "Vulkan0 does not open"),
        // While memory is filled, and in the first step.
        (&lost("2"), "ErrorDeviceLost"),
        (&lost("12"), "ErrorDeviceLost"),
    ] {
        let (found, model) = train("falls-back", "vulkan,cpu", settings);
        assert!(found.status.success(), "{settings:?}: {}", said(&found));
        let warned = warnings(&found);
        assert!(warned.len() == 1 && warned[0].contains(why), "{settings:?}: {}", said(&found));
        let was_begun = why.ends_with("Lost");
        assert_eq!(said(&found).contains("training on Vulkan0"), was_begun);
        let report = std::fs::read_to_string(path("falls-back").with_extension("md"));
        let report = report.unwrap();
        assert_eq!(report.contains(") up to step 0, then the processor."), was_begun, "{report}");
        assert!(model == wanted, "{settings:?}: another model than the processor's");
        let (refused, model) = train("refused", "vulkan", settings);
        assert_eq!(refused.status.code(), Some(1), "{settings:?}: {}", said(&refused));
        assert!(said(&refused).contains(why) && model.is_none(), "{}", said(&refused));
    }
}
