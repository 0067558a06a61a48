//! Models for tools that they have never seen: what they learn, and as files.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use trine_ternary::Packing;
use trine_train::lists::score::Predictor as _;
use trine_train::lists::{List, load_list};
use trine_train::unseen::batch::Prepared;
use trine_train::unseen::learn::{Recipe, train};
use trine_train::unseen::model::Model;
use trine_train::unseen::net::Shape;
use trine_train::unseen::predict::Unseen;
use trine_train::unseen::prepared;
use trine_train::unseen::text::{Lexicon, Table};
use trine_unseen::Base;
use trine_unseen::base::Thresholds;
use trine_unseen::shape::{COLUMNS, DIM, FFN, HEADS};

/// The width of all bases.
const SHAPE: Shape =
    Shape { table: COLUMNS, dim: DIM, ffn: FFN, heads: HEADS, sentence: 1, tool: 1, both: 1 };
const NO_THRESHOLDS: Thresholds = Thresholds { acting: 0.0, reading: 0.0 };

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

fn table() -> Table {
    let base = folder().join("base");
    Table::read(&base.join("pieces.txt"), &base.join("rows.i8")).unwrap()
}

fn lists() -> Vec<List> {
    ["air_compressor", "music_player"]
        .map(|name| load_list(&folder().join("lists"), name).unwrap())
        .into()
}

fn trained(steps: usize, threads: usize) -> (Model, f32, f32) {
    let mut model = Model::new(SHAPE, 1, table());
    let words = model.table.clone();
    let mut lexicon = Lexicon::new(&words);
    let lists = prepared(&lists(), &mut lexicon).unwrap();
    let all: Vec<&Prepared> = lists.iter().collect();
    let recipe =
        Recipe { steps, lists: 2, sentences: 4, dropout: 0.0, threads, ..Recipe::default() };
    let (mut first, mut last) = (0.0, 0.0);
    train(&model.net, &mut model.params, &lexicon, &all, &recipe, |step, loss| {
        first = if step == 1 { loss } else { first };
        last = loss;
    });
    (model, first, last)
}

fn base(model: &Model) -> Vec<u8> {
    model.base(Packing::Panel2Bit, NO_THRESHOLDS).unwrap()
}

#[test]
fn training_makes_the_loss_smaller() {
    let (_, first, last) = trained(80, 2);
    assert!(last < 0.8 * first, "{first} {last}");
}

#[test]
fn a_model_predicts_the_same_from_its_file_and_its_calls_are_valid() {
    let (model, ..) = trained(4, 1);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unseen.bin");
    model.write(&path).unwrap();
    let read = Model::read(&path, table()).unwrap();
    assert_eq!(model.hash(), read.hash());
    let bytes = [&model, &read].map(base);
    let [one, other] = bytes.each_ref().map(|bytes| Unseen::new(Base::parse(bytes).unwrap()));
    for list in lists() {
        for record in list.records.iter().step_by(6) {
            let (a, b) = (one.predict(&list, &record.text), other.predict(&list, &record.text));
            assert_eq!((&a.calls, a.confidence, &a.why), (&b.calls, b.confidence, &b.why));
            assert!((0.0..=1.0).contains(&a.confidence), "{a:?}");
            for call in &a.calls {
                let tool = list.tools.iter().find(|tool| tool["name"] == call.tool.as_str());
                let schema = jsonschema_of(tool.unwrap());
                let arguments = serde_json::Value::Object(call.arguments.clone());
                assert!(fits(&schema, &arguments), "{}: {call:?}", record.text);
            }
        }
    }
}

