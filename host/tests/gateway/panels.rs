//! A device with user interfaces of its tools (MCP Apps), of whatever sort a test needs.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use trine_arena::Ring;
use trine_descriptor::extras::{self, Extra, Of};
use trine_descriptor::lists::List;
use trine_descriptor::{
    Field, Lists, Resource, Side, Template, Tool, ToolInfo, ToolTable, ValueWriter,
};
use trine_dispatch::{
    Answer, Call, CallId, Config, Device, Identity, ReadRequest, Tools, block as put_block,
};
use trine_wire::message::block::Block;

/// The media type of a user interface.
pub(crate) const PANEL: &str = "text/html;profile=mcp-app";
/// Longest content in one message.
const SHORT: usize = 256;

/// What a device has.
#[derive(Clone, Default)]
pub(crate) struct Plan {
    /// Names of tools, and the members that the device adds to each.
    pub(crate) tools: Vec<(&'static str, String)>,
    /// Address, media type and content.
    pub(crate) resources: Vec<(&'static str, &'static str, &'static str)>,
    /// Addresses of templates, each of which yields its own address.
    pub(crate) templates: Vec<&'static str>,
}

impl Plan {
    /// A tool of this user interface.
    pub(crate) fn tool(mut self, name: &'static str, ui: &str) -> Self {
        self.tools.push((name, format!(r#"{{"_meta":{{"ui":{ui}}}}}"#)));
        self
    }

    /// A user interface.
    pub(crate) fn panel(self, uri: &'static str, html: &str) -> Self {
        self.resource(uri, PANEL, html)
    }

    pub(crate) fn resource(mut self, uri: &'static str, mime: &'static str, text: &str) -> Self {
        self.resources.push((uri, mime, text.to_owned().leak()));
        self
    }
}

/// What a test does to the device.
pub(crate) enum Order {
    /// The content of a resource has changed.
    Changed(&'static str),
    /// It has the resources of another plan from now on.
    Offer(Plan),
}

/// The device at work, until it is dropped.
pub(crate) struct Panels {
    pub(crate) path: PathBuf,
    pub(crate) orders: Sender<Order>,
    pieces: Arc<AtomicU32>,
    end: Arc<AtomicBool>,
}

impl Panels {
    /// Listens on a unix socket.
    pub(crate) fn start(path: PathBuf, product: &'static str, plan: Plan) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        let (orders, receive) = channel();
        let end = Arc::new(AtomicBool::new(false));
        let pieces = Arc::new(AtomicU32::new(0));
        let its = (Arc::clone(&end), Arc::clone(&pieces));
        std::thread::spawn(move || run(&listener, (product, plan), &receive, its));
        Self { path, orders, pieces, end }
    }

    /// Pieces of content that were read from it.
    pub(crate) fn pieces(&self) -> u32 {
        self.pieces.load(SeqCst)
    }

    /// As an argument of `--unix`.
    pub(crate) fn address(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

impl Drop for Panels {
    fn drop(&mut self) {
        self.end.store(true, SeqCst);
    }
}

/// The tools of a plan.
struct Table(Vec<Tool<'static>>);

impl ToolTable for Table {
    fn count(&self) -> u16 {
        self.0.len() as u16
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.0.info(tool)
    }

    fn node_count(&self, _: u16, _: Side) -> u16 {
        0
    }

    fn node(&self, _: u16, _: Side, _: u16) -> Option<Field<'_>> {
        None
    }

    fn extras(&self, tool: u16) -> &[u8] {
        self.0.extras(tool)
    }
}

fn table(plan: &Plan) -> Table {
    let tool = |(name, members): &(&'static str, String)| {
        let all = [Extra { of: Of::Tool, members: members.as_str() }];
        let mut bytes = vec![0; extras::len(&all)];
        extras::write(&all, &mut bytes).unwrap();
        let info = ToolInfo { content: true, ..ToolInfo::new(name, "Shows what there is.") };
        Tool::new(info, &[], &[]).with_extras(bytes.leak())
    };
    Table(plan.tools.iter().map(tool).collect())
}

/// The lists of a plan, which may change.
struct Shelf(Mutex<Plan>);

impl Lists for Shelf {
    fn counts(&self) -> [u16; 3] {
        let plan = self.0.lock().unwrap();
        [plan.resources.len() as u16, plan.templates.len() as u16, 0]
    }

    fn resource(&self, index: u16) -> Option<Resource<'_>> {
        let (uri, mime, _) = *self.0.lock().unwrap().resources.get(usize::from(index))?;
        Some(Resource::new(uri, "panel").of(mime, 0))
    }

    fn template(&self, index: u16) -> Option<Template<'_>> {
        let uri = *self.0.lock().unwrap().templates.get(usize::from(index))?;
        Some(Template::new(uri, "template").describe("Of one.", PANEL))
    }

    fn prompt(&self, _: u16) -> Option<trine_descriptor::Prompt<'_>> {
        None
    }
}

fn run(
    listener: &UnixListener,
    (product, plan): (&'static str, Plan),
    orders: &Receiver<Order>,
    (end, pieces): (Arc<AtomicBool>, Arc<AtomicU32>),
) {
    let (mut host, _) = listener.accept().unwrap();
    host.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let identity = Identity { product, serial: product, ..Identity::default() };
    // Its results are short, so what is long comes in pieces.
    let config = Config { identity, epoch: 3, ..Config::DEFAULT };
    let (mut memory, mut bytes) = (vec![0; config.memory()], [0; 512]);
    let mut ring = Ring::new(&mut bytes);
    let (mut line, out) = ring.split();
    let (tools, shelf) = (table(&plan), &*Box::leak(Box::new(Shelf(Mutex::new(plan)))));
    let mut device = Device::new(config, &mut memory, out, &tools).unwrap();
    device.offer_lists(shelf);
    let mut panels = PanelTools { shelf, reading: HashMap::new(), pieces };
    let since = Instant::now();
    while !end.load(SeqCst) {
        let mut bytes = [0; 128];
        match host.read(&mut bytes) {
            Ok(0) => return,
            Ok(len) => drop(line.push(&bytes[..len])),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
        device.poll(since.elapsed().as_millis() as u64, 8, &mut panels);
        match orders.try_recv() {
            Ok(Order::Changed(uri)) => device.resource_changed(uri).unwrap(),
            Ok(Order::Offer(plan)) => {
                *shelf.0.lock().unwrap() = plan;
                device.list_changed(List::Resources).unwrap();
            }
            Err(_) => {}
        }
        assert_eq!(device.fault(), None);
        let said = device.tx_peek().to_vec();
        device.tx_consume(said.len());
        if host.write_all(&said).is_err() {
            return;
        }
    }
}

struct PanelTools {
    shelf: &'static Shelf,
    /// What is read in pieces.
    reading: HashMap<CallId, &'static str>,
    pieces: Arc<AtomicU32>,
}

impl Tools for PanelTools {
    fn call(&mut self, _: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let link = Block::Link { uri: "ui://panel", name: "panel", mime: PANEL, description: "" };
        put_block(out, &link);
        let (uri, mime, bytes) = ("ui://small", PANEL, b"<p>small");
        put_block(out, &Block::Embedded { uri, mime, what: 0, bytes });
        put_block(out, &Block::Text { text: "shown" });
        Answer::Blocks
    }

    fn read_resource(&mut self, request: &ReadRequest<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let plan = self.shelf.0.lock().unwrap();
        let found = plan.resources.iter().find(|(uri, ..)| *uri == request.uri);
        let Some((uri, mime, text)) = found.copied() else {
            let (uri, mime, bytes) = (request.uri, PANEL, request.uri.as_bytes());
            put_block(out, &Block::Embedded { uri, mime, what: 0, bytes });
            return Answer::Blocks;
        };
        if text.len() > SHORT {
            self.reading.insert(request.id, text);
            return Answer::Content { mime, len: text.len() as u32 };
        }
        put_block(out, &Block::Embedded { uri, mime, what: 0, bytes: text.as_bytes() });
        Answer::Blocks
    }

    fn read(&mut self, _: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        self.pieces.fetch_add(1, SeqCst);
        let rest = self.reading.get(&id).map_or("", |text| text).as_bytes();
        let rest = rest.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        len
    }
}
