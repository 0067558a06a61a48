//! What `bench gpu` measures and tests with: what cargo builds here, or a kit.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::gpu::Asked;
use super::kernels::{Built, ggml, program, target_dir, test_devices, test_training};
use super::model::{Shape, models};
use super::table;
use crate::kit::{self, Kit};
use crate::modules::ternary;
use crate::{sh, vulkan};

/// Where programs come from.
pub(super) enum Programs<'a> {
    Built { backend: &'a str, is_software: bool },
    Carried(Kit),
}

impl<'a> Programs<'a> {
    /// Those that are asked for, built.
    pub(super) fn new(asked: &Asked<'a>) -> Result<Self> {
        let Asked { backend, is_software, .. } = *asked;
        if let Some(folder) = asked.kit {
            return Ok(Self::Carried(Kit::open(folder, backend, is_software)?));
        }
        if backend == ternary::NAME {
            // It is a module, which shares ggml with the program: as in a kit.
            let kit = kit::make_for(backend)?;
            return Ok(Self::Carried(Kit::open(&kit, backend, is_software)?));
        }
        sh::run(&mut program("build", backend, Built::ForSpeed)?)?;
        Ok(Self::Built { backend, is_software })
    }

    /// The program, which sees the device.
    pub(super) fn trine(&self) -> Result<Command> {
        match self {
            Self::Built { is_software: true, .. } => vulkan::on_software(self.maker()?),
            _ => self.maker(),
        }
    }

    /// The program, which needs no device to make a model.
    pub(super) fn maker(&self) -> Result<Command> {
        match self {
            Self::Built { .. } => Ok(sh::command(target_dir().join("release/trine"))),
            Self::Carried(kit) => kit.trine(),
        }
    }

    /// Where models are made.
    pub(super) fn models(&self) -> PathBuf {
        match self {
            Self::Built { .. } => models(),
            Self::Carried(kit) => kit.models(),
        }
    }

    /// Keeps what was measured.
    pub(super) fn record(&self, asked: &Asked<'_>, text: &str) -> Result<()> {
        let Asked { backend, shape, .. } = *asked;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let made = format!("`trine model make {} --head q6_k`", shape.make());
        let bench = bench(backend, shape);
        let text = format!("{made}, {cores} cores. {text}");
        let Self::Carried(kit) = self else { return table::record(&bench, &text) };
        // Other flags of compilers give other figures of the processor.
        let how = "Programs of `cargo xtask gpu-kit`, in which ggml is compiled for x86-64-v3";
        let name = table::record_in(&kit.records(), &bench, &format!("{how}; {text}"))?;
        println!("kept in {}", kit.records().join(name).display());
        Ok(())
    }

    /// Runs the tests of devices, and of training on them.
    pub(super) fn test(&self) -> Result<()> {
        match self {
            Self::Built { backend, is_software } => {
                test_devices(ggml("test", backend, Built::ForSpeed)?, *is_software)?;
                test_training(backend, Built::ForSpeed, *is_software)
            }
            Self::Carried(kit) => kit.test(),
        }
    }
}

/// What is measured, as on the command line, after which the record is called. Vulkan is what is
/// measured where nothing is named.
fn bench(backend: &str, shape: &Shape) -> String {
    let of = if backend == "vulkan" { String::new() } else { format!(" {backend}") };
    let part = if shape.is_full() { String::new() } else { format!(" --{}", shape.name) };
    format!("gpu{of}{part}")
}

#[cfg(test)]
mod tests {
    use super::super::model::{FULL, PART, SMALL};
    use super::super::table;
    use super::bench;
    use crate::tests::scratch;

    #[test]
    fn records_are_called_after_the_backend_and_the_part() {
        let folder = scratch("records");
        for (backend, shape, ending) in [
            ("vulkan", &FULL, "-gpu.md"),
            ("vulkan", &SMALL, "-gpu-small.md"),
            ("cuda", &FULL, "-gpu-cuda.md"),
            ("ternary", &PART, "-gpu-ternary-part.md"),
        ] {
            let name = table::record_in(&folder, &bench(backend, shape), "text").unwrap();
            assert_eq!(name.get(10..), Some(ending));
        }
    }
}
