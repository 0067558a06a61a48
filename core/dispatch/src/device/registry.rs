//! Tools that come and go while the device serves, see [`crate::Registry`].

use trine_descriptor::{Consent, Head, Rules};

use super::Device;
use crate::call::Tools;
use crate::features::{ANNOUNCE, CONSENT, PORTS, has};
use crate::registry::{Place, Registered, Registry, RegistryError, ToolId};
use crate::slots::State;

/// In place of the number of a tool that went while its call was under way: [`Tools::stop`] may get
/// it, for a call of which the tool was told already.
pub const GONE: u16 = 0xbfff;

/// What is said of a call whose tool went: with all that is before it, it is kept in 64 bytes, the
/// usual [`crate::Config::repeat_max`].
const WENT: &str = "its tool was replaced or removed; it may have had effect";
const _: () = assert!(WENT.len() <= 56);

impl<'m> Device<'m> {
    /// Serves other tools from now on: those of before under their numbers, and more behind them.
    /// Those that no one has checked are still checked by the first polls. *init-only*.
    pub fn set_tools(&mut self, table: &'m dyn Rules) {
        self.table = table;
        self.watch_first();
    }

    /// Adds a tool to the registry that this device serves; hosts are told. *owner-only*.
    ///
    /// # Errors
    /// [`RegistryError`] says what to change.
    pub fn add_tool<'t, T: Registered + 't, P: AsRef<[Place<'t, T>]>>(
        &mut self,
        registry: &Registry<T, P>,
        tool: &'t T,
    ) -> Result<ToolId, RegistryError> {
        self.takes(&tool.head())?;
        let id = registry.add(tool)?;
        self.tell_again();
        Ok(id)
    }

    /// Puts a tool in the place of one of the registry that this device serves; hosts are told. A
    /// call of the one before that is under way ends as [`Self::remove_tool`] says. *owner-only*.
    ///
    /// # Errors
    /// [`RegistryError`] says what to change.
    pub fn replace_tool<'t, T: Registered + 't, P: AsRef<[Place<'t, T>]>>(
        &mut self,
        registry: &Registry<T, P>,
        (id, tool): (ToolId, &'t T),
        tools: &mut (impl Tools + ?Sized),
    ) -> Result<(), RegistryError> {
        self.takes(&tool.head())?;
        registry.may_replace(id, tool)?;
        self.let_go(id.number(), tools);
        registry.replace(id, tool)?;
        self.tell_again();
        Ok(())
    }

    /// Removes a tool from the registry that this device serves; hosts are told. `false` when it
    /// is not there. *owner-only*.
    ///
    /// A call of it that is under way is over: [`Tools::stop`] is called first, then the call is
    /// answered with a failure that says so, or *cancelled* where there is no room to say it now.
    /// It is not run again, and who repeats it gets that answer. A question or agreement of it is
    /// forgotten.
    pub fn remove_tool<'t, T: Registered + 't, P: AsRef<[Place<'t, T>]>>(
        &mut self,
        registry: &Registry<T, P>,
        id: ToolId,
        tools: &mut (impl Tools + ?Sized),
    ) -> bool {
        if registry.get(id).is_none() {
            return false;
        }
        self.let_go(id.number(), tools);
        registry.remove(id);
        self.tell_again();
        true
    }

    /// Whether this device can serve such a tool.
    fn takes(&self, head: &Head) -> Result<(), RegistryError> {
        let bytes = head.limits.pending_bytes;
        if bytes > self.config.pending_max {
            return Err(RegistryError::PendingBytes(bytes));
        }
        let asks = has(CONSENT) && head.consent != Consent::None;
        if asks && self.config.consent().0 == 0 { Err(RegistryError::NoConsent) } else { Ok(()) }
    }

    /// Ends what is under way of a tool, with the tool that is still there.
    fn let_go(&mut self, tool: u16, tools: &mut (impl Tools + ?Sized)) {
        for index in 0..self.slots.len() {
            self.slots.forget_answer(index, tool);
            let Some((call, slot)) = self.slots.handle(index) else { continue };
            if slot.tool != tool {
                continue;
            }
            let was_cancelled = slot.state == State::Cancelled;
            tools.stop(tool, call);
            if !was_cancelled && self.outbox.has_room() {
                self.fail(call, WENT);
            } else if let Some(slot) = self.slots.get(call) {
                (slot.tool, slot.state) = (GONE, State::Cancelled);
            }
        }
        if let Some(consents) = self.consents.first_mut() {
            consents.forget_tool(self.now, tool);
        }
    }

    /// Greets the host unasked as soon as there is room, since the list is another one. What does
    /// it stands where ports are drained: a device whose tools never change does not link it, and
    /// asks nothing for it. Without ports and without `announce` a host finds out by its next call.
    fn tell_again(&mut self) {
        self.drain = [Some(Self::greet_step); PORTS];
        if !has(PORTS) {
            self.announce = [true; ANNOUNCE];
        }
    }

    fn greet_step(&mut self) -> bool {
        self.drain = [Some(Self::port_step); PORTS];
        self.answer_hello(0);
        true
    }
}
