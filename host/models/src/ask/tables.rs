//! Lists of tools that a base has read, for who is asked about several.

use trine_descriptor::{ToolTable, record};

use super::base::{OpenedBase, compile_tools};
use crate::Result;

/// Most lists that are kept; the one that was read first goes first.
const TABLES_MAX: usize = 64;

/// The compiled tables of lists of tools, each made once.
#[derive(Debug, Default)]
pub struct Tables {
    /// The hash of each list, and its table.
    all: Vec<(u64, Vec<u8>)>,
}

impl Tables {
    /// The table of a list, which is compiled if it was not before.
    ///
    /// # Errors
    /// When the list is empty, or the labels of a tool take too much.
    pub fn of(&mut self, opened: &OpenedBase, tools: &dyn ToolTable) -> Result<&[u8]> {
        let hash = record::table_hash(tools);
        let at = match self.all.iter().position(|(known, _)| *known == hash) {
            Some(at) => at,
            None => {
                let table = compile_tools(opened, tools)?;
                if self.all.len() == TABLES_MAX {
                    self.all.remove(0);
                }
                self.all.push((hash, table));
                self.all.len() - 1
            }
        };
        Ok(self.all.get(at).map_or(&[], |(_, table)| table))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ask as _, BASE, BaseAsker, ToolList};
    use super::*;

    fn list(name: &str) -> ToolList {
        let tools = format!(r#"[{{"name": "{name}", "description": "Opens it."}}]"#);
        ToolList::parse(&tools).unwrap()
    }

    #[test]
    fn a_list_is_compiled_once_and_another_one_anew() -> Result<()> {
        let opened = OpenedBase::open(BASE)?;
        let mut tables = Tables::default();
        let first = tables.of(&opened, &list("gate"))?.as_ptr();
        let other = tables.of(&opened, &list("door"))?.as_ptr();
        assert_ne!(first, other);
        assert_eq!(tables.of(&opened, &list("gate"))?.as_ptr(), first, "it was kept");
        assert_eq!(tables.all.len(), 2);
        let tools = list("gate");
        let table = tables.of(&opened, &tools)?;
        let alone = BaseAsker::new(&opened, &tools)?.ask(b"open the gate")?;
        assert_eq!(BaseAsker::with_table(&opened, &tools, table)?.ask(b"open the gate")?, alone);
        assert!(BaseAsker::with_table(&opened, &list("door"), table).is_err(), "another list");
        Ok(())
    }

    #[test]
    fn no_more_lists_are_kept_than_there_is_room_for() -> Result<()> {
        let opened = OpenedBase::open(BASE)?;
        let mut tables = Tables::default();
        for number in 0..TABLES_MAX + 3 {
            tables.of(&opened, &list(&format!("gate_{number}")))?;
        }
        assert_eq!(tables.all.len(), TABLES_MAX);
        Ok(())
    }
}
