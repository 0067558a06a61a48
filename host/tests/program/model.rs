//! `trine model make`, `trine model info` and `trine size` as programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use memchr::memmem;
use serde_json::{Value, json};
use trine_descriptor::record;
use trine_models::ask::{BASE, ToolList};
use trine_unseen::Base;
use trine_unseen::base::Thresholds;

use crate::trine;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("model-{name}.gguf"))
}

/// Makes a model with these options.
fn made(name: &str, options: &[&str]) -> PathBuf {
    let path = file(name);
    let output = ["--output", path.to_str().unwrap()];
    let made = trine(&[&["model", "make"], options, &output].concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    path
}

fn json_of(args: &[&str], path: &Path) -> (Option<i32>, Value) {
    let output = trine(&[args, &[path.to_str().unwrap(), "--json"]].concat());
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_tiny_model_is_made_and_the_engine_takes_it() {
    let path = made("tiny", &["--tiny"]);
    let (code, info) = json_of(&["model", "info"], &path);
    assert_eq!((code, &info["refused"]), (Some(0), &json!([])));
    assert_eq!(info["architecture"], "bitnet-b1.58");
    assert_eq!(info["numbers"]["attention.head_count_kv"], 2);
    assert_eq!(info["file_bytes"], fs::metadata(&path).unwrap().len());
    assert_eq!(info["types"]["I2_S"]["tensors"], 21);
    assert_eq!(info["tokenizer"]["tokens"], 509);
}

#[test]
fn the_same_seed_makes_the_same_file() {
    let read = |name, options: &[&str]| fs::read(made(name, options)).unwrap();
    let first = read("seed-7", &["--seed", "7"]);
    assert!(first == read("seed-7-again", &["--seed", "7"]), "the same bytes");
    assert!(first != read("seed-8", &["--seed", "8"]), "other bytes");
}

#[test]
fn each_type_and_each_tokenizer_is_one_that_the_engine_takes() {
    for weights in ["i2_s", "tq1_0", "tq2_0"] {
        for head in ["f16", "f32", "q6_k", "q8_0"] {
            let name = format!("{weights}-{head}");
            let path = made(&name, &["--weights", weights, "--head", head, "--bytes"]);
            let (code, info) = json_of(&["model", "info"], &path);
            assert_eq!((code, &info["refused"]), (Some(0), &json!([])), "{name}");
            assert_eq!(info["tokenizer"]["model"], "byte");
        }
    }
}

#[test]
fn another_architecture_is_shown_and_refused() {
    let path = made("other", &["--architecture", "llama"]);
    let (code, info) = json_of(&["model", "info"], &path);
    assert_eq!((code, &info["architecture"]), (Some(1), &json!("llama")));
    assert_eq!(info["refused"].as_array().unwrap().len(), 1, "{}", info["refused"]);
    let shown = trine(&["model", "info", path.to_str().unwrap()]);
    assert!(String::from_utf8(shown.stdout).unwrap().contains("refused"));
}

#[test]
fn a_file_that_is_cut_short_is_refused_by_the_name_of_its_tensor() {
    let path = made("cut", &[]);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let said = refusal(&trine(&["model", "info", path.to_str().unwrap()]));
    let end = "tensor output_norm.weight: the data ends 1 bytes after the file\n";
    assert!(said.ends_with(end), "{said}");
}

#[test]
fn sizes_that_make_no_model_are_refused_with_a_sentence() {
    let path = file("none");
    let attempt = |options: &[&str]| {
        let output = ["-o", path.to_str().unwrap()];
        refusal(&trine(&[&["model", "make"], options, &output].concat()))
    };
    let said = attempt(&["--width", "100"]);
    let wanted = "must be a multiple of 12 (twice the number of heads)";
    assert_eq!(said, format!("trine: invalid width 100: {wanted}\n"));
    let said = attempt(&["--ffn", "100"]);
    assert_eq!(said, "trine: invalid ffn 100: must be a multiple of 128 (I2_S)\n");
    let said = attempt(&["--vocab", "100"]);
    assert_eq!(said, "trine: invalid vocab 100: must be at least 261\n");
    assert!(!path.exists(), "and no file is begun");
}

#[test]
fn the_arena_grows_with_the_context_and_shrinks_with_int8() {
    let path = made("size", &[]);
    let contexts = ["--context", "10", "--context", "100"];
    let (code, size) = json_of(&[&["size"], &contexts[..]].concat(), &path);
    let arena = |at: usize, kind: &str| size["arena"][at][kind].as_u64().unwrap();
    assert_eq!((code, arena(0, "context"), arena(1, "context")), (Some(0), 10, 100));
    assert!(arena(0, "f16_bytes") < arena(1, "f16_bytes"));
    assert!(arena(1, "int8_bytes") < arena(1, "f16_bytes"));
    assert!(size["weight_bytes"].as_u64() < size["file_bytes"].as_u64());
    let said = refusal(&trine(&["size", path.to_str().unwrap(), "--context", "1000"]));
    assert!(said.contains("context"), "{said}");
}

#[test]
fn an_image_for_microcontrollers_takes_tables_next_to_the_arena_of_its_file() {
    let (path, image) = (made("packed", &[]), file("packed").with_extension("trnm"));
    let pack = ["model", "pack", path.to_str().unwrap(), "--packing", "look5", "-o"];
    assert!(trine(&[&pack[..], &[image.to_str().unwrap()]].concat()).status.success());
    let sizes = |path: &Path| {
        let (code, size) = json_of(&["size", "--context", "10"], path);
        assert_eq!(code, Some(0));
        let number = |pointer: &str| size.pointer(pointer).unwrap().as_u64().unwrap();
        [number("/arena/0/f16_bytes"), number("/blocks_bytes"), number("/tokenizer_index_bytes")]
    };
    let [arena, blocks, index] = sizes(&path);
    // Sixteen tables of 256 sums in two bytes each, and three blocks.
    assert_eq!(sizes(&image), [arena + 16 * 512, blocks, index]);
    assert_eq!(blocks, 3 * 200);
}

#[test]
fn an_image_has_the_shape_of_its_file_and_its_own_packing() {
    let (path, image) = (made("imaged", &[]), file("imaged").with_extension("trnm"));
    let pack = ["model", "pack", path.to_str().unwrap(), "--packing", "look5", "-o"];
    assert!(trine(&[&pack[..], &[image.to_str().unwrap()]].concat()).status.success());
    let (code, wanted) = json_of(&["model", "info"], &path);
    assert_eq!(code, Some(0));
    let (code, found) = json_of(&["model", "info"], &image);
    assert_eq!(
        (code, &found["refused"], &found["architecture"]),
        (Some(0), &json!([]), &json!("image"))
    );
    for key in ["block_count", "embedding_length", "attention.head_count_kv", "context_length"] {
        assert_eq!(found["numbers"][key], wanted["numbers"][key], "{key}");
    }
    assert_eq!(found["types"]["5-trit table"]["tensors"], wanted["types"]["I2_S"]["tensors"]);
    assert_eq!(found["tokenizer"], wanted["tokenizer"]);
    assert_eq!(found["file_bytes"], fs::metadata(&image).unwrap().len());
    // A damaged image is read and named; half of one is no image.
    let mut bytes = fs::read(&image).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&image, &bytes).unwrap();
    let (code, found) = json_of(&["model", "info"], &image);
    assert_eq!((code, found["refused"].as_array().unwrap().len()), (Some(1), 1), "{found}");
    fs::write(&image, &bytes[..last / 2]).unwrap();
    let said = refusal(&trine(&["model", "info", image.to_str().unwrap()]));
    assert!(said.contains("imaged.trnm"), "{said}");
}

#[test]
fn a_command_model_says_which_tools_it_knows() {
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/board.gguf");
    let (code, summary) = json_of(&["model", "info"], &board);
    assert_eq!((code, &summary["refused"]), (Some(0), &json!([])));
    let chooses = &summary["chooses"];
    assert_eq!((&chooses["tools"], &chooses["names"][1]), (&10.into(), &"fan_set".into()));
    assert_eq!(chooses["hash"].as_str().unwrap().len(), 16, "{chooses}");
    let shown = trine(&["model", "info", board.to_str().unwrap()]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("generates no text") && shown.contains("trine ask"), "{shown}");
}

/// What `trine model info --json` says of a name or a file that it takes.
fn info(model: &str) -> Value {
    let output = trine(&["model", "info", "--json", model]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn models_of_the_program_are_read_by_their_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    for (name, made) in [("base", "base.bin"), ("board", "board.gguf")] {
        assert_eq!(info(name), info(root.join(made).to_str().unwrap()), "{name}");
        let packed = file(&format!("packed-{name}"));
        let output = trine(&["model", "pack", name, "-o", packed.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let own = Base::parse(BASE).unwrap();
    let base = info("base");
    assert_eq!(base["model"], "base, for any list of tools");
    assert_eq!(base["base"], format!("{:016x}", own.hash()));
    assert_eq!((&base["in_this_program"], &base["bytes"]), (&json!(true), &json!(BASE.len())));
    let least = |name: &str| base[name].as_f64().unwrap() as f32;
    let Thresholds { acting, reading } = own.thresholds();
    assert!((least("acts_from") - acting).abs() < 1e-4, "{base}");
    assert!((least("reads_from") - reading).abs() < 1e-4, "{base}");
    assert!(info("board")["name"].as_str().unwrap().contains("fan_set"));
    let other = info(root.join("snips.gguf").to_str().unwrap());
    assert!(other["name"].as_str().unwrap().contains("PlayMusic"));
    let said = refusal(&trine(&["model", "info", "bord"]));
    assert!(said.contains("bord") && said.contains("base, board"), "{said}");
}

#[test]
fn a_delta_names_its_base_and_a_table_base_and_list() {
    let tools = r#"[{"name": "gate", "description": "Opens the gate."}]"#;
    let list = ToolList::parse(tools).unwrap();
    let [list, own] = [record::table_hash(&list), Base::parse(BASE).unwrap().hash()];
    let hex = |hash: u64| json!(format!("{hash:016x}"));
    let place = |name: &str| file(name).to_str().unwrap().to_owned();
    let (tools_at, delta, table) = (place("tools"), place("delta"), place("table"));
    fs::write(&tools_at, tools).unwrap();
    let made = trine(&["train", "--tools", &tools_at, "--out", &delta]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = trine(&["tools", "compile", &tools_at, "--out", &table]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for of in [info(&delta), info(&table)] {
        assert_eq!((&of["base"], &of["list"]), (&hex(own), &hex(list)), "{of}");
        assert_eq!(of["in_this_program"], true, "{of}");
        assert!(of["bytes"].as_u64() > Some(40), "{of}");
    }
    // With another base it is said whose it is not.
    let mut bytes = fs::read(&table).unwrap();
    let at = bytes.windows(8).position(|part| part == own.to_le_bytes()).unwrap();
    bytes[at] ^= 1;
    let other = place("other-table");
    fs::write(&other, &bytes).unwrap();
    let output = trine(&["model", "info", "--json", &other]);
    let of: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&of["base"], &of["in_this_program"]), (&hex(own ^ 1), &json!(false)), "{of}");
}

/// A constant is written into each crate that reads it: the base was in the program four times.
#[test]
fn the_program_holds_each_of_its_models_once() {
    let program = fs::read(env!("CARGO_BIN_EXE_trine")).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    for name in ["base.bin", "base.latent", "board.gguf"] {
        let model = fs::read(folder.join(name)).unwrap();
        let part = &model[model.len() / 2..][..64];
        assert_eq!(memmem::find_iter(&program, part).count(), 1, "{name}");
    }
}
