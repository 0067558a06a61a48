//! Which tokens are permitted where, and which are read.

use crate::common;
use crate::common::token;
use crate::engines::Scripted;
use trine_ask::{Answer, Decoding, Reason, Sentence, Vocabulary};
use trine_descriptor::{
    Field, IntRange, Kind, Scalar, Side, Tool, ToolInfo, ValueWriter, validate,
};

/// What a sentence comes to when a model chooses these: the call as text, and what was read after
/// the sentence.
fn ask(tools: &[Tool<'static>], text: &str, script: &str) -> Result<(String, Vec<u16>), String> {
    let program = common::program(tools);
    let letters = common::letters();
    let table = common::table(&program, letters.iter().map(String::as_str));
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let sentence = Sentence::read(text.as_bytes(), &program, &vocabulary)
        .map_err(|error| error.to_string())?;
    let script: Vec<u16> =
        script.split_whitespace().map(|name| token(tools, &program, name)).collect();
    let mut engine = Scripted::new(&script);
    let mut decoding = Decoding::new(program, &vocabulary, &sentence);
    decoding.run(&mut engine).map_err(|error| error.to_string())?;
    assert_eq!(decoding.choices(), script.len(), "the whole script is chosen");
    let prompt = sentence.tokens().len() + 2;
    assert!(engine.read.len() <= decoding.tokens().len(), "nothing is read that was not chosen");
    let call = match decoding.answer().unwrap() {
        Answer::Call(call) => {
            let mut memory = [0; 256];
            let mut out = ValueWriter::new(&mut memory);
            call.encode(&mut out);
            validate(tools, call.tool(), Side::Params, out.bytes()).unwrap();
            let tool = &tools[usize::from(call.tool())];
            let shown = call.arguments().map(|(node, value)| {
                let field = &tool.params[usize::from(node)];
                let value = match value {
                    Scalar::Label(label) => field.kind.label(label.into()).unwrap().to_owned(),
                    Scalar::Text(text) => format!("'{text}'"),
                    Scalar::Bool(value) => value.to_string(),
                    Scalar::Int(value) | Scalar::Decimal(value) => value.to_string(),
                    other => format!("{other:?}"),
                };
                format!(" {}={value}", field.name)
            });
            tool.info.name.to_owned() + &shown.collect::<String>()
        }
        Answer::Unsure(_) => "unsure without a threshold".to_owned(),
        Answer::No(reason) => format!("{reason:?}"),
    };
    Ok((call, decoding.tokens()[prompt..].to_vec()))
}

fn board(text: &str, script: &str) -> String {
    ask(&common::board(), text, script).unwrap().0
}

#[test]
fn a_number_is_taken_where_the_model_points() {
    let call = board("fan at thirty, no, forty percent", "tool:fan_set <1:pct>");
    assert_eq!(call, "fan_set percent=40");
    let call = board("fan at thirty, no, forty percent", "tool:fan_set <1:n>");
    assert_eq!(call, "fan_set percent=30");
    assert_eq!(board("kill the fan", "tool:fan_set <min>"), "fan_set percent=0");
    assert_eq!(board("fan flat out", "tool:fan_set <max>"), "fan_set percent=100");
    let call = board("a third open", "tool:vent_move <1:frac>");
    assert_eq!(call, "vent_move degrees=30");
}

#[test]
fn no_value_is_implied_where_a_number_has_no_bound() {
    let any = IntRange { min: 0, max: (1 << 53) - 1 };
    let params = vec![Field::new("n", Kind::Int(any))].leak();
    let tools = [Tool::new(ToolInfo::new("count", ""), params, &[])];
    assert_eq!(ask(&tools, "all of it", "tool:count").unwrap().0, "Missing { tool: 0, node: 0 }");
    assert_eq!(ask(&tools, "seven of it", "tool:count").unwrap().0, "count n=7");
}

#[test]
fn what_is_the_only_thing_permitted_is_neither_chosen_nor_read() {
    let tools = common::board();
    let (call, read) = ask(&tools, "buzz me in 5 min", "tool:timer_start <end>").unwrap();
    assert_eq!((call.as_str(), read.len()), ("timer_start seconds=300", 1));
    let (call, read) = ask(&tools, "how is it going", "tool:board_status").unwrap();
    assert_eq!((call.as_str(), read.len()), ("board_status", 1));
    let (call, read) = ask(&tools, "shut drip", "tool:valve_close label:drip").unwrap();
    assert_eq!((call.as_str(), read.len()), ("valve_close valve=drip", 2));
}

#[test]
fn conditions_make_parameters_required() {
    let script = "tool:climate_set label:off <end>";
    assert_eq!(board("heating off, it is 20 degrees", script), "climate_set mode=off");
    let call = board("heat to 20 degrees", "tool:climate_set label:heat");
    assert_eq!(call, "climate_set mode=heat celsius=200");
    let call = board("heat it", "tool:climate_set label:heat");
    assert_eq!(call, "Missing { tool: 2, node: 1 }");
}

#[test]
fn a_number_out_of_bounds_is_no_call() {
    for text in ["fan 150 percent", "fan -10 %", "fan 33.3 %"] {
        let reason = format!("{:?}", Reason::OutOfRange { tool: 1, node: 0 });
        assert_eq!(board(text, "tool:fan_set <1:x>"), reason, "{text}");
    }
    let call = board("north for 45 minutes", "tool:valve_open label:north");
    assert_eq!(call, "OutOfRange { tool: 3, node: 1 }");
}

#[test]
fn texts_are_copied_with_all_that_lies_between_their_words() {
    let call = board(
        "on line two write Wash  your -- hands! please",
        "tool:display_show key:line <1:n> ▁w a ▁y ▁h ▁! <end>",
    );
    assert_eq!(call, "display_show text='Wash  your -- hands!' line=2");
    let call = board("show 20 minutes left", "tool:display_show key:text <1:time> ▁l");
    assert_eq!(call, "display_show text='20 minutes left'");
}

#[test]
fn what_is_quoted_is_the_text() {
    let tools = common::board();
    for text in ["write \"Toad, mind it's feet!\" on it", "show ‘Toad, mind it's feet!’ now"] {
        let (call, read) = ask(&tools, text, "tool:display_show key:text").unwrap();
        assert_eq!(call, "display_show text='Toad, mind it's feet!'");
        assert_eq!(read.len(), 2, "the text is not read again");
    }
    let call = board("timer 5 minutes 'tea'", "tool:timer_start key:label");
    assert_eq!(call, "timer_start seconds=300 label='tea'");
    // An apostrophe opens nothing, and of two quotations the model chooses.
    let call = board("five minutes' rest, 'tis all", "tool:timer_start key:label ▁r ▁' <end>");
    assert_eq!(call, "timer_start seconds=300 label='rest, ''");
    let call = board("show 'a' not 'b'", "tool:display_show key:text ▁b <end>");
    assert_eq!(call, "display_show text='b'");
}

#[test]
fn a_text_that_is_too_long_is_no_call() {
    let text = "show the quick brown fox jumps over the lazy dog";
    let script = "tool:display_show key:text ▁t ▁q ▁b ▁f ▁j ▁o ▁t";
    assert_eq!(board(text, script), "OutOfRange { tool: 8, node: 0 }");
}

#[test]
fn no_tool_ends_at_once() {
    assert_eq!(board("what is the capital of France?", "<none>"), "NoTool");
}

fn music() -> Vec<Tool<'static>> {
    let text = |name| Field::new(name, Kind::Text { min: 0, max: 40 }).optional();
    let params = vec![text("artist"), text("album"), text("track")].leak();
    vec![Tool::new(ToolInfo::new("play", ""), params, &[])]
}

