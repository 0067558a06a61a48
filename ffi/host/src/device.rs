//! The devices that models can be computed on.

use std::ffi::c_char;
use std::mem::{offset_of, size_of};

use trine_c_model::hosted::{self, NULL, tell_text};
use trine_c_model::{trine_model_problem, trine_status};

use crate::guarded;

/// The processor, as the backends of devices use it; the library's own engine is faster there.
pub const TRINE_HOST_PROCESSOR: u32 = 0;
/// A graphics processor with memory of its own, or one that says so.
pub const TRINE_HOST_GPU: u32 = 1;
/// A graphics processor that shares the processor's memory.
pub const TRINE_HOST_INTEGRATED: u32 = 2;
/// What helps the processor with some operations, and computes no whole model.
pub const TRINE_HOST_HELPER: u32 = 3;

/// A device. Texts end with a zero byte and live for ever.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_host_device {
    /// `sizeof(trine_host_device)`, set by the program.
    pub struct_size: u32,
    /// What it is: `TRINE_HOST_PROCESSOR` and those below it.
    pub kind: u32,
    /// 1 when it is a graphics processor in software, else 0.
    pub is_software: u32,
    /// 1 when the backend `auto` takes it, else 0.
    pub is_taken: u32,
    /// Bytes of its memory that are free now; 0 where it does not say.
    pub memory_free: u64,
    /// Bytes of all its memory; 0 where it does not say.
    pub memory_all: u64,
    /// Its name: `Vulkan0`.
    pub name: *const c_char,
    /// Its maker's name for it.
    pub description: *const c_char,
    /// The backend that it belongs to: `Vulkan`, `CUDA`, `CPU`.
    pub backend: *const c_char,
    /// Why the backend `auto` takes it, or does not.
    pub why: *const c_char,
}

/// Bytes of the first version.
const V1: usize = offset_of!(trine_host_device, why) + size_of::<*const c_char>();

/// Counts the devices that models can be computed on: those of the backends that the library was
/// built with, and the processor as these use it.
///
/// @param problem Where it is said what is wrong; may be NULL.
/// @return How many, or TRINE_E_UNSUPPORTED when the library was built without.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_host_device_count(problem: *mut trine_model_problem) -> i32 {
    guarded(|| match found::count() {
        Ok(count) => i32::try_from(count).unwrap_or(i32::MAX),
        // SAFETY: the contract of every function.
        Err((status, said)) => unsafe { tell_text(problem, status, &said) },
    })
}

/// Says what a device is.
///
/// @param index Its place, below `trine_host_device_count`; where there are several of a backend,
///              the first of them is the one that its name chooses.
/// @param device Where it goes; its `struct_size` is set.
/// @param problem Where it is said what is wrong; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_VERSION, TRINE_E_NOT_FOUND when there
///         is none at that place, or TRINE_E_UNSUPPORTED when the library was built without.
///
/// Context: init-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_host_get_device(
    index: u32,
    device: *mut trine_host_device,
    problem: *mut trine_model_problem,
) -> trine_status {
    if device.is_null() {
        return NULL;
    }
    guarded(|| match found::device(index as usize) {
        // SAFETY: not NULL, and the caller's to be written.
        Ok(known) => unsafe { hosted::write(device, V1, &known) },
        // SAFETY: the contract of every function.
        Err((status, said)) => unsafe { tell_text(problem, status, &said) },
    })
}

#[cfg(not(feature = "gpu"))]
mod found {
    use trine_c_model::hosted::UNSUPPORTED;

    use super::trine_host_device;
    use crate::choice::{NO_DEVICES, Refusal};

    pub(super) fn count() -> Result<usize, Refusal> {
        Err((UNSUPPORTED, NO_DEVICES.to_owned()))
    }

    pub(super) fn device(_: usize) -> Result<trine_host_device, Refusal> {
        Err((UNSUPPORTED, NO_DEVICES.to_owned()))
    }
}

#[cfg(feature = "gpu")]
mod found {
    use std::collections::BTreeSet;
    use std::ffi::{CStr, CString, c_char};
    use std::sync::{Mutex, PoisonError};

    use trine_c_model::hosted::NOT_FOUND;
    use trine_ggml::{Device, Kind};
    use trine_models::offload::{is_software, place, taken, verdict};

    use super::{
        TRINE_HOST_GPU, TRINE_HOST_HELPER, TRINE_HOST_INTEGRATED, TRINE_HOST_PROCESSOR,
        trine_host_device,
    };
    use crate::choice::Refusal;
    use crate::offload::turn;

    pub(super) fn count() -> Result<usize, Refusal> {
        let _turn = turn();
        Ok(Device::all().len())
    }

    pub(super) fn device(index: usize) -> Result<trine_host_device, Refusal> {
        let _turn = turn();
        let devices = Device::all();
        let Some(device) = devices.get(index) else {
            let said = format!("there is no device {index}: there are {}", devices.len());
            return Err((NOT_FOUND, said));
        };
        let is_taken = taken(&devices) == Some(index);
        let why = match verdict(*device) {
            Ok(()) => place(*device, is_taken),
            Err(why) => why,
        };
        let (free, all) = device.memory();
        Ok(trine_host_device {
            struct_size: size_of::<trine_host_device>() as u32,
            kind: match device.kind() {
                Kind::Cpu => TRINE_HOST_PROCESSOR,
                Kind::Gpu => TRINE_HOST_GPU,
                Kind::Integrated => TRINE_HOST_INTEGRATED,
                Kind::Other => TRINE_HOST_HELPER,
            },
            is_software: u32::from(is_software(*device)),
            is_taken: u32::from(is_taken),
            memory_free: free as u64,
            memory_all: all as u64,
            name: forever(&device.name()),
            description: forever(&device.description()),
            backend: forever(&device.backend()),
            why: forever(why),
        })
    }

    /// The same text where it stays: each once, as often as it is asked for.
    fn forever(text: &str) -> *const c_char {
        static TEXTS: Mutex<BTreeSet<&'static CStr>> = Mutex::new(BTreeSet::new());
        let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = texts.get(text.as_c_str()) {
            return kept.as_ptr();
        }
        let kept: &'static CStr = Box::leak(text.into_boxed_c_str());
        texts.insert(kept);
        kept.as_ptr()
    }
}
