//! A model on one of ggml's devices.

use std::ops::ControlFlow;

use trine_ggml::{GgmlEngine, Options};
use trine_infer::Model;
use trine_infer::generate::End;
use trine_infer::sample::Sampler;

use super::place::OffloadedModel;
use crate::model::{BATCH, Pool, threads};
use crate::offload::{Backend, Missing, Task, choose, turn, write};
use crate::{Error, Result};

pub(super) struct OnDevice<'b> {
    /// There until it goes.
    engine: Option<GgmlEngine<'b>>,
}

impl<'b> OnDevice<'b> {
    pub(super) fn open(model: &Model<'b>, backend: Backend, pool: &Pool) -> Result<Self> {
        let options = Options {
            batch: BATCH,
            threads: threads(None),
            ..Options::new(model.config().context)
        };
        let tell = |plan: &trine_ggml::Plan| eprintln!("{plan}");
        let _turn = turn();
        let device = choose(backend).map_err(Error::device)?;
        let device = device.ok_or_else(|| Error::device(Missing::Any))?;
        let engine =
            GgmlEngine::open(model, device, &options, pool, tell).map_err(Error::device)?;
        Ok(Self { engine: Some(engine) })
    }
}

impl OffloadedModel for OnDevice<'_> {
    fn write(
        &mut self,
        task: &mut Task<'_>,
        sampler: &mut Sampler<'_>,
        each: &mut dyn FnMut(Option<u32>) -> ControlFlow<()>,
    ) -> Result<End> {
        let Some(engine) = &mut self.engine else { return Err(Error::DeviceLost) };
        write(engine, sampler, task, each).map_err(Error::device)
    }

    fn bytes(&self) -> usize {
        let Some(engine) = &self.engine else { return 0 };
        let kept: usize = engine.layout().places.iter().map(|place| place.cache).sum();
        kept + engine.work_bytes()
    }
}

impl Drop for OnDevice<'_> {
    fn drop(&mut self) {
        let _turn = turn();
        self.engine = None;
    }
}