#[test]
fn texts_come_in_the_order_of_the_sentence_each_at_most_once() {
    let tools = music();
    // Behind the last word no text can begin: the end is the only thing permitted there.
    let script = "tool:play key:track ▁g key:artist ▁b";
    let (call, _) = ask(&tools, "play g from b", script).unwrap();
    assert_eq!(call, "play artist='b' track='g'");
    // What was given is not permitted again.
    let again = ask(&tools, "play g from b", "tool:play key:track ▁g key:track");
    assert!(again.unwrap_err().contains("not permitted"));
    let before = ask(&tools, "play g from b now", "tool:play key:track ▁b ▁g");
    assert!(before.is_err());
    assert_eq!(ask(&tools, "play something", "tool:play <end>").unwrap().0, "play");
}

#[test]
fn words_that_begin_alike_are_told_apart_as_they_go_on() {
    let tools = music();
    // "she" and "shed" are letters here: the run goes on as long as one of them agrees.
    let script = "tool:play key:track ▁s d";
    let (call, read) = ask(&tools, "play she in shed", script).unwrap();
    assert_eq!(call, "play track='shed'");
    // Every letter of the word is read, chosen or not.
    assert_eq!(read.len(), 1 + 1 + 4);
    let (call, _) = ask(&tools, "play she in shed", "tool:play key:track ▁s <end>").unwrap();
    assert_eq!(call, "play track='she'");
}

#[test]
fn a_tool_that_needs_a_list_is_never_permitted() {
    let list = Field::new("list", Kind::Array { nodes: 1, min: 0, max: 3 });
    let params = vec![list, Field::new("", Kind::Bool)].leak();
    let mut tools = music();
    tools.push(Tool::new(ToolInfo::new("many", ""), params, &[]));
    assert!(ask(&tools, "do it", "tool:many").unwrap_err().contains("not permitted"));
    // An optional one is never given, and the rest can be.
    let list = Field::new("list", Kind::Object { nodes: 1 }).optional();
    let params = vec![list, Field::new("a", Kind::Bool), Field::new("b", Kind::Bool)].leak();
    tools.push(Tool::new(ToolInfo::new("few", ""), params, &[]));
    assert_eq!(ask(&tools, "do it", "tool:few <true>").unwrap().0, "few b=true");
}

#[test]
fn the_confidence_is_the_product_of_the_choices() {
    let tools = common::board();
    let program = common::program(&tools);
    let table = common::table(&program, []);
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let sentence = Sentence::read(b"shut drip", &program, &vocabulary).unwrap();
    let script =
        [token(&tools, &program, "tool:valve_close"), token(&tools, &program, "label:drip")];
    let mut decoding = Decoding::new(program, &vocabulary, &sentence);
    decoding.run(&mut Scripted::new(&script)).unwrap();
    // The scripted logits are 2 against 0: eleven tools with none, five valves.
    let share = |others: f32| 1.0 / (1.0 + others * (-2.0_f32).exp());
    assert!((decoding.confidence() - share(10.0) * share(4.0)).abs() < 1e-6);
    assert!(matches!(decoding.answer(), Some(Answer::Call(_))));
    let confidence = decoding.confidence();
    let is_sure = |threshold: f32| {
        let mut careful = vocabulary;
        careful.threshold = threshold;
        let mut decoding = Decoding::new(program, &careful, &sentence);
        decoding.run(&mut Scripted::new(&script)).unwrap();
        matches!(decoding.answer(), Some(Answer::Call(_)))
    };
    assert!(is_sure(confidence.next_down()) && is_sure(confidence), "the threshold is enough");
    assert!(!is_sure(confidence.next_up()) && !is_sure(0.9));
}
