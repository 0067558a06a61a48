//! A model in a file.

use std::ffi::{CStr, OsStr, c_char, c_void};
use std::mem::{offset_of, size_of};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{null, null_mut};

use trine_c_model::hosted::{
    self, ARGUMENT, ModelObject, NULL, OK, UNSUPPORTED, tell_error, tell_system, tell_text,
};
use trine_c_model::{
    TRINE_MODEL_ABI_VERSION, trine_model, trine_model_config, trine_model_open,
    trine_model_problem, trine_model_sizeof, trine_status,
};
use trine_infer::{Layer, Model};
use trine_models::model::{Mapped, Pool, threads};
use trine_ternary::Packing;

use crate::choice::Choice;
use crate::guarded;
use crate::note::Notes;

/// Uses the weights as they lie in the file; else they are packed for this machine first, which
/// takes as much memory again, and is faster from then on.
pub const TRINE_HOST_IN_PLACE: u32 = 1;
/// Lets a device take what its matrices read as it is. Else it is rounded to bytes there too, as
/// such models are trained to be read and as the library's own engine rounds it always, also where
/// it goes on for a device. There is less to do without, and the text is another one.
pub const TRINE_HOST_FLOATS: u32 = 2;

/// What a model from a file is told. Zero is the default of every member but the first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_host_config {
    /// `sizeof(trine_host_config)`.
    pub struct_size: u32,
    /// Threads that share the work, the caller's being one of them; 0 is as many as there are
    /// processors. They sleep when there is nothing to do.
    pub threads: u32,
    /// 0, or any of `TRINE_HOST_IN_PLACE` and `TRINE_HOST_FLOATS`.
    pub flags: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Where the model is computed, in the words of `trine generate --backend`, ended by a zero
    /// byte: "cpu", the library's own engine, which NULL means too; "ternary", "vulkan", "cuda" or
    /// "metal", the first device of that name; "auto", the first graphics processor that is no
    /// software, or the processor. With "auto", and with ",cpu" after another name, the processor
    /// computes where there is no device, and goes on where it fails, and `on_note` is told; else
    /// that is an error. May die when the function returns.
    pub backend: *const c_char,
    /// Gets what a person may want to know of a device: `TRINE_HOST_NOTE_...`, and a text that ends
    /// with a zero byte and dies when it returns. Runs inside the functions that open a model or a
    /// session, and inside those that read or write with a session, in their thread, of which there
    /// may be several at a time. It calls no function of the library. May be NULL.
    pub on_note:
        Option<unsafe extern "C" fn(user_data: *mut c_void, kind: u32, text: *const c_char)>,
    /// Passed to `on_note`.
    pub user_data: *mut c_void,
    /// Bytes of the device's memory that a session may take; 0 is what the device says is free.
    pub memory_max: u64,
    /// Blocks of the model that go to the device, the others staying on the processor; 0 is as many
    /// as its memory takes.
    pub layers: u32,
    /// Must be 0.
    pub reserved_2: u32,
}

impl trine_host_config {
    /// What NULL means.
    const DEFAULT: Self = Self {
        struct_size: 0,
        threads: 0,
        flags: 0,
        reserved: 0,
        backend: null(),
        on_note: None,
        user_data: null_mut(),
        memory_max: 0,
        layers: 0,
        reserved_2: 0,
    };
}

/// Bytes of the first version.
const V1: usize = offset_of!(trine_host_config, reserved) + size_of::<u32>();

/// The first version, which lies at any multiple of 4.
#[repr(C)]
#[derive(Clone, Copy)]
struct First([u32; 4]);

/// What a handle points to. The object comes first, so that the functions of `trine-c-model` take
/// the handle too.
#[repr(C)]
struct Host {
    object: ModelObject,
    /// What the object borrows, in the order in which it is given back.
    held: Held,
    /// What sessions are computed on.
    wanted: Wanted,
}

/// What sessions of a model are computed on.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "it is the processor"))]
pub(crate) struct Wanted {
    pub(crate) choice: Choice,
    pub(crate) notes: Notes,
    pub(crate) threads: usize,
    pub(crate) memory: Option<usize>,
    pub(crate) layers: Option<usize>,
    /// Whether a device rounds nothing.
    pub(crate) is_floats: bool,
}

/// What sessions of a model are computed on, if it is one of [`trine_host_model_open`].
#[cfg(feature = "gpu")]
pub(crate) fn wanted(model: &ModelObject) -> Option<Wanted> {
    if !model.is_hosted() {
        return None;
    }
    // SAFETY: those are opened here alone, as the first member of a `Host`.
    let host = unsafe { &*(&raw const *model).cast::<Host>() };
    Some(host.wanted)
}

