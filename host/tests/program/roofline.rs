//! `trine bench FILE --roofline` as a program.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::trine;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("roofline-{name}"))
}

#[test]
fn what_the_machine_allows_is_shown_in_text_json_and_a_picture() {
    let (model, svg) = (file("model.gguf"), file("picture.svg"));
    let [model, picture] = [&model, &svg].map(|path| path.to_str().unwrap());
    let made = trine(&["model", "make", "--tiny", "--context", "300", "--output", model]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let found =
        trine(&["bench", model, "--roofline", "--threads", "1", "--json", "--svg", picture]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    for name in ["read_bytes_per_s", "products_per_s"] {
        assert!(found[name].as_f64().is_some_and(|rate| rate > 0.0), "{name}: {found}");
    }
    // Prompts as long as the context lets them be, and what is decoded after each.
    let points = found["points"].as_array().unwrap();
    let prompts: Vec<_> = points.iter().map(|point| point["prompt"].as_u64().unwrap()).collect();
    assert_eq!(prompts, [128, 128, 284, 284]);
    for point in points {
        let [measured, allowed, share] =
            ["tokens_per_s", "allowed_per_s", "share"].map(|name| point[name].as_f64().unwrap());
        assert!(measured > 0.0 && (measured / allowed - share).abs() < 1e-9, "{point}");
    }
    let picture = fs::read_to_string(&svg).unwrap();
    assert_eq!(picture.matches("<rect").count(), 1 + 2 * points.len());
    for name in ["prefill 128", "prefill 284", "decode after 284"] {
        assert!(picture.contains(&format!(">{name}</text>")), "{name}");
    }
    let text = trine(&["bench", model, "--roofline", "--threads", "1"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert_eq!(text.lines().count(), 4 + points.len(), "{text}");
    assert!(text.contains("that products allow"), "{text}");
}

#[test]
fn where_the_time_goes_is_shown_stage_by_stage() {
    let (model, svg) = (file("profiled.gguf"), file("profile.svg"));
    let [model, picture] = [&model, &svg].map(|path| path.to_str().unwrap());
    let made = trine(&["model", "make", "--tiny", "--output", model]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let size = ["--prompt", "40", "--tokens", "5", "--threads", "1"];
    let run = |more: &[&str]| {
        let found = trine(&[&["bench", model, "--profile"], &size[..], more].concat());
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
        found.stdout
    };
    let found: Value = serde_json::from_slice(&run(&["--json", "--svg", picture])).unwrap();
    let mut pieces = 0;
    for what in ["prefill", "decode"] {
        let stages = found[what]["stages"].as_array().unwrap();
        pieces += stages.len();
        let seconds = |which: &dyn Fn(&Value) -> bool| {
            let of = stages.iter().filter(|stage| which(stage));
            of.map(|stage| stage["seconds"].as_f64().unwrap()).sum::<f64>()
        };
        let all = seconds(&|_| true);
        assert!((all - found[what]["seconds"].as_f64().unwrap()).abs() < 1e-6, "{found}");
        let work = seconds(&|stage| stage["kind"] == "products" || stage["kind"] == "attention");
        assert!((1.0 - work / all - found[what]["rest"].as_f64().unwrap()).abs() < 1e-6, "{found}");
        for stage in ["queries, keys, values", "attention", "gate and up", "norms", "head"] {
            assert!(stages.iter().any(|it| it["stage"] == stage), "{what}: {stage}");
        }
    }
    let picture = fs::read_to_string(&svg).unwrap();
    assert_eq!(picture.matches("<title>").count(), pieces);
    let text = String::from_utf8(run(&[])).unwrap();
    assert_eq!(text.lines().count(), 3 + pieces, "{text}");
    assert!(text.contains("neither products nor attention"), "{text}");
}

/// Heads whose width is no multiple of 64, of which sixteen queries are not taken together.
#[test]
fn a_model_with_narrow_heads_has_its_own_rates() {
    let model = file("narrow.gguf");
    let model = model.to_str().unwrap();
    let sizes = "--width 384 --heads 12 --kv-heads 4 --ffn 512 --blocks 2 --context 200";
    let made = [&["model", "make", "--output", model][..], &sizes.split(' ').collect::<Vec<_>>()];
    let made = trine(&made.concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let found = trine(&["bench", model, "--roofline", "--threads", "1", "--json"]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    for kind in ["f16", "i8"] {
        let rate = found["attention_per_s"][kind].as_f64();
        assert!(rate.is_some_and(|rate| rate > 0.0), "{found}");
    }
    assert_eq!(found["points"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_picture_needs_what_it_shows() {
    let refused = trine(&["bench", "any.gguf", "--svg", "any.svg"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--roofline"));
    let missing = trine(&["bench", "no-such.gguf", "--roofline"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no-such.gguf"));
}
