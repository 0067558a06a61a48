//! Any tools for a base model: what both are told, and the tools of the program as a table.

use core::ffi::c_void;
use core::mem::{MaybeUninit, align_of, offset_of, size_of};

use trine_unseen::{Base, CompileError, Compiler, table_bytes};

use crate::config::TRINE_MODEL_CHECK;
use crate::descriptor::trine_tool;
use crate::model::TRINE_MODEL_ALIGN;
use crate::nodes::CNodes;
use crate::owned;
use crate::problem::{Fault, Refusal, tell, trine_model_problem};
use crate::slices;
use crate::status::{
    TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_E_UNSUPPORTED, TRINE_E_VERSION, TRINE_OK, trine_status,
};
use crate::version::TRINE_MODEL_ABI_VERSION;

/// A base model and the tools of the program. Set it to zero, then the members that are needed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_base_config {
    /// `sizeof(trine_base_config)`.
    pub struct_size: u32,
    /// `TRINE_MODEL_ABI_VERSION`.
    pub abi_version: u32,
    /// The base model where it lies, such as `models/base.bin`; read in place.
    pub data: *const c_void,
    /// How many bytes.
    pub size: usize,
    /// The tools, as a device has them: of the macros of `trine.h`, or of `trine gen`. To open a
    /// table without looking whether it is of these tools: NULL.
    pub tools: *const trine_tool,
    /// How many tools.
    pub tools_count: usize,
    /// The table of `trine_tools_compile` or of `trine tools compile`; read in place. To compile:
    /// NULL.
    pub table: *const u8,
    /// How many bytes.
    pub table_size: usize,
    /// 0 or `TRINE_MODEL_CHECK`, which reads each byte of the base model once. One that was packed
    /// anew for another processor is not checked so.
    pub flags: u32,
    /// Must be 0.
    pub reserved: u32,
}

/// Bytes of the first version.
const CONFIG_V1: usize = offset_of!(trine_base_config, reserved) + size_of::<u32>();

const _: () = assert!(align_of::<Compiler>() <= TRINE_MODEL_ALIGN);

/// A configuration that was read.
pub(crate) struct Setup {
    pub(crate) base: Base<'static>,
    /// None where no tools are named.
    pub(crate) tools: Option<CNodes<'static>>,
    pub(crate) table: &'static [u8],
}

/// Reads a configuration, and the head of its base model.
///
/// # Safety
/// NULL, or the program's structure; what it names stays as it is for as long as it is used.
pub(crate) unsafe fn setup(config: *const trine_base_config) -> Result<Setup, Refusal> {
    // SAFETY: zeros are a structure; the contract of every function.
    let raw = unsafe { slices::read(config, CONFIG_V1) }?;
    if raw.abi_version != TRINE_MODEL_ABI_VERSION {
        return Err(TRINE_E_VERSION.into());
    }
    if raw.flags & !TRINE_MODEL_CHECK != 0 || raw.reserved != 0 {
        return Err(TRINE_E_UNSUPPORTED.into());
    }
    if raw.data.is_null() {
        return Err(TRINE_E_NULL.into());
    }
    if raw.tools_count > u16::MAX.into() {
        return Err(TRINE_E_ARGUMENT.into());
    }
    // SAFETY: the program's, for as long as it is used.
    let bytes: &'static [u8] = unsafe { slices::slice(raw.data.cast(), raw.size) }?;
    // SAFETY: as above.
    let tools: &'static [trine_tool] = unsafe { slices::slice(raw.tools, raw.tools_count) }?;
    // SAFETY: as above.
    let table: &'static [u8] = unsafe { slices::slice(raw.table, raw.table_size) }?;
    let is_checked = raw.flags & TRINE_MODEL_CHECK != 0;
    let base = if is_checked { Base::parse(bytes) } else { Base::parse_trusted(bytes) };
    let base = base.map_err(|error| Refusal::model(Fault::Base(error)))?;
    // SAFETY: descriptors are constant and what their members say, as their header asks.
    let known = unsafe { CNodes::new(tools) };
    Ok(Setup { base, tools: (!tools.is_empty()).then_some(known), table })
}

