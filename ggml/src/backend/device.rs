//! Devices, and their streams of work.

use std::ffi::{CStr, c_char, c_void};
use std::fmt;
use std::ptr::NonNull;

use llama_cpp_sys_2 as sys;

use super::guard::{self, guarded};
use super::{Error, Kernels, Result, Tensor, kernels, log};

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The processor.
    Cpu,
    /// A GPU with memory of its own, or one that says so.
    Gpu,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// What helps the processor with some operations.
    Other,
}

/// A device of ggml's registry, which keeps it for as long as the process lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Device(NonNull<sys::ggml_backend_device>);

/// A text of ggml's that outlives the device's registry entry.
pub(super) fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: ggml's names are texts that end with a zero and stay as long as the device.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

impl Device {
    /// All devices of the backends that this program was built with, in ggml's order: graphics
    /// processors before the processor, and our own backend's before all, or behind all where its
    /// kernels were not measured ([`Self::is_measured`]). With the feature `modules` they are those
    /// of the modules, which are loaded now if no one has asked for them yet.
    #[must_use]
    pub fn all() -> Vec<Self> {
        log::start();
        #[cfg(feature = "modules")]
        let _ = super::modules::Modules::loaded();
        #[cfg(feature = "fibers")]
        super::fibers::register();
        #[cfg(not(any(feature = "modules", feature = "fibers")))]
        super::shared::load();
        // SAFETY: it has no arguments; the first call registers the backends.
        let count = unsafe { sys::ggml_backend_dev_count() };
        // SAFETY: the index is below the count, and nothing is unloaded.
        let device = |index| NonNull::new(unsafe { sys::ggml_backend_dev_get(index) });
        let mut all: Vec<Self> = (0..count).filter_map(device).map(Self).collect();
        let known = Kernels::here();
        all.sort_by_cached_key(|device| kernels::rank(known, device.kernels().as_deref()));
        all
    }

    /// The processor as ggml uses it.
    pub(crate) fn cpu() -> Result<Self> {
        let found = Self::all().into_iter().find(|device| device.kind() == Kind::Cpu);
        found.ok_or(Error::NoProcessor)
    }

    /// ggml's name for it: `Vulkan0`.
    #[must_use]
    pub fn name(self) -> String {
        // SAFETY: the device lives for ever.
        text(unsafe { sys::ggml_backend_dev_name(self.0.as_ptr()) })
    }

    /// The maker's name for it.
    #[must_use]
    pub fn description(self) -> String {
        // SAFETY: as above.
        text(unsafe { sys::ggml_backend_dev_description(self.0.as_ptr()) })
    }

    /// The backend that it belongs to: `Vulkan`, `CUDA`, `CPU`.
    #[must_use]
    pub fn backend(self) -> String {
        // SAFETY: a device has a registry, which lives for ever too.
        text(unsafe { sys::ggml_backend_reg_name(self.registry()) })
    }

    /// Whether it belongs to the backend of this name, `vulkan`, `cuda`, `metal` or `cpu`, which
    /// ggml may call otherwise: what is built as CUDA's is called after the maker, Metal's `MTL`.
    #[must_use]
    pub fn is_of(self, backend: &str) -> bool {
        let name = self.backend().to_ascii_lowercase();
        match backend {
            "cuda" => ["cuda", "rocm", "musa"].contains(&&*name),
            "metal" => ["metal", "mtl"].contains(&&*name),
            _ => name == backend,
        }
    }

    /// Whether it is one of our own backend (`ggml/ternary`), which computes codes and nothing
    /// else, and each bit of them as our engine does.
    #[must_use]
    pub fn is_ternary(self) -> bool {
        self.backend() == "Ternary"
    }

    /// The print of the kernels of our own backend, by which they are told from those of other
    /// sources; empty where its module has none.
    #[must_use]
    pub fn kernels(self) -> Option<String> {
        if !self.is_ternary() {
            return None;
        }
        type Print = unsafe extern "C" fn() -> *const c_char;
        let name = c"trine_ternary_kernels";
        // SAFETY: the registry lives for ever, and the name ends with a zero.
        let found =
            unsafe { sys::ggml_backend_reg_get_proc_address(self.registry(), name.as_ptr()) };
        // SAFETY: what has this name has this type, by `ggml/ternary/ternary.cu`; null is none.
        let print = unsafe { std::mem::transmute::<*mut c_void, Option<Print>>(found) };
        // SAFETY: it has no arguments.
        Some(print.map_or_else(String::new, |print| text(unsafe { print() })))
    }

