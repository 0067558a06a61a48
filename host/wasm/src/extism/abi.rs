//! The functions of `extism:host/env`, by the published interface of Extism: offsets and lengths
//! are 64-bit, and a text or value is a block of the memory outside the module.

use wasmi::{Caller, Linker};

use super::host::{Host, NO_BLOCK};
use crate::call::SAID_MAX;
use crate::imports::{charge, spend};
use crate::limits::Stop;

/// The module that all of them are of.
pub(crate) const MODULE: &str = "extism:host/env";
/// Most bytes of all variables, with 64 for each.
const VARS_MAX: usize = 1 << 20;
const VAR: usize = 64;
/// Fuel of a call of these functions beside that for bytes, where it does more than to look.
const WORK: u64 = 20;
/// The level from which on lines are of use: 2 is that of `log_info`.
const LOG_LEVEL: i32 = 2;

type Done<T> = Result<T, wasmi::Error>;

/// Names, and what each takes and answers: `i` is an `i32`, `I` an `i64`.
pub(crate) static SIGNATURES: [(&str, &str); 26] = [
    ("input_length", ":I"),
    ("input_offset", ":I"),
    ("input_load_u8", "I:i"),
    ("input_load_u64", "I:I"),
    ("alloc", "I:I"),
    ("free", "I:"),
    ("length", "I:I"),
    ("length_unsafe", "I:I"),
    ("load_u8", "I:i"),
    ("load_u64", "I:I"),
    ("store_u8", "Ii:"),
    ("store_u64", "II:"),
    ("output_set", "II:"),
    ("error_set", "I:"),
    ("config_get", "I:I"),
    ("var_get", "I:I"),
    ("var_set", "II:"),
    ("http_request", "II:I"),
    ("http_status_code", ":i"),
    ("http_headers", ":I"),
    ("log_trace", "I:"),
    ("log_debug", "I:"),
    ("log_info", "I:"),
    ("log_warn", "I:"),
    ("log_error", "I:"),
    ("get_log_level", ":i"),
];

/// What is read of a request. The rest of it, which may be as long as the memory, is passed over
/// and takes none.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Request {
    url: String,
}

/// The address of a request; empty where it has none.
fn url(request: &[u8]) -> String {
    serde_json::from_slice::<Request>(request).unwrap_or_default().url
}

/// Adds them to what a module may import.
pub(crate) fn define(linker: &mut Linker<Host>) -> Done<()> {
    memory(linker)?;
    linker
        .func_wrap(MODULE, "output_set", |mut caller: Caller<'_, Host>, at: u64, len: u64| {
            let host = caller.data_mut();
            if len > 0 && host.blocks.read(at, len).is_none() {
                return Err(host.stop(Stop::Trap(NO_BLOCK.to_owned())));
            }
            host.output = (at, len);
            Ok(())
        })?
        .func_wrap(MODULE, "error_set", |mut caller: Caller<'_, Host>, at: u64| {
            let host = caller.data_mut();
            if at != 0 && host.blocks.block(at).is_none() {
                return Err(host.stop(Stop::Trap(NO_BLOCK.to_owned())));
            }
            host.error = at;
            Ok(())
        })?
        .func_wrap(MODULE, "config_get", |mut caller: Caller<'_, Host>, key: u64| {
            let key = take(&mut caller, key)?;
            let config = caller.data().config.clone();
            give(&mut caller, std::str::from_utf8(&key).ok().and_then(|key| config.get(key)))
        })?
        .func_wrap(MODULE, "var_get", |mut caller: Caller<'_, Host>, key: u64| {
            let key = take(&mut caller, key)?;
            let value = caller.data().vars.get(&key).cloned();
            give(&mut caller, value.as_ref())
        })?
        .func_wrap(MODULE, "var_set", var_set)?
        .func_wrap(MODULE, "http_request", |mut caller: Caller<'_, Host>, request, _: u64| {
            let request = take(&mut caller, request)?;
            let url: String = url(&request).chars().take(200).collect();
            let url = trine_gateway::sanitize::plain(&url).into_owned();
            Err::<u64, _>(caller.data_mut().stop(Stop::Http(url)))
        })?
        .func_wrap(MODULE, "http_status_code", |_: Caller<'_, Host>| 0_i32)?
        .func_wrap(MODULE, "http_headers", |_: Caller<'_, Host>| 0_u64)?
        .func_wrap(MODULE, "get_log_level", |_: Caller<'_, Host>| LOG_LEVEL)?;
    // Levels of a client's log: debug, info, warning, error.
    let levels =
        [("log_trace", 0), ("log_debug", 0), ("log_info", 1), ("log_warn", 3), ("log_error", 4)];
    for (name, level) in levels {
        linker.func_wrap(MODULE, name, move |mut caller: Caller<'_, Host>, at: u64| {
            let text = take(&mut caller, at)?;
            spend(&mut caller, crate::imports::MESSAGE);
            caller.data().log(level, text.get(..SAID_MAX).unwrap_or(&text));
            Ok::<_, wasmi::Error>(())
        })?;
    }
    Ok(())
}

/// Those that allocate, read and write. What is outside the memory reads as 0 and is not written.
fn memory(linker: &mut Linker<Host>) -> Done<()> {
    linker
        .func_wrap(MODULE, "input_length", |caller: Caller<'_, Host>| caller.data().input.1)?
        .func_wrap(MODULE, "input_offset", |caller: Caller<'_, Host>| caller.data().input.0)?
        .func_wrap(MODULE, "input_load_u8", |caller: Caller<'_, Host>, at: u64| {
            i32::from(caller.data().input_byte(at))
        })?
        .func_wrap(MODULE, "input_load_u64", |caller: Caller<'_, Host>, at: u64| {
            caller.data().input_word(at)
        })?
        .func_wrap(MODULE, "alloc", |mut caller: Caller<'_, Host>, len: u64| {
            // The bytes are set to 0.
            charge(&mut caller, usize::try_from(len).unwrap_or(usize::MAX));
            spend(&mut caller, WORK);
            let host = caller.data_mut();
            let at = host.blocks.add(len);
            at.ok_or_else(|| host.stop_memory())
        })?
        .func_wrap(MODULE, "free", |mut caller: Caller<'_, Host>, at: u64| {
            spend(&mut caller, WORK);
            caller.data_mut().blocks.free(at);
        })?
        .func_wrap(MODULE, "length", |caller: Caller<'_, Host>, at: u64| {
            caller.data().blocks.len(at)
        })?
        .func_wrap(MODULE, "length_unsafe", |caller: Caller<'_, Host>, at: u64| {
            caller.data().blocks.len(at)
        })?
        .func_wrap(MODULE, "load_u8", |caller: Caller<'_, Host>, at: u64| {
            let byte = caller.data().blocks.read(at, 1).and_then(<[u8]>::first);
            i32::from(byte.copied().unwrap_or_default())
        })?
        .func_wrap(MODULE, "load_u64", |caller: Caller<'_, Host>, at: u64| {
            caller.data().blocks.word(at)
        })?
        .func_wrap(MODULE, "store_u8", |mut caller: Caller<'_, Host>, at: u64, byte: u32| {
            let [byte, ..] = byte.to_le_bytes();
            caller.data_mut().blocks.write(at, &[byte]);
        })?
        .func_wrap(MODULE, "store_u64", |mut caller: Caller<'_, Host>, at: u64, word: u64| {
            caller.data_mut().blocks.write(at, &word.to_le_bytes());
        })?;
    Ok(())
}

