//! Calls of the client that become tasks when they take their time.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Weak};
use std::time::Instant;

use trine_mcp::{Id, McpEngine, Outcome, Version};

use super::client::Client;
use super::requests::Tag;
use crate::device::{Cost, Waiter};
use crate::server::ask::Given;
use crate::server::calls::{Caller, From};
use crate::server::tasks::{AFTER, Task, TaskOf, Tasks, Work};
use crate::server::wants::{self, KeptWant, WantEnd};

/// When a call is to become a task, unless it has ended.
pub(super) type Due = (Instant, Tag);

/// What stands for the id of a request that was answered with a task.
const ANSWERED: &[u8] = b"\"task\"";

/// A call that is a task.
struct TaskWork {
    client: Weak<Client>,
    tag: Tag,
}

impl Work for TaskWork {
    fn cancel(&self) {
        if let Some(client) = self.client.upgrade() {
            client.give_up(client.state(), self.tag);
        }
    }

    fn go_on(&self, args: &[u8], given: Result<Given, String>) {
        if let Some(client) = self.client.upgrade() {
            client.go_on(self.tag, args, given);
        }
    }
}

/// Makes tasks of calls whose time has come.
fn run(due: &Receiver<Due>, client: &Weak<Client>) {
    while let Ok((at, tag)) = due.recv() {
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        let Some(client) = client.upgrade() else { return };
        client.become_task(tag);
    }
}

impl Client {
    /// A call becomes a task when it has not ended after a while.
    pub(super) fn may_become_task(self: &Arc<Self>, tag: Tag) {
        if self.state().requests.get(tag).is_none() {
            return;
        }
        let start = || {
            let (send, due) = channel();
            let client = Arc::downgrade(self);
            let thread = std::thread::Builder::new().name("tasks".to_owned());
            // Without the thread calls are answered when they end.
            drop(thread.stack_size(256 * 1024).spawn(move || run(&due, &client)));
            send
        };
        self.becoming.get_or_init(start).send((Instant::now() + AFTER, tag)).ok();
    }

    fn become_task(self: &Arc<Self>, tag: Tag) {
        {
            let mut state = self.state();
            let Some(request) = state.requests.get(tag) else { return };
            request.task = TaskOf::Soon(None);
        }
        let work = Box::new(TaskWork { client: Arc::downgrade(self), tag });
        let task = self.helpers.tasks.create(self.who.principal.as_deref(), work);
        let mut state = self.state();
        let Some(request) = state.requests.get(tag) else {
            drop(state);
            // It was answered meanwhile, and no one knows of the task.
            return task.into_iter().for_each(|task| task.ended(None));
        };
        let (snapshot, version) = (request.snapshot.clone(), request.version);
        let is = task.as_ref().map_or(TaskOf::No, |task| TaskOf::Is(Arc::clone(task)));
        let before = std::mem::replace(&mut request.task, is);
        if let (Some(task), Some(snapshot), Some(version)) = (task, snapshot, version) {
            request.is_task = true;
            let id = std::mem::replace(&mut request.id, ANSWERED.to_vec());
            let engine = McpEngine::new(&*snapshot);
            if let Some(id) = Id::from_raw(&id) {
                created(&task, (id, version), &engine, &mut state.out);
            }
        }
        self.written(state);
        if let TaskOf::Soon(Some(later)) = before {
            self.needs_input(tag, &later.asked(), Cost::default());
        }
    }

    /// Goes on with what the client has answered.
    pub(super) fn go_on(self: &Arc<Self>, tag: Tag, args: &[u8], given: Result<Given, String>) {
        self.state().requests.set_waits(tag, false);
        let Some((of, want, progress)) = self.under_way(tag) else { return };
        let (snapshot, tool, version) = of;
        let context = self.state().requests.get(tag).and_then(|it| it.context.clone());
        let given = match given {
            Ok(given) => given,
            Err(why) => return self.done(tag, Outcome::Error(&why), Cost::default()),
        };
        let caller = Arc::clone(self) as Arc<dyn Caller>;
        let waiter = Arc::clone(self) as Arc<dyn Waiter>;
        let (client, context) = (self.who.id, context.as_ref());
        let from = From { caller: &caller, waiter: &waiter, tag, client, context };
        let is_there = match want {
            Some(KeptWant::Prompt { prompt }) => {
                wants::prompt_again(&snapshot, prompt, args, &given, from)
            }
            Some(_) => false,
            None => {
                let of = (&snapshot, tool, version);
                self.helpers.again(of, args, (&given, progress), from);
                true
            }
        };
        if !is_there {
            self.want_ended(tag, WantEnd::Missing);
        }
    }
}

/// Writes that a call is a task.
fn created(
    task: &Task,
    (id, version): (Id<'_>, Version),
    engine: &McpEngine<'_, crate::hub::Snapshot>,
    out: &mut super::outbox::Outbox,
) {
    out.write(|out| Tasks::created(task, (id, version), engine, out));
    out.push(b"\n");
}
