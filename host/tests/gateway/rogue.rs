//! A device that says what it is told to, whatever the rules are.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trine_descriptor::record::{self, Encoder};
use trine_descriptor::{Field, ToolInfo};
use trine_wire::message::{self, DeviceMessage, Hello, HostMessage, Outcome};
use trine_wire::{DecodeEvent, Decoder, encode_in_place};

/// A record of a tool as bytes.
pub(crate) fn tool(info: &ToolInfo<'_>, params: &[Field<'_>], output: &[Field<'_>]) -> Vec<u8> {
    let mut size = Encoder::new(&mut [], 0);
    size.tool(info, params, output);
    let mut bytes = vec![0; size.len()];
    Encoder::new(&mut bytes, 0).tool(info, params, output);
    bytes
}

/// What the device says of itself. It can be changed while it runs.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) product: String,
    pub(crate) serial: String,
    pub(crate) records: Vec<Vec<u8>>,
    /// Entries that every call is answered with; `None` is a failure.
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) failure: String,
    /// Lines to log, each once.
    pub(crate) log: Vec<String>,
    /// Calls that came.
    pub(crate) calls: u32,
    /// Raises the epoch, so that the host looks again.
    pub(crate) epoch: u32,
}

impl Script {
    pub(crate) fn new(product: &str, serial: &str, tools: &[&str]) -> Self {
        let record = |name: &&str| tool(&ToolInfo::new(name, "Does something."), &[], &[]);
        Self {
            product: product.to_owned(),
            serial: serial.to_owned(),
            records: tools.iter().map(record).collect(),
            value: Some(Vec::new()),
            epoch: 5,
            ..Self::default()
        }
    }

    fn list(&self) -> Vec<u8> {
        let mut list = Vec::new();
        for record in &self.records {
            let mut len = [0; 10];
            let mut encoder = Encoder::new(&mut len, 0);
            encoder.number(record.len() as u64);
            let used = encoder.len();
            list.extend_from_slice(&len[..used]);
            list.extend_from_slice(record);
        }
        list
    }

    fn hash(&self) -> u64 {
        let hashes = self.records.iter().map(|record| record::hash_bytes(record));
        record::hash_of_hashes(hashes)
    }
}

/// The device at work, until it is dropped.
pub(crate) struct Rogue {
    pub(crate) path: PathBuf,
    pub(crate) script: Arc<Mutex<Script>>,
    end: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Rogue {
    pub(crate) fn start(path: PathBuf, script: Script) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (script, end) = (Arc::new(Mutex::new(script)), Arc::new(AtomicBool::new(false)));
        let (its, over) = (Arc::clone(&script), Arc::clone(&end));
        let thread = std::thread::spawn(move || {
            while !over.load(SeqCst) {
                match listener.accept() {
                    Ok((host, _)) => serve(host, &its, &over),
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        Self { path, script, end, thread: Some(thread) }
    }

    /// As an argument of `--unix`.
    pub(crate) fn address(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Becomes another device.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Script)) {
        let mut script = self.script.lock().unwrap();
        change(&mut script);
        script.epoch += 2;
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.end.store(true, SeqCst);
        drop(self.thread.take().map(std::thread::JoinHandle::join));
    }
}

fn serve(mut host: UnixStream, script: &Mutex<Script>, end: &AtomicBool) {
    host.set_nonblocking(false).unwrap();
    host.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    let (mut decoder, mut room) = (Decoder::new(), vec![0; 8 * 1024]);
    let (mut session, mut epoch) = (0, script.lock().unwrap().epoch);
    while !end.load(SeqCst) {
        let mut bytes = [0; 512];
        let len = match host.read(&mut bytes) {
            Ok(0) => return,
            Ok(len) => len,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(_) => return,
        };
        let mut said = Vec::new();
        for byte in &bytes[..len] {
            let DecodeEvent::Message(len) = decoder.feed(*byte, &mut room) else { continue };
            if let Some(asked) = message::read::<HostMessage<'_>>(&room[..len]) {
                answer(&asked, &mut script.lock().unwrap(), &mut session, &mut said);
            }
        }
        let mut script = script.lock().unwrap();
        if session != 0 && epoch != script.epoch {
            epoch = script.epoch;
            say(&hello(&script, 0, session), &mut said);
        }
        if session != 0 {
            for text in std::mem::take(&mut script.log) {
                say(&DeviceMessage::Log { level: 3, text: &text, call: 0 }, &mut said);
            }
        }
        drop(script);
        if host.write_all(&said).is_err() {
            return;
        }
    }
}

fn hello(script: &Script, nonce: u32, session: u32) -> DeviceMessage<'_> {
    DeviceMessage::Hello(Hello {
        wire: 1,
        nonce,
        epoch: script.epoch,
        table_hash: script.hash(),
        tools: script.records.len() as u16,
        message_max: 1024,
        calls_max: 4,
        features: 0,
        vendor: "v",
        product: &script.product,
        serial: &script.serial,
        firmware: "f",
        build: "b",
        session,
        rx_bytes: 4096,
        result_max: 1024,
        link_ms: 0,
        keyed: false,
        challenge: [0; 12],
        hello_digest: [0; 8],
    })
}

fn answer(asked: &HostMessage<'_>, script: &mut Script, session: &mut u32, said: &mut Vec<u8>) {
    match *asked {
        HostMessage::Hello(host) => {
            *session = host.session;
            say(&hello(script, host.nonce, *session), said);
        }
        HostMessage::Ping { nonce } => {
            say(&DeviceMessage::Pong { nonce, epoch: script.epoch }, said);
        }
        HostMessage::List { offset, .. } => {
            let list = script.list();
            let (from, total) = (offset as usize, list.len() as u32);
            let bytes = &list[from.min(list.len())..list.len().min(from + 1024)];
            say(&DeviceMessage::Page { offset, total, bytes, what: 0 }, said);
        }
        HostMessage::Call(call) => {
            script.calls += 1;
            let outcome = match &script.value {
                Some(value) => Outcome::Done { value },
                None => Outcome::Failed { text: &script.failure },
            };
            say(&DeviceMessage::Result { id: call.id, outcome }, said);
        }
        _ => {}
    }
}

fn say(message: &DeviceMessage<'_>, said: &mut Vec<u8>) {
    let mut bytes = vec![0; 16 * 1024];
    let len = message::write(message, &mut bytes[64..]).unwrap();
    let framed = encode_in_place(&mut bytes, 64, len).unwrap();
    said.extend_from_slice(&bytes[..framed]);
}
