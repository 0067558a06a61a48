//! The program's functions as the dispatcher's tools.

use core::ffi::c_void;
use core::ptr::NonNull;
#[cfg(feature = "full")]
use core::sync::atomic::Ordering;

use trine_descriptor::{Args, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, NotNow, Tools};

use crate::call::{State, trine_call_info};
use crate::descriptor::{trine_call, trine_tool_more};
use crate::memory::Object;
#[cfg(feature = "full")]
use crate::status::TRINE_OK;
use crate::status::trine_status;
use crate::table::{Table, more};
use crate::text::trine_text;

/// The tools of a device.
pub(crate) struct CTools<'o> {
    #[cfg(feature = "full")]
    object: &'o Object,
    table: Table<'o>,
}

/// The number that C knows a call by: never 0.
pub(crate) const fn handle(id: CallId) -> u32 {
    id.to_bits() as u32 | 1 << 16
}

impl<'o> CTools<'o> {
    pub(crate) const fn new(object: &'o Object) -> Self {
        Self {
            #[cfg(feature = "full")]
            object,
            table: object.rules.table,
        }
    }

    /// Lets each tool that has it bring its actuator to safety: because the device starts, or
    /// because its host is lost.
    #[inline(never)]
    fn secure(&self, starts: bool) {
        for tool in self.table.tools() {
            let Some(more) = more(tool) else { continue };
            if let Some(function) = if starts { more.on_reset } else { more.on_link_lost } {
                // SAFETY: the program's own function and what it asked to be passed.
                unsafe { function(tool.user_data) };
            }
        }
    }

    /// The optional part of a tool and what its callbacks are passed.
    fn more(&self, tool: u16) -> Option<(&'o trine_tool_more, *mut c_void)> {
        let tool = self.table.tool(tool)?;
        Some((more(tool)?, tool.user_data))
    }
}

/// The text of a C program's view.
const fn view(text: &str) -> trine_text {
    trine_text { data: text.as_ptr().cast(), size: text.len() }
}

impl Tools for CTools<'_> {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let function =
            self.table.tool(call.tool).and_then(|tool| Some((tool.call?, tool.user_data)));
        let Some((function, user_data)) = function else {
            return Answer::Failed("the tool has no function: a fault of the program");
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
        state.args = Some(call.args);
        state.table = Some(self.table);
        state.out = Some(NonNull::from(out).cast());
        state.block = call.block;
        #[cfg(feature = "policy")]
        {
            (state.kept, state.answers) = (call.state, call.answers);
        }
        // SAFETY: the program's own function and what it asked to be passed; the state lives until
        // it returns.
        let status = unsafe { function(user_data, state.handle()) };
        state.answer(status)
    }

    fn read(&mut self, tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        let Some((more, user_data)) = self.more(tool) else { return 0 };
        // SAFETY: the program's own function and what it asked to be passed; it may write as many
        // bytes as it is told.
        more.on_read.map_or(0, |read| unsafe {
            read(user_data, handle(id), offset, out.as_mut_ptr(), out.len())
        })
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        if let Some((more, user_data)) = self.more(tool)
            && let Some(function) = more.on_stop
        {
            // SAFETY: the program's own function and what it asked to be passed.
            unsafe { function(user_data, handle(id)) };
        }
    }

    fn asks(&mut self, tool: u16, args: Args<'_>) {
        if let Some((more, user_data)) = self.more(tool)
            && let Some(function) = more.on_ask
        {
            let mut state = State::new(trine_call_info { tool: tool.into(), ..NO_INFO });
            state.args = Some(args);
            state.table = Some(self.table);
            // SAFETY: as for a call; nothing can be written to this one.
            unsafe { function(user_data, state.handle()) };
        }
    }

    fn reset(&mut self, _now: u64) {
        self.secure(true);
    }

    fn link_lost(&mut self, _now: u64) {
        self.secure(false);
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

/// A pending call that is finished by a function.
pub(crate) struct Later<'t> {
    pub(crate) table: Table<'t>,
    pub(crate) id: CallId,
    pub(crate) now: u64,
    pub(crate) finish:
        unsafe extern "C" fn(user_data: *mut c_void, call: *mut trine_call) -> trine_status,
    pub(crate) user_data: *mut c_void,
}

impl Later<'_> {
    /// Calls the function if there is room for what it writes. Answers whether the call was there.
    pub(crate) fn answer(self, calls: &mut Calls<'_, '_>) -> Result<bool, NotNow> {
        calls.resume(self.id, self.now, |tool, deadline, out, block| {
            let mut state = State::new(trine_call_info {
                now: self.now,
                deadline,
                id: handle(self.id),
                tool: tool.into(),
                ..NO_INFO
            });
            state.table = Some(self.table);
            state.out = Some(NonNull::from(out).cast());
            state.block = block;
            // SAFETY: the program's own function and what it asked to be passed; the state lives
            // until it returns.
            let status = unsafe { (self.finish)(self.user_data, state.handle()) };
            state.answer(status)
        })
    }
}
