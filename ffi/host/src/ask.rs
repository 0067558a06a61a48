//! Sentences become calls of a hub's tools.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;
use trine_c_api::{TRINE_E_FAILED, TRINE_E_NULL, TRINE_OK, trine_status};
use trine_models::ask::{Ask as _, BASE, BaseAsker, OpenedBase, ToolList};

use crate::answer::{Done, answered, give_text, refused, text};
use crate::hub::{object, trine_hub};

/// Lists that were compiled last: those of as many hubs.
const LISTS_MAX: usize = 8;

/// A list of tools, as JSON, and what the base model has made of it.
type Compiled = (String, Arc<Vec<u8>>);

/// The model, once it was asked for.
fn opened() -> Option<&'static OpenedBase> {
    static OPENED: OnceLock<Option<OpenedBase>> = OnceLock::new();
    OPENED.get_or_init(|| OpenedBase::open(BASE).ok()).as_ref()
}

/// The lists that were compiled last.
fn all_compiled() -> MutexGuard<'static, Vec<Compiled>> {
    static COMPILED: Mutex<Vec<Compiled>> = Mutex::new(Vec::new());
    COMPILED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a sentence asks for, by the base model, which reads the names, descriptions and schemas of
/// all tools that the hub has now. Nothing is called. The first sentence after the
/// tools have changed takes longer: the tools are compiled then.
///
/// The answer is an object with `tool` and `arguments`, or null where there is no call or none that
/// is sure enough; `confidence`; and, where there is something to say of them, `reason`, `why`,
/// `missing`, `between`, `likeliest`, `calls`: what a line of `trine ask --jsonl` has.
///
/// @param hub The hub.
/// @param sentence The sentence, of at most 1,024 bytes, ended by a zero byte.
/// @param answer Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
/// @return TRINE_OK, also where there is no call; TRINE_E_NULL, TRINE_E_UTF8, or TRINE_E_FAILED
///         when the model cannot take these tools.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_ask(
    hub: *mut trine_hub,
    sentence: *const c_char,
    answer: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let sentence = unsafe { text(sentence, "the sentence") }?;
        if answer.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the answer");
        }
        let said = asked(&Value::from(object.hub.tools()).to_string(), sentence)?;
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give_text(answer, &said.to_string()) };
        Ok(TRINE_OK)
    })
}

/// The answer to a sentence with a list of tools.
fn asked(list: &str, sentence: &str) -> Done<Value> {
    let failed = |why: &str| refused(TRINE_E_FAILED, why);
    let Some(opened) = opened() else { return failed("the base model cannot be read") };
    let tools = match ToolList::parse(list) {
        Ok(tools) => tools,
        Err(error) => return failed(&error.to_string()),
    };
    let known = compiled(list);
    let asker = match &known {
        Some(table) => BaseAsker::with_table(opened, &tools, table.as_slice()),
        None => BaseAsker::new(opened, &tools),
    };
    let reply = asker.and_then(|mut asker| {
        keep(list, asker.table());
        asker.ask(sentence.as_bytes())
    });
    match reply {
        Ok(reply) => Ok(reply.to_json()),
        Err(error) => failed(&error.to_string()),
    }
}

fn compiled(list: &str) -> Option<Arc<Vec<u8>>> {
    all_compiled().iter().find(|(known, _)| known == list).map(|(_, table)| Arc::clone(table))
}

/// Keeps a table, in the place of the oldest.
fn keep(list: &str, table: &[u8]) {
    let mut all = all_compiled();
    if all.iter().all(|(known, _)| known != list) {
        if all.len() == LISTS_MAX {
            all.remove(0);
        }
        all.push((list.to_owned(), Arc::new(table.to_vec())));
    }
}