/// Makes a value where it is to lie. Out of line, and by a reference that nothing else has, so that
/// a compiler makes it there and not on the stack.
#[inline(never)]
fn put<T>(place: &mut MaybeUninit<T>, make: impl FnOnce() -> T) -> &mut T {
    place.write(make())
}

impl From<CompileError> for Refusal {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Memory { needed } => Self::no_space(needed),
            _ => Self { status: TRINE_E_ARGUMENT, needed: 0, fault: Fault::Compile(error) },
        }
    }
}

/// Compiles in memory of the program; answers how many bytes the table has.
///
/// # Safety
/// As [`trine_tools_compile`].
unsafe fn compile(
    memory: (*mut c_void, usize),
    config: *const trine_base_config,
    out: &mut [u8],
) -> Result<usize, Refusal> {
    // SAFETY: passed on.
    let setup = unsafe { setup(config) }?;
    let memory = owned::checked(memory.0, memory.1, size_of::<Compiler>())?;
    // SAFETY: it is aligned, large enough and the callee's; any bytes are no compiler yet.
    let place = unsafe { memory.cast::<MaybeUninit<Compiler>>().as_mut() };
    let tools = setup.tools.ok_or(CompileError::Empty)?;
    Ok(put(place, Compiler::new).compile(&setup.base, &tools, out)?)
}

/// Bytes of memory that compiling tools takes while it goes on, whatever the tools are.
///
/// @return Bytes.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub extern "C" fn trine_tools_sizeof() -> usize {
    size_of::<Compiler>()
}

/// Bytes that the table of the tools has.
///
/// @param config The base model and the tools.
/// @param problem What is wrong with them; may be NULL.
/// @return Bytes; 0 when there is no such table.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_compile_size(
    config: *const trine_base_config,
    problem: *mut trine_model_problem,
) -> usize {
    // SAFETY: the contract of every function.
    let (found, came) = match unsafe { measured(config) } {
        Ok(needed) => (needed, Refusal { status: TRINE_OK, needed, fault: Fault::None }),
        Err(refusal) => (0, refusal),
    };
    // SAFETY: as above.
    unsafe { tell(problem, &came) };
    found
}

/// How many bytes a table has.
///
/// # Safety
/// As [`trine_tools_compile`].
unsafe fn measured(config: *const trine_base_config) -> Result<usize, Refusal> {
    // SAFETY: passed on.
    let setup = unsafe { setup(config) }?;
    Ok(table_bytes(&setup.tools.ok_or(CompileError::Empty)?)?)
}

/// Makes a table of the program's own tools for a base model. The same tools and base give the same
/// bytes on every machine: a chip may have them in its flash, and not compile at all.
///
/// @param memory `trine_tools_sizeof` bytes at least, aligned to `trine_model_alignof`: the
///               program's again when this returns.
/// @param size Bytes of the memory.
/// @param config The base model and the tools.
/// @param out Where the table goes. When it is too small, it is worthless after this.
/// @param out_size Bytes of `out`.
/// @param written Where it goes how many bytes the table has, on success only.
/// @param problem What is wrong, and how many bytes the memory or the table needs; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT when
///         there is no tool or the labels of one take too much, TRINE_E_ALIGNMENT,
///         TRINE_E_NO_SPACE, or TRINE_E_MODEL when the base model is damaged or none.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_tools_compile(
    memory: *mut c_void,
    size: usize,
    config: *const trine_base_config,
    out: *mut u8,
    out_size: usize,
    written: *mut usize,
    problem: *mut trine_model_problem,
) -> trine_status {
    let compiled = if written.is_null() {
        Err(TRINE_E_NULL.into())
    } else {
        // SAFETY: the caller's to be written.
        let out = unsafe { slices::slice_mut(out, out_size) }.map_err(Refusal::from);
        // SAFETY: the contract of every function.
        out.and_then(|out| unsafe { compile((memory, size), config, out) })
    };
    let came = match compiled {
        Ok(needed) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { written.write(needed) };
            Refusal { status: TRINE_OK, needed, fault: Fault::None }
        }
        Err(refusal) => refusal,
    };
    // SAFETY: the contract of every function.
    unsafe { tell(problem, &came) }
}
