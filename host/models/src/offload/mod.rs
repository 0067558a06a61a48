//! Which device computes a model, and why; how it writes a text, and who goes on with that.

#[cfg(feature = "gpu")]
mod write;

use std::fmt;

use trine_infer::{DecodeSession, Step};
use trine_ternary::parallel::Parallel;

#[cfg(feature = "gpu")]
pub use write::{turn, write};

use crate::{Error, Result};

/// Where a model is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Backend {
    /// First usable GPU, else the CPU.
    Auto,
    /// CPU, with the engine of this program.
    Cpu,
    /// GPU with Vulkan.
    Vulkan,
    /// Nvidia GPU, with the same results as the CPU to the bit.
    Ternary,
    /// Nvidia GPU, with the kernels of ggml.
    Cuda,
    /// Apple GPU.
    Metal,
}

impl Backend {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Auto, Self::Cpu, Self::Ternary, Self::Vulkan, Self::Cuda, Self::Metal];

    /// Its name on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Ternary => "ternary",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
        }
    }

    /// The feature that it is built with: our own backend is always a module.
    #[must_use]
    pub const fn feature(self) -> &'static str {
        match self {
            Self::Ternary => "modules",
            _ => self.word(),
        }
    }

    /// Whether this program was built with it.
    const fn is_built(self) -> bool {
        match self {
            Self::Auto | Self::Cpu => true,
            Self::Vulkan => cfg!(any(feature = "vulkan", feature = "modules")),
            Self::Ternary => cfg!(feature = "gpu"),
            Self::Cuda => cfg!(any(feature = "cuda", feature = "modules")),
            Self::Metal => cfg!(any(feature = "metal", feature = "modules")),
        }
    }

    /// Whether this program can use it at all.
    ///
    /// # Errors
    /// When it was built without.
    pub const fn check_built(self) -> std::result::Result<(), Missing> {
        if self.is_built() { Ok(()) } else { Err(Missing::Feature(self)) }
    }
}

/// Why there is no device to compute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The program was built without the backend.
    Feature(Backend),
    /// The backend has no device here.
    Device(Backend),
    /// No device is one that is taken when nothing is said.
    Any,
}

impl fmt::Display for Missing {
    /// The sentence of the program `trine`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feature(backend) => write!(
                f,
                "this program was built without {}: build it with `cargo build --release \
                 --features {}` (docs/gpu.md), or leave out --backend",
                backend.word(),
                backend.feature()
            ),
            Self::Device(backend) => write!(
                f,
                "no {} device found: install a driver, see `trine devices --gpu`, or use \
                 --backend cpu",
                backend.word()
            ),
            Self::Any => f.write_str("no usable GPU found"),
        }
    }
}

impl std::error::Error for Missing {}

#[cfg(feature = "modules")]
impl Missing {
    /// What is wrong with ggml's modules, where there is no device for that reason.
    #[must_use]
    pub fn of_modules(self) -> Option<String> {
        let modules = trine_ggml::Modules::loaded();
        match self {
            Self::Feature(_) => None,
            Self::Device(backend) => {
                let why = modules.missing(Some(backend.word()))?;
                Some(format!("no {} device found: {why}", backend.word()))
            }
            Self::Any => Some(format!("{self}: {}", modules.missing(None)?)),
        }
    }
}

/// A backend, and what is done where it fails.
#[derive(Clone, Copy, Debug)]
pub struct BackendChoice {
    /// The backend.
    pub backend: Backend,
    /// Whether the processor then goes on, which is said aloud; else what went wrong is an error.
    pub falls_back: bool,
}

impl BackendChoice {
    /// What `--backend` says: a name, or a name and then `cpu`.
    ///
    /// # Errors
    /// When it says something else.
    pub fn new(names: &[Backend]) -> Result<Self> {
        match *names {
            [backend] => {
                let falls_back = matches!(backend, Backend::Auto | Backend::Cpu);
                Ok(Self { backend, falls_back })
            }
            [backend, Backend::Cpu] => Ok(Self { backend, falls_back: true }),
            _ => Err(Error::Backends),
        }
    }

    /// The same words in one text; none where they say something else.
    #[must_use]
    pub fn parse(words: &str) -> Option<Self> {
        let named = |word: &str| Backend::ALL.into_iter().find(|backend| backend.word() == word);
        let names: Option<Vec<Backend>> = words.split(',').map(named).collect();
        Self::new(&names?).ok()
    }
}

/// A text that is to be written.
#[derive(Clone, Debug)]
pub struct Task<'t> {
    /// The prompt, and what was written of the text.
    pub tokens: Vec<u32>,
    /// How many tokens more.
    pub left: usize,
    /// Tokens at which it ends.
    pub stop: &'t [u32],
}

/// Begins a text of which a device may have written a part: reads the prompt, the first `keep` of
/// these tokens, alone where others follow, for what blocks that see a prompt whole do not see is
/// what was written. Answers the tokens that are left to read; it may be broken off.
///
/// # Errors
/// As [`DecodeSession::begin_prompt`].
pub fn go_on<'t>(
    tokens: &'t [u32],
    keep: usize,
    session: &mut DecodeSession<'_, '_>,
    pool: &dyn Parallel,
    is_wanted: impl Fn() -> bool,
) -> std::result::Result<&'t [u32], trine_infer::Error> {
    let (prompt, rest) = tokens.split_at(keep.min(tokens.len()));
    if rest.is_empty() {
        return Ok(prompt);
    }
    session.begin_prompt_without_logits(prompt.iter().copied())?;
    while is_wanted() && session.step(usize::MAX, pool) == Step::More {}
    Ok(rest)
}

