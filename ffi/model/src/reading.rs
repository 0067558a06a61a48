//! What reads a session's tokens: our engine in the session's own memory, or, for libtrine_host,
//! what computes elsewhere in its place.

use trine_infer::generate::LogitModel;
use trine_infer::{DecodeSession, Error, Step, arena_bytes};
use trine_ternary::parallel::Parallel;

use crate::config::SessionSetup;
use crate::model::ModelObject;
use crate::problem::{Refusal, status_of};
use crate::status::trine_status;

/// Why tokens are not read: the status to answer.
#[derive(Clone, Copy, Debug)]
pub struct Refused(pub trine_status);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(status_of(&error))
    }
}

/// What computes in place of our engine. It has no heap of this crate's to live in, so that the
/// one who opens a session with it keeps it until the session is closed.
#[cfg(feature = "hosted")]
pub trait ExternalModel: LogitModel<Error = Refused> {
    /// The logits after the last token that was read, unless something is under way.
    fn logits(&self) -> Option<&[f32]>;

    /// Forgets what was read from position `len` on.
    ///
    /// # Errors
    /// When a part would be left of a prompt that was read whole.
    fn truncate(&mut self, len: usize) -> Result<(), Refused>;

    /// Gets ready for [`LogitModel::shift`], before a text for which it may be needed.
    ///
    /// # Errors
    /// When nothing can be shifted.
    fn will_shift(&mut self) -> Result<(), Refused>;
}

/// So that wide registers work on whole lines of the cache.
#[cfg(not(target_os = "none"))]
const SPARE: usize = trine_infer::ARENA_SPARE;
#[cfg(target_os = "none")]
const SPARE: usize = 0;

/// What reads a session's tokens.
#[cfg_attr(
    feature = "hosted",
    expect(clippy::large_enum_variant, reason = "it lies in a session, and there is no heap")
)]
pub(crate) enum Reading {
    /// Our engine.
    Own(DecodeSession<'static, 'static>),
    /// Another.
    #[cfg(feature = "hosted")]
    ExternalModel(&'static mut dyn ExternalModel),
}

/// Who computes for a session that is opened.
pub(crate) enum Backend {
    /// Our engine, in the session's memory.
    Own,
    /// Another, which has memory of its own.
    #[cfg(feature = "hosted")]
    ExternalModel(&'static mut dyn ExternalModel),
}

impl Backend {
    /// Bytes of the session's memory that it computes in.
    pub(crate) fn bytes(
        &self,
        model: &ModelObject,
        setup: &SessionSetup,
    ) -> Result<usize, Refusal> {
        match self {
            Self::Own => Ok(arena_bytes(model.model().config(), &setup.options)?
                .checked_add(SPARE)
                .ok_or(Error::TooLarge)?),
            #[cfg(feature = "hosted")]
            Self::ExternalModel(_) => Ok(0),
        }
    }

    pub(crate) fn reading(
        self,
        model: &'static ModelObject,
        setup: &SessionSetup,
        arena: &'static mut [u8],
    ) -> Result<Reading, Refusal> {
        match self {
            Self::Own => {
                Ok(Reading::Own(DecodeSession::new(model.model(), &setup.options, arena)?))
            }
            #[cfg(feature = "hosted")]
            Self::ExternalModel(reader) => Ok(Reading::ExternalModel(reader)),
        }
    }
}

/// The same of each of them.
macro_rules! of_each {
    ($reading:expr, $reader:ident => $what:expr) => {
        match $reading {
            Reading::Own($reader) => $what,
            #[cfg(feature = "hosted")]
            Reading::ExternalModel($reader) => $what,
        }
    };
}

impl Reading {
    pub(crate) fn logits(&self) -> Option<&[f32]> {
        of_each!(self, reader => reader.logits())
    }

    pub(crate) fn truncate(&mut self, len: usize) -> Result<(), Refused> {
        of_each!(self, reader => Ok(reader.truncate(len)?))
    }

    #[cfg_attr(
        not(feature = "hosted"),
        expect(clippy::unnecessary_wraps, reason = "what computes elsewhere may have none")
    )]
    pub(crate) fn will_shift(&mut self) -> Result<(), Refused> {
        match self {
            Self::Own(_) => Ok(()),
            #[cfg(feature = "hosted")]
            Self::ExternalModel(reader) => reader.will_shift(),
        }
    }
}

impl LogitModel for Reading {
    type Error = Refused;

    fn has_prefix_attention(&self) -> bool {
        of_each!(self, reader => reader.has_prefix_attention())
    }

    fn tokens(&self) -> &[u32] {
        of_each!(self, reader => reader.tokens())
    }

    fn context(&self) -> usize {
        of_each!(self, reader => reader.context())
    }

    fn choice(&mut self) -> Option<(&mut [f32], &[u32])> {
        of_each!(self, reader => reader.choice())
    }

    fn begin(&mut self, tokens: &[u32]) -> Result<usize, Refused> {
        of_each!(self, reader => Ok(reader.begin(tokens)?))
    }

    fn begin_prompt(&mut self, prompt: &[u32]) -> Result<usize, Refused> {
        match self {
            Self::Own(session) => Ok(LogitModel::begin_prompt(session, prompt)?),
            #[cfg(feature = "hosted")]
            Self::ExternalModel(reader) => reader.begin_prompt(prompt),
        }
    }

    fn step(&mut self, rows: usize, pool: &dyn Parallel) -> Result<Step, Refused> {
        match self {
            Self::Own(session) => Ok(session.step(rows, pool)),
            #[cfg(feature = "hosted")]
            Self::ExternalModel(reader) => reader.step(rows, pool),
        }
    }

    fn cancel(&mut self) {
        of_each!(self, reader => reader.cancel());
    }

    fn shift(&mut self, keep: usize, count: usize) -> Result<(), Refused> {
        of_each!(self, reader => Ok(reader.shift(keep, count)?))
    }
}