/// Everything that a model borrows. It goes when the model is closed, after the object.
struct Held {
    repacked_layers: *mut [Layer<'static>],
    repacked: *mut [u8],
    /// The model as the file has it.
    memory: *mut [u64],
    pool: *mut Pool,
    file: *mut Mapped,
}

impl Held {
    fn of(file: Mapped, pool: Pool) -> Self {
        Self {
            repacked_layers: Box::into_raw(Box::default()),
            repacked: Box::into_raw(Box::default()),
            memory: Box::into_raw(Box::default()),
            pool: Box::into_raw(Box::new(pool)),
            file: Box::into_raw(Box::new(file)),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: made by `Box::into_raw`, and nobody borrows it any more.
        drop(unsafe { Box::from_raw(self.repacked_layers) });
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(self.repacked) });
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(self.memory) });
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(self.pool) });
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(self.file) });
    }
}

/// Opens a model in a file: maps it, packs its weights for this machine unless a device computes
/// it, and starts threads.
///
/// @param path The file, a GGUF file or an image of `trine model pack`; ended by a zero byte.
/// @param config What the model is told; NULL for the defaults.
/// @param model Where the handle goes, on success only. The functions of trine_model.h take it, but
///              for `trine_model_close`.
/// @param problem Where it is said what is wrong; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED also when the library was
///         built without the backend, TRINE_E_ARGUMENT also when there is no such backend,
///         TRINE_E_NOT_FOUND when the backend has no device here, TRINE_E_FAILED when the file
///         cannot be read, there is no memory or no thread, or TRINE_E_MODEL when the file is
///         damaged or not a model that this library computes.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_host_model_open(
    path: *const c_char,
    config: *const trine_host_config,
    model: *mut *mut trine_model,
    problem: *mut trine_model_problem,
) -> trine_status {
    if path.is_null() || model.is_null() {
        return NULL;
    }
    // SAFETY: the program's structure, or NULL.
    let config = match unsafe { read(config) } {
        Ok(config) => config,
        Err(status) => return status,
    };
    guarded(|| {
        // SAFETY: ended by a zero byte, as the header asks.
        let path = unsafe { CStr::from_ptr(path) };
        let path = Path::new(OsStr::from_bytes(path.to_bytes()));
        // SAFETY: the contract of every function.
        match unsafe { open(path, config, problem) } {
            Ok(handle) => {
                // SAFETY: not NULL, and the caller's to be written.
                unsafe { model.write(handle) };
                OK
            }
            Err(status) => status,
        }
    })
}

/// The program's structure, of any version.
///
/// # Safety
/// NULL, or a structure of as many bytes as its first member says.
unsafe fn read(config: *const trine_host_config) -> Result<trine_host_config, trine_status> {
    if config.is_null() {
        return Ok(trine_host_config::DEFAULT);
    }
    let config = if config.is_aligned() {
        // SAFETY: the caller's promise; zeros are a structure.
        unsafe { hosted::read(config, V1) }?
    } else {
        // SAFETY: as above.
        let First([struct_size, threads, flags, reserved]) =
            unsafe { hosted::read(config.cast::<First>(), V1) }?;
        trine_host_config { struct_size, threads, flags, reserved, ..trine_host_config::DEFAULT }
    };
    let reserved = [config.reserved, config.reserved_2];
    if config.flags & !(TRINE_HOST_IN_PLACE | TRINE_HOST_FLOATS) != 0 || reserved != [0; 2] {
        return Err(UNSUPPORTED);
    }
    if config.threads > 1024 {
        return Err(ARGUMENT);
    }
    Ok(config)
}

/// Finds what the program wants sessions to be computed on.
///
/// # Safety
/// The texts of the configuration end with a zero byte; the problem is NULL or the program's, to be
/// written.
unsafe fn choose(
    config: &trine_host_config,
    problem: *mut trine_model_problem,
) -> Result<Wanted, trine_status> {
    let notes = Notes { call: config.on_note, user_data: config.user_data };
    let is_floats = config.flags & TRINE_HOST_FLOATS != 0;
    let choice = if config.backend.is_null() {
        Choice::PROCESSOR
    } else {
        // SAFETY: the caller's promise.
        let words = unsafe { CStr::from_ptr(config.backend) };
        Choice::new(words.to_bytes(), is_floats, notes).map_err(|(status, said)| {
            notes.error(&said);
            // SAFETY: the caller's promise.
            unsafe { tell_text(problem, status, &said) }
        })?
    };
    let some = |number: usize| (number > 0).then_some(number);
    Ok(Wanted {
        choice,
        notes,
        threads: threads(some(config.threads as usize)),
        // More than there can be is all there is.
        memory: some(usize::try_from(config.memory_max).unwrap_or(usize::MAX)),
        layers: some(config.layers as usize),
        is_floats,
    })
}

