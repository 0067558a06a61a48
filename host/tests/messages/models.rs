//! Models, lists of tools and sentences.

use trine_ask::{CompileError, TableError, TextModelError};
use trine_infer::token;
use trine_models::offload::{Backend, Missing};
use trine_models::{Error, SizeRule, ToolsError};

use super::{absent, add, json, parsed, text};

/// Those of `trine-models`.
pub(crate) fn models(out: &mut String) {
    samples! { out, "models", Error:
        At { place: text("board.gguf"), source: Box::new(Error::ModelsBusy) }
        File { action: "read", path: "data/file".into(), source: absent() }
        Stream { action: "read", stream: "standard input", source: absent() }
        Thread(absent())
        Gguf(Box::new(parsed()))
        Engine(Box::new(trine_infer::Error::Full))
        Token(token::Error::NoTokenizer)
        Matrix(trine_ternary::Error::Overflow)
        Vocabulary(TableError::Malformed)
        Compile(CompileError::Tools)
        Base(trine_unseen::BaseError::Length { needed: 653_992, given: 4096 })
        Delta(trine_models::DeltaError::List { made: 0x0123_4567_89ab_cdef, given: 1 })
        ToolTable(trine_unseen::TableError::Magic)
        ToolTexts(trine_unseen::CompileError::Labels { tool: 3, needed: 20_000 })
        TextModel(Box::new(TextModelError::Text { given: 64 }))
        Tools(ToolsError::Empty)
        Device(Box::new(Missing::Device(Backend::Vulkan)))
        DeviceLost {}
        NotAModel(Box::new(parsed().into()))
        CommandModel { calls: text("calls of 10 tools (hash 0123456789abcdef)") }
        Tokenizer { found: Some(text("llama")) }
        NoTokenizer {}
        Rows { part: text("token_embd.weight"), format: text("Q8_0") }
        LlamaType { name: "TQ1_0" }
        NoRounds {}
        Size {
            name: "width",
            value: 100,
            rule: SizeRule::MultipleOf { step: 16, of: "twice the number of heads" },
        }
        PromptTooLong { tokens: 5000, context: 4096 }
        UnknownModel { name: text("../secret") }
        ModelTooLarge { needed: 1_187_801_280, limit: 1_073_741_824 }
        NoMemory { needed: 1_234_567 }
        ModelsBusy {}
        Backends {}
        NoTools {}
        UnknownTools { hash: 0x0123_4567_89ab_cdef }
        ToolCount { model: 10, given: 1 }
        Describe {}
        NoModelFile { name: text("bord"), included: text("base, board"), source: absent() }
    }
    samples! { out, "tools", ToolsError:
        At { place: text("fan_set.percent"), source: Box::new(ToolsError::Empty) }
        Json(json())
        NotAList {}
        Empty {}
        Unnamed {}
        Duplicate { name: text("fan_set") }
        NotAnObject { key: "inputSchema" }
        SchemaType { found: text("\"array\"") }
        Bounds { min: 2.0, max: 1.0 }
        Step { step: -0.5 }
        Labels {}
        Label { label: text("a|b") }
        DuplicateLabel { label: text("a") }
        Type { found: text("array") }
        Arguments {}
        UnknownParam { tool: text("fan_set"), param: text("percent") }
        Value { param: text("percent"), value: text("x") }
    }
    let missing = [Missing::Feature(Backend::Cuda), Missing::Device(Backend::Vulkan), Missing::Any];
    missing.iter().for_each(|missing| add(out, "missing", missing));
    for rule in [SizeRule::AtLeast(1), SizeRule::AtMost(64)] {
        add(out, "models.Size", &Error::Size { name: "blocks", value: 65, rule });
    }
}
