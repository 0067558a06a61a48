//! What turns sentences into calls has to know of a list of tools, for a program in C.

use std::fmt::Write as _;

use trine_ask::{compile, program_bytes};
use trine_descriptor::ToolTable as _;
use trine_models::ask::ToolList;

use super::error::Result;

/// An array in C that `trine_ask_config` points to: the tools of a list, as JSON text, compiled for
/// a model that knows all of them. Every name begins with `prefix`.
///
/// # Errors
/// When the text is no such list, or its tools are too many for a program.
pub fn c_sentences(tools: &str, prefix: &str, source: &str) -> Result<String> {
    let list = ToolList::parse(tools)?;
    let mut memory = vec![0; program_bytes(&list, list.count())?];
    let program = compile(&list, list.count(), &mut memory)?;
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}_") };
    let (count, hash) = (program.tools(), program.hash());
    let mut text = format!(
        "/* The tools of {source} for trine_ask_open(): {count} tools, hash {hash:016x}. Made by \
         trine gen --sentences. */\n#include <stddef.h>\n#include <stdint.h>\n\n\
         extern const uint8_t {prefix}sentences[];\nextern const size_t {prefix}sentences_size;\n\n\
         const uint8_t {prefix}sentences[] = {{"
    );
    for (at, byte) in program.bytes().iter().enumerate() {
        let space = if at % 12 == 0 { "\n    " } else { " " };
        // A text takes whatever is written to it.
        _ = write!(text, "{space}{byte:#04x},");
    }
    // A text takes whatever is written to it.
    _ = write!(text, "\n}};\n\nconst size_t {prefix}sentences_size = sizeof {prefix}sentences;\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use trine_board::TOOLS;

    use super::*;

    #[test]
    fn a_boards_list_is_compiled_to_what_its_own_table_is() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example");
        let list = std::fs::read_to_string(folder.join("board/tools.json")).unwrap();
        let text = c_sentences(&list, "board", "tools.json").unwrap();
        let mut memory = vec![0; program_bytes(&TOOLS, 10).unwrap()];
        let program = compile(&TOOLS, 10, &mut memory).unwrap();
        assert!(text.contains(&format!("10 tools, hash {:016x}", program.hash())), "{text}");
        assert_eq!(text.matches("0x").count(), program.bytes().len());
        assert!(text.contains("\nconst uint8_t board_sentences[] = {\n    0x01, 0x0a,"), "{text}");
        assert!(c_sentences("[]", "", "").is_err());
    }
}
