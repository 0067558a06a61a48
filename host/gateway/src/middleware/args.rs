//! Layers as the command line names them.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::live::{Layered, MakeLayers};
use super::{FaultPlan, Faults, Layers, LinkKind, Recorder, Tracer};
use crate::error::{Error, Result};
use crate::link::Dial;
use crate::sync::lock;
use crate::sys;

/// What stands on the links of the devices. Shared by every command that talks to a device.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Links")]
pub struct LinkArgs {
    /// File for the decoded messages of all links; - is standard error.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// File for the bytes of the link of one device.
    ///
    /// `trine replay` and `trine trace` read it.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Faults to inject into the links.
    ///
    /// A list of drop=P, flip=P, split=P, duplicate=P (probabilities), stall=P:TIME, mask=P:TIME
    /// (an interrupt is masked and bytes are lost), baud=RATE and seed=N:
    /// --faults drop=0.01,stall=0.01:40ms,baud=115200,mask=0.001:200us,seed=7
    #[arg(long, value_name = "LIST")]
    pub faults: Option<FaultPlan>,
}

/// A file that several layers write to.
#[derive(Clone)]
struct Shared(Arc<Mutex<Box<dyn Write + Send>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0).flush()
    }
}

impl LinkArgs {
    /// Whether links are left as they are.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.trace.is_none() && self.record.is_none() && self.faults.is_none()
    }

    /// Opens the files; the answer puts the layers on one link after another.
    pub(crate) fn prepare(&self, devices: usize) -> Result<Prepared> {
        if self.record.is_some() && devices != 1 {
            return Err(Error::OneDevice { command: "--record", found: devices });
        }
        let trace = match &self.trace {
            Some(path) if path.as_os_str() == "-" => Some(shared(io::stderr())),
            Some(path) => Some(shared(create(path)?)),
            None => None,
        };
        let record = self.record.as_deref().map(create).transpose()?.map(shared);
        Ok(Prepared { trace, record, faults: self.faults.clone(), links: 0, names: devices > 1 })
    }
}

fn shared(out: impl Write + Send + 'static) -> Shared {
    Shared(Arc::new(Mutex::new(Box::new(out))))
}

fn create(path: &Path) -> Result<File> {
    // What goes over a link is the user's own business.
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    sys::own(&mut options).open(path).map_err(|error| Error::write(path, error))
}

/// Open files, and what is to go wrong.
pub(crate) struct Prepared {
    trace: Option<Shared>,
    record: Option<Shared>,
    faults: Option<FaultPlan>,
    links: u64,
    /// Whether traced lines need a name.
    names: bool,
}

impl Prepared {
    /// The link with the layers on it, in this order from the host: tracer, recorder, faults. So a
    /// trace shows what the host sees.
    pub(crate) fn wrap(
        &mut self,
        dial: Box<dyn Dial>,
        kind: LinkKind,
        name: &str,
    ) -> Box<dyn Dial> {
        if self.trace.is_none() && self.record.is_none() && self.faults.is_none() {
            return dial;
        }
        let name = if self.names { name.to_owned() } else { String::new() };
        let (trace, record, faults) =
            (self.trace.clone(), self.record.clone(), self.faults.clone());
        let link = self.links;
        self.links += 1;
        let make: MakeLayers = Box::new(move |kind| {
            let mut layers = Layers::new();
            if let Some(out) = &trace {
                layers.push(Box::new(Tracer::new(out.clone(), kind, &name)));
            }
            if let Some(out) = &record {
                let recorder = Recorder::new(out.clone(), kind);
                let recorder = recorder.map_err(|error| Error::write("--record", error))?;
                layers.push(Box::new(recorder));
            }
            if let Some(plan) = &faults {
                let packets = matches!(kind, LinkKind::Packet { .. });
                let seed = plan.seed.wrapping_add(link);
                layers.push(Box::new(Faults::new(FaultPlan { packets, seed, ..plan.clone() })));
            }
            Ok(layers)
        });
        Box::new(Layered::new(dial, kind, make))
    }
}