/// The bytes of a block that a function is given for good: it is freed.
fn take(caller: &mut Caller<'_, Host>, at: u64) -> Done<Vec<u8>> {
    spend(caller, WORK);
    let host = caller.data_mut();
    let Some(bytes) = host.blocks.block(at).map(<[u8]>::to_vec) else {
        // An empty text has no block.
        if at == 0 {
            return Ok(Vec::new());
        }
        return Err(host.stop(Stop::Trap(NO_BLOCK.to_owned())));
    };
    host.blocks.free(at);
    charge(caller, bytes.len());
    Ok(bytes)
}

/// A block with a value, which the module frees; 0 where there is none.
fn give(caller: &mut Caller<'_, Host>, value: Option<impl AsRef<[u8]>>) -> Done<u64> {
    let Some(value) = value else { return Ok(0) };
    let value = value.as_ref();
    charge(caller, value.len());
    let host = caller.data_mut();
    let at = host.blocks.put(value);
    at.ok_or_else(|| host.stop_memory())
}

/// Keeps a value under a name, or forgets it where the value is no block.
fn var_set(mut caller: Caller<'_, Host>, key: u64, value: u64) -> Done<()> {
    let key = take(&mut caller, key)?;
    let value = if value == 0 { None } else { Some(take(&mut caller, value)?) };
    let host = caller.data_mut();
    if let Some(old) = host.vars.remove(&key) {
        host.vars_size = host.vars_size.saturating_sub(key.len() + old.len() + VAR);
    }
    let Some(value) = value else { return Ok(()) };
    let size = host.vars_size + key.len() + value.len() + VAR;
    if size > VARS_MAX {
        return Err(host.stop(Stop::Variables(VARS_MAX)));
    }
    host.vars_size = size;
    host.vars.insert(key, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn of_a_request_its_address_alone_is_kept() {
        assert_eq!(url(br#"{"method": "GET", "url": "http://a"}"#), "http://a");
        // As values, each item would take 32 bytes, and so deep ones are not read at all.
        let deep = format!(r#"{{"x": {}{}, "url": "http://a"}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(url(deep.as_bytes()), "http://a");
        for none in [&b""[..], b"{}", b"[]", br#"{"url": 1}"#, br#"{"url": "a""#] {
            assert_eq!(url(none), "");
        }
    }
}