#[cfg(feature = "gpu")]
pub use chosen::{choose, choose_for_all, is_software, place, taken, verdict};

#[cfg(feature = "gpu")]
mod chosen {
    use trine_ggml::{Device, Kind};

    use super::{Backend, Missing};

    /// Names of drivers that compute on the processor.
    const SOFTWARE: [&str; 4] = ["llvmpipe", "SwiftShader", "softpipe", "a thread at a time"];

    /// Whether a GPU is a program on the processor.
    #[must_use]
    pub fn is_software(device: Device) -> bool {
        let is_graphics = matches!(device.kind(), Kind::Gpu | Kind::Integrated);
        let description = device.description();
        is_graphics && SOFTWARE.iter().any(|name| description.contains(name))
    }

    /// Why a device is not taken when nothing is said, if it is not.
    ///
    /// # Errors
    /// With the reason.
    pub fn verdict(device: Device) -> Result<(), &'static str> {
        match device.kind() {
            Kind::Cpu => Err("our own engine computes on the processor"),
            Kind::Other => Err("it computes no whole model"),
            _ if is_software(device) => Err(
                "it is software on the processor; the name of its backend takes it all the same",
            ),
            Kind::Gpu | Kind::Integrated => Ok(()),
        }
    }

    /// Why a device that might be taken is not, or is, where `is_taken` says so.
    #[must_use]
    pub fn place(device: Device, is_taken: bool) -> &'static str {
        match (is_taken, device.is_measured()) {
            (true, true) => "it is the first of its kind",
            (true, false) => "there is no other, though no device has run these kernels yet",
            (false, true) => "another one comes first",
            (false, false) => "no device has run these kernels yet, so that others come first",
        }
    }

    /// Which of all devices is taken when nothing is said.
    #[must_use]
    pub fn taken(devices: &[Device]) -> Option<usize> {
        devices.iter().position(|device| verdict(*device).is_ok())
    }

    /// The device of a backend, to write on with codes; none for `cpu`.
    ///
    /// # Errors
    /// When there is none.
    pub fn choose(backend: Backend) -> Result<Option<Device>, Missing> {
        choose_of(backend, Device::all())
    }

    /// The same for what our own backend does not compute: floats, and training.
    ///
    /// # Errors
    /// As [`choose`].
    pub fn choose_for_all(backend: Backend) -> Result<Option<Device>, Missing> {
        let is_asked = backend == Backend::Ternary;
        let mut devices = Device::all();
        devices.retain(|device| is_asked || !device.is_ternary());
        choose_of(backend, devices)
    }

    fn choose_of(backend: Backend, devices: Vec<Device>) -> Result<Option<Device>, Missing> {
        backend.check_built()?;
        let mut devices = devices.into_iter();
        let found = match backend {
            Backend::Cpu => return Ok(None),
            Backend::Auto => devices.find(|device| verdict(*device).is_ok()).ok_or(Missing::Any),
            _ => devices.find(|device| is_of(*device, backend)).ok_or(Missing::Device(backend)),
        };
        found.map(Some)
    }

    fn is_of(device: Device, backend: Backend) -> bool {
        let is_graphics = matches!(device.kind(), Kind::Gpu | Kind::Integrated);
        is_graphics && device.is_of(backend.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_was_not_built_is_refused_with_what_to_do() {
        for backend in [Backend::Ternary, Backend::Vulkan, Backend::Cuda, Backend::Metal] {
            match backend.check_built() {
                Ok(()) => assert!(backend.is_built()),
                Err(missing) => {
                    let said = missing.to_string();
                    assert!(said.contains(&format!("--features {}", backend.feature())), "{said}");
                }
            }
        }
    }

    #[test]
    fn the_processor_goes_on_where_that_is_asked_for_and_nowhere_else() {
        assert!(BackendChoice::new(&[Backend::Vulkan, Backend::Cpu]).unwrap().falls_back);
        assert!(!BackendChoice::new(&[Backend::Vulkan]).unwrap().falls_back);
        assert!(BackendChoice::new(&[Backend::Auto]).unwrap().falls_back);
        for others in [&[Backend::Cpu, Backend::Vulkan][..], &[Backend::Cpu; 3], &[]] {
            assert!(BackendChoice::new(others).unwrap_err().to_string().contains("vulkan,cpu"));
        }
    }

    #[test]
    fn a_text_of_words_is_the_same_wish() {
        let wish = BackendChoice::parse("vulkan,cpu").unwrap();
        assert!(wish.backend == Backend::Vulkan && wish.falls_back);
        assert_eq!(BackendChoice::parse("auto").map(|wish| wish.backend), Some(Backend::Auto));
        for none in ["", "gpu", "Vulkan", "cpu,vulkan", "vulkan,", "vulkan, cpu", "vulkan,cpu,cpu"]
        {
            assert!(BackendChoice::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn what_needs_no_device_is_always_built() {
        assert!(Backend::Auto.check_built().is_ok() && Backend::Cpu.check_built().is_ok());
    }
}
