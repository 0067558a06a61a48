//! The program's functions as the dispatcher's tools.

use core::ffi::c_void;
use core::ptr::NonNull;
#[cfg(feature = "full")]
use core::sync::atomic::Ordering;

use trine_descriptor::ValueWriter;
use trine_dispatch::{self as dispatch, Answer, Call, CallId};

use crate::call::{State, trine_call_info};
use crate::descriptor::trine_function;
use crate::memory::Object;
#[cfg(feature = "resources")]
use crate::serve::{Asked, answer_of};
#[cfg(feature = "full")]
use crate::status::TRINE_OK;
use crate::text::trine_text;

/// The tools of a device.
pub(crate) struct CTools<'o> {
    pub(crate) object: &'o Object,
    /// What goes on with a pending call in place of its tool, and what that is passed.
    finish: (trine_function, *mut c_void),
}

/// The number that C knows a call by: never 0.
pub(crate) const fn handle(id: CallId) -> u32 {
    id.to_bits() as u32 | 1 << 16
}

impl<'o> CTools<'o> {
    pub(crate) const fn new(object: &'o Object) -> Self {
        Self::with(object, None, core::ptr::null_mut())
    }

    /// The same where a pending call is gone on with by a function.
    pub(crate) const fn with(
        object: &'o Object,
        finish: trine_function,
        user_data: *mut c_void,
    ) -> Self {
        Self { object, finish: (finish, user_data) }
    }
}

/// The text of a C program's view.
pub(crate) const fn view(text: &str) -> trine_text {
    trine_text { data: text.as_ptr().cast(), size: text.len() }
}

impl dispatch::Tools for CTools<'_> {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let (function, user_data) = match self.finish {
            (None, _) => self.object.source().call(call.tool),
            finish => finish,
        };
        let mut state = State::new(trine_call_info {
            now: call.now,
            deadline: call.deadline,
            id: handle(call.id),
            tool: call.tool.into(),
            principal: view(call.principal),
            tagged: call.tagged.into(),
            reserved: 0,
        });
        state.args = if self.finish.0.is_none() { Some(call.args) } else { None };
        state.object = Some(self.object);
        state.out = Some(NonNull::from(out).cast());
        state.block = call.block;
        #[cfg(feature = "policy")]
        {
            (state.kept, state.answers) = (call.state, call.answers);
        }
        #[cfg(feature = "resources")]
        if call.tool >= dispatch::RESOURCE {
            state.asked = Asked::Later;
            // SAFETY: as below; `out` is not used meanwhile.
            let answer = unsafe { state.run(function, user_data) };
            // SAFETY: the writer that was lent for this call.
            return state.out.map_or(answer, |out| answer_of(answer, unsafe { out.as_ref() }));
        }
        // SAFETY: the program's own function and what it asked to be passed.
        unsafe { state.run(function, user_data) }
    }

    fn read(&mut self, tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        #[cfg(feature = "resources")]
        if tool >= dispatch::RESOURCE {
            return self.read_piece(tool, id, offset, out);
        }
        let Some((callbacks, user_data)) = self.object.source().callbacks(tool) else { return 0 };
        // SAFETY: the program's own function and what it asked to be passed; it may write as many
        // bytes as it is told.
        callbacks.on_read.map_or(0, |read| unsafe {
            read(user_data, handle(id), offset, out.as_mut_ptr(), out.len())
        })
    }

    // Inline, as the next two: where no program calls them in process, the wire alone does.
    #[cfg(feature = "resources")]
    #[inline(always)]
    fn read_resource(
        &mut self,
        request: &dispatch::ReadRequest<'_>,
        out: &mut ValueWriter<'_>,
    ) -> Answer {
        self.read_listed(request, out)
    }

    #[cfg(feature = "resources")]
    #[inline(always)]
    fn prompt(&mut self, request: &dispatch::Prompted<'_>, out: &mut ValueWriter<'_>) -> Answer {
        self.make_prompt(request, out)
    }

    #[cfg(feature = "resources")]
    #[inline(always)]
    fn complete(
        &mut self,
        request: &dispatch::Completion<'_>,
        out: &mut ValueWriter<'_>,
    ) -> Answer {
        self.complete_text(request, out)
    }

    #[cfg(feature = "sentences")]
    fn sentence(&mut self, asked: &dispatch::Asked<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.object.reader.take(asked)
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        #[cfg(feature = "sentences")]
        if tool == dispatch::SENTENCE {
            return self.object.reader.stop(handle(id));
        }
        #[cfg(feature = "resources")]
        if tool >= dispatch::RESOURCE {
            return self.stop_listed(id);
        }
        if let Some((callbacks, user_data)) = self.object.source().callbacks(tool)
            && let Some(function) = callbacks.on_stop
        {
            // SAFETY: the program's own function and what it asked to be passed.
            unsafe { function(user_data, handle(id)) };
        }
    }

    fn wants(&mut self, call: &dispatch::Wanted<'_>) {
        if let Some((callbacks, user_data)) = self.object.source().callbacks(call.tool)
            && let Some(function) = callbacks.on_ask
        {
            let mut state = State::new(trine_call_info { tool: call.tool.into(), ..NO_INFO });
            state.args = Some(call.args);
            #[cfg(feature = "policy")]
            {
                (state.kept, state.answers) = (call.state, call.answers);
            }
            state.object = Some(self.object);
            // SAFETY: as for a call; nothing can be written to this one.
            unsafe { function(user_data, state.handle()) };
        }
    }

    fn reset(&mut self, _now: u64) {
        self.object.source().secure(true);
    }

    fn link_lost(&mut self, _now: u64) {
        self.object.source().secure(false);
    }

    #[cfg(feature = "full")]
    fn held(&mut self) -> bool {
        self.object.provisions.load(Ordering::Relaxed)
    }

    #[cfg(feature = "full")]
    fn store_key(&mut self, key: Option<&[u8; 16]>) -> bool {
        let key = key.map_or(core::ptr::null(), |key| key.as_ptr());
        let kept = &self.object.kept;
        // SAFETY: the program's own function and what it asked to be passed.
        kept.on_key.is_some_and(|store| unsafe { store(kept.user_data, key) } == TRINE_OK)
    }
}

/// Of a call of which nothing is known.
pub(crate) const NO_INFO: trine_call_info = trine_call_info {
    now: 0,
    deadline: u64::MAX,
    id: 0,
    tool: 0,
    tagged: 0,
    reserved: 0,
    principal: view(""),
};