    /// Whether its kernels are those of a record that was made on a device: always, but for our own
    /// backend's ([`Kernels`]).
    #[must_use]
    pub fn is_measured(self) -> bool {
        self.kernels().is_none_or(|print| Kernels::here().were_measured(&print))
    }

    fn registry(self) -> sys::ggml_backend_reg_t {
        // SAFETY: the device lives for ever.
        unsafe { sys::ggml_backend_dev_backend_reg(self.0.as_ptr()) }
    }

    /// ggml's function that sets the threads of the processor, by its name: it lies in the
    /// processor's backend, which may be a module.
    fn sets_threads(self) -> sys::ggml_backend_set_n_threads_t {
        let name = c"ggml_backend_set_n_threads";
        // SAFETY: the registry lives for ever, and the name ends with a zero.
        let found =
            unsafe { sys::ggml_backend_reg_get_proc_address(self.registry(), name.as_ptr()) };
        // SAFETY: what has this name has this type, by ggml-backend.h; null is no function.
        unsafe { std::mem::transmute::<*mut c_void, sys::ggml_backend_set_n_threads_t>(found) }
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        // SAFETY: the device lives for ever.
        match unsafe { sys::ggml_backend_dev_type(self.0.as_ptr()) } {
            sys::GGML_BACKEND_DEVICE_TYPE_CPU => Kind::Cpu,
            sys::GGML_BACKEND_DEVICE_TYPE_GPU => Kind::Gpu,
            sys::GGML_BACKEND_DEVICE_TYPE_IGPU => Kind::Integrated,
            _ => Kind::Other,
        }
    }

    /// Bytes of its memory that are free, and all; both 0 where it does not say.
    #[must_use]
    pub fn memory(self) -> (usize, usize) {
        let (mut free, mut all) = (0, 0);
        // SAFETY: the device lives for ever, and the numbers through the call.
        unsafe {
            sys::ggml_backend_dev_memory(self.0.as_ptr(), &raw mut free, &raw mut all);
        }
        (free, all)
    }

    /// Whether it computes the operation that this tensor is the result of.
    ///
    /// # Errors
    /// When the device, which is opened to know that, does not open.
    pub(crate) fn supports(self, node: &Tensor) -> Result<bool> {
        // SAFETY: device and tensor live; only the tensor's description is read.
        guarded(|said| unsafe {
            guard::trine_ggml_dev_supports_op(self.0.as_ptr(), node.raw(), said)
        })
    }

    /// The type of its own memory.
    ///
    /// # Errors
    /// When the device does not open.
    pub(super) fn buffers(self) -> Result<sys::ggml_backend_buffer_type_t> {
        // SAFETY: the device lives for ever.
        guarded(|said| unsafe { guard::trine_ggml_dev_buffer_type(self.0.as_ptr(), said) })
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.description())
    }
}

/// A device's stream of work.
#[derive(Debug)]
pub(crate) struct Backend {
    raw: NonNull<sys::ggml_backend>,
    device: Device,
}

impl Backend {
    /// Opens a device. `threads` counts where it is the processor.
    ///
    /// # Errors
    /// When the device cannot be opened, with what ggml says about it.
    pub(crate) fn open(device: Device, threads: usize) -> Result<Self> {
        let closed = |why: &str| Error::failed(format!("{} does not open{why}", device.name()));
        // SAFETY: the device lives for ever.
        let raw = guarded(|said| unsafe { guard::trine_ggml_dev_init(device.0.as_ptr(), said) });
        let raw = raw.map_err(|error| closed(&format!(": {error}")))?;
        let raw = NonNull::new(raw).ok_or_else(|| closed(""))?;
        if device.kind() == Kind::Cpu
            && let Some(set) = device.sets_threads()
        {
            let threads = i32::try_from(threads.max(1)).unwrap_or(i32::MAX);
            // SAFETY: the backend is that of the processor, and lives.
            unsafe { set(raw.as_ptr(), threads) };
        }
        Ok(Self { raw, device })
    }

    pub(crate) const fn device(&self) -> Device {
        self.device
    }

    pub(super) const fn raw(&self) -> sys::ggml_backend_t {
        self.raw.as_ptr()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // A device that failed may fail once more; what it keeps then is lost.
        // SAFETY: no one else has it: schedulers own their backends and go first.
        drop(guarded(|said| unsafe { guard::trine_ggml_free(self.raw.as_ptr(), said) }));
    }
}
