//! Persons: what they are asked, whether they see it, and what they say. Without the feature
//! `consent` they are asked nothing.

use trine_descriptor::Args;

use super::{Device, count};
use crate::call::{Tools, Wanted};
use crate::consent::{ConsentDecision, Question};

impl Device<'_> {
    /// A person agrees, at an input that no client reaches, to the question. It counts if that has
    /// been shown for [`crate::Config::consent_guard_ms`], see [`Self::shown`]. Answers the tool.
    /// *owner-only*; from an interrupt use [`crate::Port::agree`].
    pub fn agree(&mut self, now: u64) -> Option<u16> {
        self.agreed(now, now)
    }

    /// A person wants no such call: the question is over, or the agreement that was not used yet.
    /// Who asked has to wait for a quarter of [`crate::Config::consent_ms`] before it asks again,
    /// so that others can. Answers the tool. *owner-only*; from an interrupt use
    /// [`crate::Port::dismiss`].
    pub fn dismiss(&mut self, now: u64) -> Option<u16> {
        let (_, times) = self.config.consent();
        self.consents.first_mut()?.dismiss(now, times)
    }

    /// The question that [`Tools::asks`] was given last is where a person sees it, whole. Said
    /// again, it changes nothing. Answers the tool, or `None` if there is no question: then take it
    /// away. *owner-only*.
    pub fn shown(&mut self, now: u64) -> Option<u16> {
        let (_, times) = self.config.consent();
        self.consents.first_mut()?.show(now, times)
    }

    /// Something covers the question, or it was taken away: a press agrees to nothing until it is
    /// shown again, for as long as before. *owner-only*.
    pub const fn hidden(&mut self) {
        if let Some(consents) = self.consents.first_mut() {
            consents.hide();
        }
    }

    /// The tool whose call waits for a person: of the question. *owner-only*.
    #[must_use]
    pub fn asked(&mut self, now: u64) -> Option<u16> {
        let (_, times) = self.config.consent();
        self.consents.first_mut()?.asked(now, times)
    }

    /// How long questions are shown before a press counts, in milliseconds, in place of
    /// [`crate::Config::consent_guard_ms`]. *owner-only*.
    #[cfg(feature = "consent")]
    pub const fn set_consent_guard(&mut self, ms: u32) {
        self.config.consent_guard_ms = ms;
    }

    /// A person agrees to the question, with a press at `pressed` or after it.
    pub(super) fn agreed(&mut self, pressed: u64, now: u64) -> Option<u16> {
        let (_, times) = self.config.consent();
        self.consents.first_mut()?.agree(pressed, now, times)
    }

    /// Whether a person has agreed to this call; shows the question, if it is not shown.
    pub(super) fn judge<T: Tools + ?Sized>(
        &mut self,
        question: &Question<'_>,
        now: u64,
        tools: &mut T,
    ) -> ConsentDecision {
        let (_, times) = self.config.consent();
        let judged = match self.consents.first_mut() {
            Some(consents) => consents.judge(question, now, times),
            // Without the feature no person can agree.
            None => ConsentDecision::Waits,
        };
        if judged != ConsentDecision::Agreed {
            count!(self, unagreed);
        }
        if judged == ConsentDecision::Asked {
            let Question { tool, parts: [_, args, state, answers], .. } = *question;
            let args = Args::new(self.table, tool, args);
            tools.wants(&Wanted { tool, args, state, answers });
        }
        judged
    }
}
