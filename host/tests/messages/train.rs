//! Training.

use trine_ask::{CompileError, SentenceError, TableError, TeachError};
use trine_models::ToolsError;
use trine_train::Error;
use trine_train::lists::ListError;

use super::{absent, json, parsed, text};

/// Those of `trine-train`.
pub(crate) fn train(out: &mut String) {
    samples! { out, "train", Error:
        At { place: text("line 3"), source: Box::new(Error::NoFit) }
        File { action: "read", path: "data/file".into(), source: absent() }
        Unseen { path: "base.bin".into(), what: "not a model for unseen tools" }
        Models(trine_models::Error::NoTools)
        NoCalls {}
        NoShare {}
        Refused { why: text("gate: percent must be at most 100") }
        Json(json())
        Tools(ToolsError::Empty)
        Lists(ListError::Empty { path: "train/lists".into(), set: "report" })
        Compile(CompileError::Tools)
        Sentence(SentenceError::Empty)
        Teach(TeachError::Arguments)
        Vocabulary(TableError::Malformed)
        Gguf(Box::new(parsed()))
        Engine(Box::new(trine_infer::Error::Full))
        Matrix(trine_ternary::Error::Overflow)
        Device("Vulkan0 does not open".into())
        TooManyTools {}
        UnknownTool { name: text("lamp") }
        NoText {}
        Nothing {}
        NoFit {}
        NoExample {}
        NoVariant {}
        NotACommandModel {}
        Threshold { value: 1.5 }
        NoModels {}
        TooFew {}
        Size { name: "dim", value: 100, step: 64 }
        Overwrite {}
        NotACheckpoint { path: "model.ckpt".into() }
        OtherRecipe { path: "model.ckpt".into() }
        OtherShape {
            path: "model.ckpt".into(),
            found: text("Shape { dim: 64 }"),
            expected: text("Shape { dim: 128 }"),
        }
        OtherVocabulary { path: "teacher.ckpt".into(), found: 9, expected: 10 }
        TemplateForm {}
        TemplateEmpty {}
        TemplateValue { text: text("on") }
        TemplateBracket { bracket: '(' }
        TemplateParam { tool: text("fan_set"), param: text("percent") }
        TemplateWords { tool: text("fan_set"), param: text("percent") }
    }
    let path = || "lists/data/lamp/sentences.jsonl".into();
    samples! { out, "lists", ListError:
        Read { path: path(), source: absent() }
        Json { path: path(), line: 3, source: json() }
        Form { path: path(), line: 3, what: text("\"text\" is not a string") }
        Empty { path: "train/lists".into(), set: "report" }
    }
}
