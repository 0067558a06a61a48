//! What the development kits of Extism import of WASI beside Extism's own functions. None of it
//! reaches a file, a folder, the environment or the network.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasmi::{Caller, Linker};

use super::host::Host;
use crate::call::SAID_MAX;
use crate::imports::{MESSAGE, charge, spend};
use crate::limits::Stop;
use crate::memory::Linear;
use crate::run::now;

/// The module that all of them are of.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// Most pieces of one write.
const PIECES_MAX: u32 = 1_024;
/// Most random bytes at a time.
const RANDOM_MAX: u32 = 64 * 1_024;

/// Numbers of WASI's errors.
const OK: i32 = 0;
const BAD_FILE: i32 = 8;
const FAULT: i32 = 21;
const INVALID: i32 = 28;
const NOT_THERE: i32 = 52;
const NOT_ALLOWED: i32 = 76;

/// Names, and what each takes and answers: `i` is an `i32`, `I` an `i64`.
pub(crate) static SIGNATURES: [(&str, &str); 23] = [
    ("args_get", "ii:i"),
    ("args_sizes_get", "ii:i"),
    ("environ_get", "ii:i"),
    ("environ_sizes_get", "ii:i"),
    ("clock_res_get", "ii:i"),
    ("clock_time_get", "iIi:i"),
    ("random_get", "ii:i"),
    ("sched_yield", ":i"),
    ("poll_oneoff", "iiii:i"),
    ("proc_exit", "i:"),
    ("fd_write", "iiii:i"),
    ("fd_read", "iiii:i"),
    ("fd_close", "i:i"),
    ("fd_seek", "iIii:i"),
    ("fd_tell", "ii:i"),
    ("fd_fdstat_get", "ii:i"),
    ("fd_fdstat_set_flags", "ii:i"),
    ("fd_filestat_get", "ii:i"),
    ("fd_prestat_get", "ii:i"),
    ("fd_prestat_dir_name", "iii:i"),
    ("fd_readdir", "iiiIi:i"),
    ("path_open", "iiiiiIIii:i"),
    ("path_filestat_get", "iiiii:i"),
];

type Of<'c> = Caller<'c, Host>;

/// Adds them to what a module may import.
pub(crate) fn define(linker: &mut Linker<Host>) -> Result<(), wasmi::Error> {
    nothing(linker)?;
    linker
        // There are none: a count of 0 and no bytes.
        .func_wrap(MODULE, "args_get", |_: Of<'_>, _: u32, _: u32| OK)?
        .func_wrap(MODULE, "environ_get", |_: Of<'_>, _: u32, _: u32| OK)?
        .func_wrap(MODULE, "args_sizes_get", no_sizes)?
        .func_wrap(MODULE, "environ_sizes_get", no_sizes)?
        .func_wrap(MODULE, "clock_res_get", |mut caller: Of<'_>, _: u32, at: u32| {
            write(&mut caller, at, &1_000_000_u64.to_le_bytes())
        })?
        .func_wrap(MODULE, "clock_time_get", |mut caller: Of<'_>, id: u32, _: u64, at: u32| {
            let time = match id {
                0 => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
                1 => Duration::from_millis(now()),
                _ => return INVALID,
            };
            let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            write(&mut caller, at, &time.to_le_bytes())
        })?
        .func_wrap(MODULE, "random_get", |mut caller: Of<'_>, at: u32, len: u32| {
            if len > RANDOM_MAX {
                return INVALID;
            }
            let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
            charge(&mut caller, 16 * bytes.len());
            match getrandom::fill(&mut bytes) {
                Ok(()) => write(&mut caller, at, &bytes),
                Err(_) => NOT_THERE,
            }
        })?
        .func_wrap(MODULE, "sched_yield", |_: Of<'_>| OK)?
        .func_wrap(MODULE, "proc_exit", |mut caller: Of<'_>, status: i32| {
            Err::<(), _>(caller.data_mut().stop(Stop::Exit(status)))
        })?
        .func_wrap(MODULE, "fd_write", fd_write)?
        .func_wrap(MODULE, "fd_fdstat_get", |mut caller: Of<'_>, file: u32, at: u32| {
            // A device of characters, without rights.
            let mut stat = [0; 24];
            stat[0] = 2;
            if file > 2 { BAD_FILE } else { write(&mut caller, at, &stat) }
        })?;
    Ok(())
}

/// Those that answer that there is no such file, or that it may not.
fn nothing(linker: &mut Linker<Host>) -> Result<(), wasmi::Error> {
    linker
        .func_wrap(MODULE, "poll_oneoff", |_: Of<'_>, _: u32, _: u32, _: u32, _: u32| NOT_THERE)?
        .func_wrap(MODULE, "fd_read", |_: Of<'_>, _: u32, _: u32, _: u32, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_close", |_: Of<'_>, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_seek", |_: Of<'_>, _: u32, _: u64, _: u32, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_tell", |_: Of<'_>, _: u32, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_fdstat_set_flags", |_: Of<'_>, _: u32, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_filestat_get", |_: Of<'_>, _: u32, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_prestat_get", |_: Of<'_>, _: u32, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_prestat_dir_name", |_: Of<'_>, _: u32, _: u32, _: u32| BAD_FILE)?
        .func_wrap(MODULE, "fd_readdir", |_: Of<'_>, _: u32, _: u32, _: u32, _: u64, _: u32| {
            BAD_FILE
        })?
        .func_wrap(
            MODULE,
            "path_filestat_get",
            |_: Of<'_>, _: u32, _: u32, _: u32, _: u32, _: u32| NOT_ALLOWED,
        )?
        .func_wrap(MODULE, "path_open", path_open)?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "they are those of WASI")]
const fn path_open(
    _: Of<'_>,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u64,
    _: u64,
    _: u32,
    _: u32,
) -> i32 {
    NOT_ALLOWED
}

/// Writes into the module's own memory.
fn write(caller: &mut Of<'_>, at: u32, bytes: &[u8]) -> i32 {
    let Some(memory) = caller.data().memory else { return FAULT };
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    memory.write(caller, at, bytes).map_or(FAULT, |()| OK)
}

fn no_sizes(mut caller: Of<'_>, count: u32, bytes: u32) -> i32 {
    let status = write(&mut caller, count, &[0; 4]);
    if status == OK { write(&mut caller, bytes, &[0; 4]) } else { status }
}

/// What is written to the standard output and error is a line of the call's log.
fn fd_write(mut caller: Of<'_>, file: u32, pieces: u32, count: u32, written: u32) -> i32 {
    if !(1..=2).contains(&file) {
        return BAD_FILE;
    }
    if count > PIECES_MAX {
        return INVALID;
    }
    let Some(memory) = caller.data().memory else { return FAULT };
    let linear = Linear(memory.data(&caller));
    let (mut said, mut all) = (Vec::new(), 0_u32);
    for piece in 0..count {
        let head = linear.bytes(pieces.saturating_add(8 * piece), 8).and_then(<[u8]>::first_chunk);
        let Some([a, b, c, d, e, f, g, h]) = head.copied() else { return FAULT };
        let (at, len) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let Some(bytes) = linear.bytes(at, len) else { return FAULT };
        let room = SAID_MAX.saturating_sub(said.len());
        said.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        let Some(sum) = all.checked_add(len) else { return INVALID };
        all = sum;
    }
    spend(&mut caller, MESSAGE + u64::from(count));
    caller.data().log(if file == 2 { 3 } else { 1 }, &said);
    write(&mut caller, written, &all.to_le_bytes())
}