/// Opens the file and all that goes with it.
///
/// # Safety
/// As [`choose`].
unsafe fn open(
    path: &Path,
    config: trine_host_config,
    problem: *mut trine_model_problem,
) -> Result<*mut trine_model, trine_status> {
    // SAFETY: the caller's promise.
    let system =
        |error: std::io::Error| unsafe { tell_system(problem, error.raw_os_error().unwrap_or(0)) };
    // SAFETY: the caller's promise.
    let wanted = unsafe { choose(&config, problem) }?;
    let file = Mapped::open(path).map_err(system)?;
    let pool = Pool::new(wanted.threads).map_err(system)?;
    let mut held = Held::of(file, pool);
    // SAFETY: it lives until the model is closed, and nobody writes it.
    let bytes: &'static [u8] = unsafe { &*held.file };
    let stored = trine_model_config {
        struct_size: size_of::<trine_model_config>() as u32,
        abi_version: TRINE_MODEL_ABI_VERSION,
        data: bytes.as_ptr().cast(),
        size: bytes.len(),
        flags: 0,
        reserved: 0,
    };
    // SAFETY: a sound configuration of what lives long enough.
    let needed = unsafe { trine_model_sizeof(&raw const stored, problem) };
    // What there is to say of a file without a model the next call says too.
    held.memory = Box::into_raw(vec![0; needed.div_ceil(8)].into_boxed_slice());
    let (memory, mut plain) = (held.memory.cast(), null_mut());
    // SAFETY: as much memory as it asks for, which lives until the model is closed.
    let status =
        unsafe { trine_model_open(memory, needed, &raw const stored, &raw mut plain, problem) };
    if status != OK {
        return Err(status);
    }
    // SAFETY: just opened.
    let plain: &'static ModelObject = unsafe { ModelObject::of(plain) }?;
    // SAFETY: it lives until the model is closed.
    let pool: &'static Pool = unsafe { &*held.pool };
    // A device has packings of its own.
    let in_place = config.flags & TRINE_HOST_IN_PLACE != 0 || wanted.choice.device.is_some();
    let model = if in_place {
        *plain.model()
    } else {
        // SAFETY: the caller's promise.
        let refused = |error| unsafe { tell_error(problem, error) };
        repacked(plain.model(), &mut held, pool).map_err(refused)?
    };
    let object = ModelObject::new(model, *plain.tokenizer(), bytes.len() as u64, Some(pool));
    Ok(Box::into_raw(Box::new(Host { object, held, wanted })).cast())
}

/// The same model with its weights packed for this machine; as it is, where its rows do not fit
/// that packing.
fn repacked(
    model: &Model<'static>,
    held: &mut Held,
    pool: &Pool,
) -> Result<Model<'static>, trine_infer::Error> {
    let packing = Packing::PanelBase3;
    let weights = model.weights();
    let Ok(bytes) = weights.repacked_bytes(packing) else { return Ok(*model) };
    if weights.layers.iter().all(|layer| layer.q.matrix.packing() == packing) {
        return Ok(*model);
    }
    let layers = vec![Layer::EMPTY; weights.layers.len()].into_boxed_slice();
    held.repacked_layers = Box::into_raw(layers);
    held.repacked = Box::into_raw(vec![0; bytes].into_boxed_slice());
    // SAFETY: just made; it lives until the model is closed, and nothing else is made of it.
    let layers: &'static mut [Layer<'static>] = unsafe { &mut *held.repacked_layers };
    // SAFETY: as above.
    let memory: &'static mut [u8] = unsafe { &mut *held.repacked };
    let packed = weights.repack(packing, memory, layers, pool)?;
    // SAFETY: it lives until the model is closed.
    unsafe { &*held.file }.let_go_of(weights.layers);
    Model::new(*model.config(), packed, *model.kernels())
}

/// Closes a model that `trine_host_model_open` opened: ends its threads and gives its memory back.
///
/// @param model The model.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE when it was opened otherwise,
///         or TRINE_E_BUSY while a session of it is open.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_host_model_close(model: *mut trine_model) -> trine_status {
    // SAFETY: the contract of every function.
    if let Err(status) = unsafe { ModelObject::of(model) }.and_then(|object| object.close(true)) {
        return status;
    }
    // SAFETY: the model was opened here, by `Box::into_raw`, and is open no more.
    let host = unsafe { Box::from_raw(model.cast::<Host>()) };
    guarded(|| {
        // What the object borrows goes with it; it looks at none of that as it goes.
        drop(host);
        OK
    })
}

const _: () = assert!(offset_of!(Host, object) == 0);
