//! Which device computes a model, and why.

#[cfg(feature = "gpu")]
mod list;
#[cfg(feature = "gpu")]
mod write;

#[cfg(feature = "gpu")]
pub(super) use list::list;
#[cfg(feature = "gpu")]
pub(super) use write::{Written, write};

use clap::ValueEnum;
use trine::{Error, Result};

/// Where a model is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Backend {
    /// On a graphics processor where there is one that this program can use, else on the processor.
    Auto,
    /// On the processor, by our own engine.
    Cpu,
    /// On a device of Vulkan's.
    Vulkan,
    /// On a device of CUDA's.
    Cuda,
    /// On a device of Metal's.
    Metal,
}

impl Backend {
    /// Its name on the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
        }
    }

    /// Whether this program was built with it.
    const fn is_built(self) -> bool {
        match self {
            Self::Auto | Self::Cpu => true,
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Metal => cfg!(feature = "metal"),
        }
    }

    fn check_built(self) -> Result<()> {
        if self.is_built() {
            return Ok(());
        }
        let word = self.word();
        Err(Error::new(format!(
            "this program was built without {word}: build it with `cargo build --release \
             --features {word}`, as docs/gpu.md says, or leave out --backend"
        )))
    }
}

/// A backend, and what is done where it fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) backend: Backend,
    /// Whether the processor then goes on, which is said aloud; else what went wrong is an error.
    pub(super) falls_back: bool,
}

impl Wish {
    /// What `--backend` says: a name, or a name and then `cpu`.
    pub(super) fn new(names: &[Backend]) -> Result<Self> {
        match *names {
            [backend] => {
                let falls_back = matches!(backend, Backend::Auto | Backend::Cpu);
                Ok(Self { backend, falls_back })
            }
            [backend, Backend::Cpu] => Ok(Self { backend, falls_back: true }),
            _ => Err(Error::new(
                "--backend takes one name, and after it cpu where the processor is to go on when \
                 that one fails: --backend vulkan,cpu",
            )),
        }
    }

    /// Says what went wrong, where the processor goes on.
    ///
    /// # Errors
    /// With what went wrong, where it does not.
    pub(super) fn failed(self, error: &impl std::fmt::Display) -> Result<()> {
        if self.falls_back {
            fall_back(&error.to_string());
            return Ok(());
        }
        Err(Error::new(error.to_string()))
    }
}

/// Says aloud that the processor computes, and why.
fn fall_back(why: &str) {
    eprintln!("warning: {why}: the model is computed on the processor");
}

/// Without a backend for graphics processors there is nothing to choose.
#[cfg(not(feature = "gpu"))]
pub(super) fn choose(backend: Backend) -> Result<()> {
    backend.check_built()
}

#[cfg(not(feature = "gpu"))]
pub(super) fn list(_: bool) -> Result<std::process::ExitCode> {
    Err(Error::new(
        "this program was built without graphics processors: build it with `cargo build --release \
         --features vulkan` (or cuda, or metal), as docs/gpu.md says",
    ))
}

#[cfg(feature = "gpu")]
pub(super) use chosen::{choose, verdict};

#[cfg(feature = "gpu")]
mod chosen {
    use trine::{Error, Result};
    use trine_ggml::{Device, Kind};

    use super::{Backend, fall_back};

    /// Names of drivers that compute on the processor.
    const SOFTWARE: [&str; 3] = ["llvmpipe", "SwiftShader", "softpipe"];

    /// Why a device is not taken when nothing is said, if it is not.
    pub(in crate::cli) fn verdict(device: Device) -> std::result::Result<(), &'static str> {
        match device.kind() {
            Kind::Cpu => return Err("our own engine computes on the processor"),
            Kind::Other => return Err("it computes no whole model"),
            Kind::Gpu | Kind::Integrated => {}
        }
        let description = device.description();
        if SOFTWARE.iter().any(|name| description.contains(name)) {
            return Err("it is software on the processor; --backend NAME takes it all the same");
        }
        Ok(())
    }

    /// The device of a backend; none where the processor is to compute, which is said aloud when
    /// nobody asked for it.
    pub(in crate::cli) fn choose(backend: Backend) -> Result<Option<Device>> {
        backend.check_built()?;
        let devices = Device::all();
        match backend {
            Backend::Cpu => Ok(None),
            Backend::Auto => {
                let found = devices.into_iter().find(|device| verdict(*device).is_ok());
                if found.is_none() {
                    fall_back("there is no graphics processor that this program can use");
                }
                Ok(found)
            }
            Backend::Vulkan | Backend::Cuda | Backend::Metal => {
                let found = devices.into_iter().find(|device| is_of(*device, backend));
                let word = backend.word();
                let none = || {
                    Error::new(format!(
                        "there is no device of {word}: see whether its driver is installed and \
                         `trine devices --gpu`, or take --backend cpu"
                    ))
                };
                found.map(Some).ok_or_else(none)
            }
        }
    }

    fn is_of(device: Device, backend: Backend) -> bool {
        let name = device.backend();
        let own: &[&str] = match backend {
            Backend::Metal => &["metal", "mtl"],
            Backend::Cuda => &["cuda", "rocm", "musa"],
            _ => &["vulkan"],
        };
        let is_graphics = matches!(device.kind(), Kind::Gpu | Kind::Integrated);
        is_graphics && own.iter().any(|own| name.eq_ignore_ascii_case(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_was_not_built_is_refused_with_what_to_do() {
        for backend in [Backend::Vulkan, Backend::Cuda, Backend::Metal] {
            let said = backend.check_built().map_err(|error| error.to_string());
            match said {
                Ok(()) => assert!(backend.is_built()),
                Err(said) => {
                    assert!(said.contains(&format!("--features {}", backend.word())), "{said}");
                }
            }
        }
    }

    #[test]
    fn the_processor_goes_on_where_that_is_asked_for_and_nowhere_else() {
        let listed = Wish::new(&[Backend::Vulkan, Backend::Cpu]).unwrap();
        assert!(listed.falls_back && listed.failed(&"no device").is_ok());
        let alone = Wish::new(&[Backend::Vulkan]).unwrap();
        assert!(alone.failed(&"no device").unwrap_err().to_string().contains("no device"));
        assert!(Wish::new(&[Backend::Auto]).unwrap().falls_back);
        for others in [&[Backend::Cpu, Backend::Vulkan][..], &[Backend::Cpu; 3], &[]] {
            assert!(Wish::new(others).unwrap_err().to_string().contains("vulkan,cpu"));
        }
    }

    #[test]
    fn what_needs_no_device_is_always_built() {
        assert!(Backend::Auto.check_built().is_ok() && Backend::Cpu.check_built().is_ok());
    }
}
