//! `trine generate` and `trine model pack` as programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn trine(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(args).env("TRINE_LOG", "off").env_remove("TRINE_MODEL").output().unwrap()
}

/// What a command prints that succeeds.
fn printed(args: &[&str]) -> String {
    let output = trine(args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a command says that fails.
fn refused(args: &[&str]) -> String {
    let output = trine(args);
    assert!(!output.status.success(), "{args:?}");
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

fn golden(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    folder.join(name).to_str().unwrap().to_owned()
}

/// A file of its own for one test.
fn scratch(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("generate");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name).to_str().unwrap().to_owned()
}

fn generate(model: &str, more: &[&str]) -> String {
    printed(&[&["generate", "--model", model, "THE CAT ", "--tokens", "20"], more].concat())
}

#[test]
fn threads_packings_and_images_write_the_same_text() {
    let model = golden("bitnet/bytes.gguf");
    let text = generate(&model, &["--threads", "1", "--in-place"]);
    assert_eq!(
        text.chars().count(),
        21,
        "a token is a character, and a line end follows: {text:?}"
    );
    assert_eq!(generate(&model, &["--threads", "3"]), text);
    for packing in ["keep", "line2", "line16", "look4", "look5", "pairs"] {
        let image = scratch(&format!("{packing}.trnm"));
        let said = printed(&["model", "pack", &model, "-o", &image, "--packing", packing]);
        let size = std::fs::metadata(&image).unwrap().len().to_string();
        assert_eq!(said.replace(',', ""), format!("{image}: {size} bytes\n"));
        assert_eq!(generate(&image, &["--in-place"]), text, "{packing}");
    }
}

#[test]
fn a_seed_draws_the_same_text_and_another_one_another() {
    let model = golden("bitnet/bytes.gguf");
    let draw = |seed| generate(&model, &["--temperature", "1.5", "--seed", seed]);
    assert_eq!(draw("1"), draw("1"));
    assert_ne!(draw("1"), draw("2"));
}

#[test]
fn a_full_context_ends_the_text_and_a_shift_goes_on() {
    let model = golden("bitnet/bytes.gguf");
    let text = generate(&model, &["--context", "12"]);
    // Eight tokens of prompt; four that find room, and one that is chosen and not read.
    assert_eq!(text.chars().count(), 5 + 1);
    let text = generate(&model, &["--context", "12", "--shift"]);
    assert_eq!(text.chars().count(), 20 + 1);
}

#[test]
fn what_cannot_be_done_is_said() {
    let model = golden("bitnet/bytes.gguf");
    let generate = |model: &str, prompt: &str, more: &[&str]| {
        refused(&[&["generate", "--model", model, prompt], more].concat())
    };
    assert!(generate("/no/such.gguf", "A", &[]).starts_with("trine: cannot read /no/such.gguf: "));
    assert_eq!(generate(&model, "a", &[]), "trine: token 97 is not in the vocabulary\n");
    let empty = generate(&model, "", &[]);
    assert!(empty.starts_with("trine: the prompt is empty, and the model has no token"), "{empty}");
    let top_p = generate(&model, "A", &["--top-p", "2", "--temperature", "1"]);
    assert_eq!(top_p, "trine: top-p must be from 0 to 1\n");
    assert!(generate(&model, "A", &["--layers", "1"]).contains("--layers needs a GPU"));
    let text = scratch("text");
    std::fs::write(&text, "no model").unwrap();
    assert!(generate(&text, "A", &[]).contains("GGUF"));
    let image = scratch("damaged.trnm");
    let mut bytes = std::fs::read(golden("model/plain.trnm")).unwrap();
    bytes.truncate(1000);
    std::fs::write(&image, bytes).unwrap();
    assert!(generate(&image, "A", &[]).contains("not as long as its header says"));
    let wrong = refused(&["model", "pack", &image, "-o", &scratch("out.trnm")]);
    assert!(wrong.contains("damaged.trnm: "), "{wrong}");
}

#[test]
fn a_measurement_says_speed_memory_and_bytes() {
    let model = golden("bitnet/bytes.gguf");
    let args = ["bench", &model, "--prompt", "8", "--tokens", "4", "--rounds", "2", "--json"];
    let said: serde_json::Value =
        serde_json::from_str(&printed(&[&args[..], &["--threads", "2"]].concat())).unwrap();
    assert_eq!(said["threads"], 2);
    assert_eq!((&said["prefill"]["tokens"], &said["decode"]["tokens"]), (&8.into(), &4.into()));
    for rate in [&said["prefill"], &said["decode"]] {
        assert!(rate["tokens_per_s"].as_f64().unwrap() > 0.0, "{said}");
    }
    // Two blocks of 128 and 256 columns in `PanelBase3`, and a head of 96 rows in half precision:
    // panels of 32 rows, steps of 20 columns, 128 bytes each.
    let (narrow, wide) = (7 * 128, 13 * 128);
    let rows = (4 + 2 + 2 + 4 + 8 + 8) * narrow + 4 * wide;
    assert_eq!(said["bytes_per_token"], 2 * rows + 96 * 128 * 2);
    let peak = said["memory_peak_bytes"].as_u64();
    assert!(peak.is_none_or(|peak| peak < 256 << 20), "more than such a model takes: {said}");
    let text = printed(&args[..8]);
    assert!(text.contains("decode") && text.contains("GB/s"), "{text}");
    let long = refused(&["bench", &model, "--prompt", "120", "--tokens", "9"]);
    assert!(long.contains("the context must be from 1 to the model's context_length"), "{long}");
}

#[test]
fn a_command_model_says_what_it_is_for() {
    let board = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/board.gguf");
    let said = refused(&["generate", "--model", board, "A"]);
    assert!(said.contains("board.gguf: the model generates no text"), "{said}");
    assert!(said.contains("10 tools (hash ") && said.contains("fan_set"), "{said}");
    assert!(said.contains("trine ask"), "{said}");
}

#[test]
fn a_file_without_a_tokenizer_takes_no_text() {
    let said = refused(&["generate", "--model", &golden("bitnet/plain.gguf"), "THE CAT"]);
    assert!(said.contains("the file has no tokenizer, so the model takes no text"), "{said}");
    // Its speed can be measured, and an image of it is none.
    printed(&[
        "bench",
        &golden("bitnet/plain.gguf"),
        "--rounds",
        "1",
        "--prompt",
        "8",
        "--tokens",
        "2",
    ]);
}

#[test]
fn a_prompt_longer_than_the_context_is_an_error_with_both_numbers() {
    let model = golden("bitnet/bytes.gguf");
    for (prompt, more, wanted) in [
        (129, &[][..], "the prompt has 129 tokens, the context length is 128"),
        (40, &["--context", "32"][..], "the prompt has 40 tokens, the context length is 32"),
    ] {
        let prompt = "A".repeat(prompt);
        let said = refused(&[&["generate", "--model", &model, &prompt][..], more].concat());
        assert!(said.contains(wanted), "{said}");
        assert!(!said.contains("/s"), "{said}");
    }
    let whole = "A".repeat(128);
    let args = ["generate", "--model", &model, &whole, "--tokens", "4"];
    assert!(!printed(&args).is_empty());
    // What forgets the oldest has room for all.
    let long = "A".repeat(200);
    printed(&["generate", "--model", &model, &long, "--tokens", "4", "--shift"]);
}

#[test]
fn a_tokenizer_that_is_not_read_is_refused_by_its_name() {
    let mut bytes = std::fs::read(golden("bitnet/bytes.gguf")).unwrap();
    let at = bytes.windows(4).position(|four| four == b"byte").unwrap();
    // llama.cpp's name for SentencePiece is longer; this one is as long as ours.
    bytes[at..at + 4].copy_from_slice(b"bert");
    let model = scratch("bert.gguf");
    std::fs::write(&model, bytes).unwrap();
    let wanted = "unsupported tokenizer.ggml.model \"bert\": ";
    let said = refused(&["generate", "--model", &model, "THE CAT"]);
    assert!(said.contains(wanted), "{said}");
    let said = refused(&["model", "pack", &model, "-o", &scratch("bert.trnm")]);
    assert!(said.contains(wanted), "{said}");
}