#[test]
fn a_model_that_grows_by_blocks_keeps_what_it_learnt() {
    let (model, ..) = trained(4, 1);
    let shape = Shape { sentence: SHAPE.sentence + 1, tool: SHAPE.tool + 1, ..SHAPE };
    let grown = model.clone().grown(shape, 2).unwrap();
    assert!(grown.params.data.len() > model.params.data.len());
    let old: HashMap<_, _> = model.params.named().collect();
    let new: HashMap<_, _> = grown.params.named().collect();
    for (name, own) in &old {
        assert_eq!(model.params.of(*own), grown.params.of(new[name]), "{name}");
    }
    let bytes = [&model, &grown].map(base);
    let [one, other] = bytes.each_ref().map(|bytes| Unseen::new(Base::parse(bytes).unwrap()));
    let list = &lists()[0];
    let apart = list.records.iter().step_by(6).map(|record| {
        let texts = [&one, &other].map(|model| model.predict(list, &record.text).confidence);
        (texts[0] - texts[1]).abs()
    });
    let most = apart.fold(0.0, f64::max);
    assert!(most < 0.05, "confidence moved by {most}");
    for wrong in [Shape { sentence: 0, ..SHAPE }, Shape { ffn: 2 * SHAPE.ffn, ..shape }] {
        let error = model.clone().grown(wrong, 2).unwrap_err().to_string();
        assert!(error.contains("only blocks can be added"), "{error}");
    }
}

#[test]
fn what_a_tool_does_not_take_is_never_called() {
    let (model, ..) = trained(4, 1);
    let many: serde_json::Value = (0..13)
        .map(|at| (format!("p{at}"), serde_json::json!({"type": "boolean"})))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let names: Vec<String> = (0..13).map(|at| format!("p{at}")).collect();
    let short = serde_json::json!({"text": {"type": "string", "maxLength": 2}});
    let tool = |properties: &serde_json::Value, required: &[String]| {
        serde_json::json!([{"name": "show", "inputSchema": {
            "type": "object", "properties": properties, "required": required}}])
    };
    let hostile = [tool(&many, &names), tool(&short, &["text".to_owned()])];
    for (at, tools) in hostile.iter().enumerate() {
        let tools = tools.as_array().unwrap().clone();
        let list = List { name: format!("hostile{at}"), tools, records: Vec::new() };
        let bytes = base(&model);
        let predicted = Unseen::new(Base::parse(&bytes).unwrap()).predict(&list, "show everything");
        assert_eq!(predicted.calls, [], "{at}");
    }
}

/// The input schema of a tool.
fn jsonschema_of(tool: &serde_json::Value) -> serde_json::Value {
    tool["inputSchema"].clone()
}

/// Whether arguments are all there, and within bounds and labels.
fn fits(schema: &serde_json::Value, arguments: &serde_json::Value) -> bool {
    let required = schema["required"].as_array().into_iter().flatten();
    let has_all = required.filter_map(|name| name.as_str()).all(|name| !arguments[name].is_null());
    let given = arguments.as_object().unwrap();
    let each = given.iter().all(|(name, value)| {
        let param = &schema["properties"][name];
        let labels = param["enum"].as_array();
        let is_label = labels.is_none_or(|labels| labels.contains(value));
        let within = |key: &str, test: &dyn Fn(f64, f64) -> bool| {
            param[key].as_f64().zip(value.as_f64()).is_none_or(|(bound, x)| test(bound, x))
        };
        is_label && within("minimum", &|min, x| x >= min) && within("maximum", &|max, x| x <= max)
    });
    has_all && each
}

#[test]
fn files_that_are_no_models_are_refused() {
    let (model, ..) = trained(1, 1);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unseen-cut.bin");
    model.write(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut others = vec![whole[..whole.len() / 2].to_vec(), Vec::new(), b"TRUNSEEN".to_vec()];
    let mut huge = whole.clone();
    huge[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    others.push(huge);
    for bytes in others {
        std::fs::write(&path, &bytes).unwrap();
        let error = Model::read(&path, table()).unwrap_err().to_string();
        assert!(error.contains("not a model for unseen tools"), "{error}");
    }
    let pieces = folder().join("base").join("pieces.txt");
    let error = Table::read(&pieces, &pieces).unwrap_err().to_string();
    assert!(error.contains("not one row of the same length"), "{error}");
}
