//! A device that fails is an error, and not the end of the process.
//!
//! Vulkan's backend throws C++ exceptions. Settings of ggml's, which it reads when it opens a
//! device, make it do so; a process of its own has each of them.

use std::process::Command;

use trine_ggml::{Device, GgmlEngine, Options};
use trine_infer::gguf::File;
use trine_ternary::parallel::Serial;

use super::golden::model;
use super::has_vulkan;
use super::made::PROMPT;
use super::making::Made;

/// What tells a process that it is the one that fails.
const FAILS: &str = "TRINE_DEVICE_FAILS";
const NAME: &str = "fails::what_a_device_throws_is_an_error_wherever_it_does";

/// Opens a model and reads a prompt on Vulkan's device, and says how far it came.
fn fail() {
    let model = model(&File::parse(Made::SMALL.file().leak()).unwrap());
    let device = Device::all().into_iter().find(|device| device.backend() == "Vulkan").unwrap();
    let options = Options { batch: 32, ..Options::new(64) };
    let mut engine = match GgmlEngine::open(&model, device, &options, &Serial, |_| {}) {
        Ok(engine) => engine,
        Err(error) => return println!("not opened: {error}"),
    };
    match engine.read(&PROMPT) {
        Ok(()) => println!("read"),
        Err(error) => {
            assert!(engine.logits().is_none() && engine.tokens().is_empty());
            println!("not read: {error}");
        }
    }
}

#[test]
fn what_a_device_throws_is_an_error_wherever_it_does() {
    if std::env::var_os(FAILS).is_some() {
        return fail();
    }
    if !has_vulkan() {
        return;
    }
    for (limit, wanted) in [
        ("none", "not opened: Vulkan0 does not open: the device failed: stoull"),
        ("1000", "not opened: Vulkan0 multiplies no trits exactly"),
    ] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", NAME, "--nocapture"]).env(FAILS, "1");
        let done = command.env("GGML_VK_FORCE_MAX_BUFFER_SIZE", limit).output().unwrap();
        let text = String::from_utf8_lossy(&done.stdout);
        println!("{limit}: {text}");
        assert!(done.status.success(), "{limit}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(text.contains(wanted), "{limit}: {text}");
    }
}
