//! Why a module is not loaded.

use crate::component::Names;
use crate::limits::Stop;

/// Why a module is not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is too long.
    #[error("the module has {bytes} bytes, and at most {max} are loaded: raise the limit `module`")]
    TooLong {
        /// Bytes of the module.
        bytes: usize,
        /// Most bytes.
        max: usize,
    },
    /// The bytes are no module, or one that uses what is not supported.
    #[error("not a WebAssembly module that this program can run: {0}")]
    Module(String),
    /// The bytes are a component, of which a module is a part.
    #[error(
        "it is a component, not a module: {0}. Components are not run: compile its source as a \
         plug-in with trine_plugin.h, or run it in a server of its own, such as Wassette"
    )]
    Component(Names),
    /// It is a plug-in of Extism.
    #[error(
        "it is a plug-in of Extism, which does not say what its tools are: load a JSON definition \
         that names it as \"execute\": {{\"extism\": \"FILE.wasm\", \"function\": \"NAME\"}}"
    )]
    IsExtism,
    /// A plug-in of Extism asks for something that it does not get.
    #[error(
        "it imports '{name}' of module '{module}', which is not given with these types: a plug-in \
         of Extism gets functions of 'extism:host/env', and those of 'wasi_snapshot_preview1' that \
         reach no file and no network"
    )]
    Foreign {
        /// The module that is imported from.
        module: String,
        /// What is imported.
        name: String,
    },
    /// A plug-in of Extism lacks the function of a tool.
    #[error("it exports no function '{name}' without parameters that answers one i32 or nothing")]
    NoFunction {
        /// The function.
        name: String,
    },
    /// It asks for something that no module gets.
    #[error(
        "it imports '{name}' of module '{module}': a plug-in may import the functions of \
         trine_plugin.h alone, of module 'trine' (compile it without WASI and link it with \
         -nostdlib)"
    )]
    Import {
        /// The module that is imported from.
        module: String,
        /// What is imported.
        name: String,
    },
    /// It asks for a function with other types than it has.
    #[error(
        "it imports '{name}' of module 'trine' as something else: compile it with the \
         trine_plugin.h of this version"
    )]
    ImportType {
        /// What is imported.
        name: String,
    },
    /// It does not export what the program needs.
    #[error("it exports no {what} '{name}': {remedy}")]
    Export {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The module was compiled with another version of the header.
    #[error("it was compiled with an interface that this program does not have: {0}")]
    Version(String),
    /// Its table is not one.
    #[error("its table is damaged: {0}")]
    Table(String),
    /// Its tools break a rule.
    #[error(transparent)]
    Tools(#[from] trine_gateway::Error),
    /// A function of its table failed.
    #[error("its {function} answered {status}, which is a failure")]
    Failed {
        /// The function.
        function: &'static str,
        /// A status of `trine.h`, below 0.
        status: i32,
    },
    /// A function was stopped.
    #[error("its {function} did not return: {stop}")]
    Stopped {
        /// The function.
        function: &'static str,
        /// Why.
        stop: Stop,
    },
    /// The system gave no thread.
    #[error("cannot spawn a thread: {0}")]
    Thread(std::io::Error),
}

/// What loading answers.
pub type Result<T> = std::result::Result<T, Error>;
