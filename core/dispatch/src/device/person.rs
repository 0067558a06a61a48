//! Persons: what they are asked, whether they see it, and what they say.

use trine_descriptor::Args;

use super::{Device, count};
use crate::call::{Tools, Wanted};
use crate::consent::{Judged, Question, Times};

impl Device<'_> {
    /// A person agrees, at an input that no client reaches, to the question. It counts if that has
    /// been shown for [`crate::Config::consent_guard_ms`], see [`Self::shown`]. Answers the tool.
    /// *owner-only*; from an interrupt use [`crate::Port::agree`].
    pub fn agree(&mut self, now: u64) -> Option<u16> {
        let times = self.times();
        self.consents.agree(now, now, times)
    }

    /// A person wants no such call: the question is over, or the agreement that was not used yet.
    /// Who asked has to wait for a quarter of [`crate::Config::consent_ms`] before it asks again,
    /// so that others can. Answers the tool. *owner-only*; from an interrupt use
    /// [`crate::Port::dismiss`].
    pub fn dismiss(&mut self, now: u64) -> Option<u16> {
        let times = self.times();
        self.consents.dismiss(now, times)
    }

    /// The question that [`Tools::asks`] was given last is where a person sees it, whole. Said
    /// again, it changes nothing. Answers the tool, or `None` if there is no question: then take it
    /// away. *owner-only*.
    pub fn shown(&mut self, now: u64) -> Option<u16> {
        let times = self.times();
        self.consents.show(now, times)
    }

    /// Something covers the question, or it was taken away: a press agrees to nothing until it is
    /// shown again, for as long as before. *owner-only*.
    pub const fn hidden(&mut self) {
        self.consents.hide();
    }

    /// The tool whose call waits for a person: of the question. *owner-only*.
    #[must_use]
    pub fn asked(&mut self, now: u64) -> Option<u16> {
        let times = self.times();
        self.consents.asked(now, times)
    }

    /// How long questions are shown before a press counts, in milliseconds, in place of
    /// [`crate::Config::consent_guard_ms`]. *owner-only*.
    pub const fn set_consent_guard(&mut self, ms: u32) {
        self.config.consent_guard_ms = ms;
    }

    pub(super) const fn times(&self) -> Times {
        Times { consent: self.config.consent_ms, guard: self.config.consent_guard_ms }
    }

    /// Whether a person has agreed to this call; shows the question, if it is not shown.
    pub(super) fn judge<T: Tools + ?Sized>(
        &mut self,
        question: &Question<'_>,
        now: u64,
        tools: &mut T,
    ) -> Judged {
        let times = self.times();
        let judged = self.consents.judge(question, now, times);
        if judged != Judged::Agreed {
            count!(self, unagreed);
        }
        if judged == Judged::Asked {
            let Question { tool, parts: [_, args, state, answers], .. } = *question;
            let args = Args::new(self.table, tool, args);
            tools.wants(&Wanted { tool, args, state, answers });
        }
        judged
    }
}
