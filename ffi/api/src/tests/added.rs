//! A device gets, changes and loses a tool while a host of the wire calls it.

extern crate std;

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::{null, null_mut};
use std::vec;
use std::vec::Vec;

use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage, Outcome};
use trine_wire::{DecodeEvent, Decoder, frame};

use crate::registry::Tool;
use crate::*;
use trine_dispatch::Registered as _;

unsafe extern "C" fn seven(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: a call that lives.
    unsafe { trine_put_int(call, 0, 7) }
}

unsafe extern "C" fn later(_: *mut c_void, _: *mut trine_call) -> trine_status {
    TRINE_PENDING
}

const NODE: trine_node = trine_node {
    texts: "n\0\0\0A number.\0".as_ptr().cast(),
    name_size: 1,
    unit_size: 0,
    extent: 0,
    kind: TRINE_KIND_INT,
    flags: 1,
    when_node: 0,
    when_label: 0,
    preset: 0,
    min: 0,
    max: 9,
};
static NODES: [trine_node; 1] = [NODE];
static WAITS: trine_tool_more = trine_tool_more {
    struct_size: size_of::<trine_tool_more>() as u32,
    deadline_ms: 0,
    pending_bytes: 4,
    wide_count: 0,
    wide: null(),
    on_link_lost: None,
    on_reset: None,
    on_stop: None,
    on_ask: None,
    on_read: None,
};

const fn tool(texts: &'static str, call: trine_function) -> trine_tool {
    trine_tool {
        texts: texts.as_ptr().cast(),
        params: null(),
        results: NODES.as_ptr(),
        call,
        user_data: null_mut(),
        more: null(),
        name_size: 4,
        title_size: 0,
        version_size: 0,
        hints: 0,
        consent: 0,
        flags: 0,
        params_count: 0,
        results_count: 1,
        form: &raw const trine_form_nodes,
    }
}

static FIXED: [trine_tool; 1] = [tool("base\0\0\0Is always there.\0", Some(seven))];
static FIRST: trine_tool = tool("lamp\0\0\0Says seven.\0", Some(seven));
static SECOND: trine_tool =
    trine_tool { more: &raw const WAITS, ..tool("lamp\0\0\0Says so later.\0", Some(later)) };

struct Host {
    device: *mut trine_device,
    now: u64,
    epoch: u32,
    /// The hash of the list that was told last, and how many tools.
    list: (u64, u16),
    hellos: u32,
}

impl Host {
    fn say(&self, message: &HostMessage<'_>) {
        let mut bytes = [0; 128];
        let len = message::write(message, &mut bytes).unwrap();
        let start = frame::headroom(len);
        let mut framed = vec![0; start + frame::frame_max(len)];
        framed[start..start + len].copy_from_slice(&bytes[..len]);
        let len = frame::encode_in_place(&mut framed, start, len).unwrap();
        // SAFETY: a device that lives, and bytes that can be read.
        assert_eq!(unsafe { trine_feed(self.device, framed.as_ptr(), len) }, len as i32);
    }

    /// What the device says, but for greetings, which are noted.
    fn hear(&mut self) -> Vec<Vec<u8>> {
        let mut heard = Vec::new();
        let (mut decoder, mut buffer) = (Decoder::new(), [0; 512]);
        for _ in 0..8 {
            self.now += 1;
            // SAFETY: a device that lives.
            assert_eq!(unsafe { trine_poll(self.device, self.now, 8, null_mut()) }, TRINE_OK);
            let mut bytes: *const u8 = null();
            // SAFETY: as above, and a place for the pointer.
            let size = unsafe { trine_tx_peek(self.device, &raw mut bytes) };
            // SAFETY: as many bytes as it says.
            let sent = unsafe { text::bytes(bytes, size as usize) }.unwrap().to_vec();
            // SAFETY: as above.
            assert_eq!(unsafe { trine_tx_consume(self.device, sent.len()) }, TRINE_OK);
            for byte in sent {
                let DecodeEvent::Message(len) = decoder.feed(byte, &mut buffer) else { continue };
                match message::read(&buffer[..len]).unwrap() {
                    DeviceMessage::Hello(hello) => {
                        self.epoch = hello.epoch;
                        self.list = (hello.table_hash, hello.tools);
                        self.hellos += 1;
                    }
                    _ => heard.push(buffer[..len].to_vec()),
                }
            }
        }
        heard
    }

    fn call(&mut self, id: u32, tool: u16, meant: &'static trine_tool) -> Vec<Vec<u8>> {
        // SAFETY: tools of this file.
        let hash = unsafe { Tool::of(meant) }.check();
        let check = message::check(hash.into(), self.epoch, 9);
        let call = message::Call { id, tool, check, ..message::Call::default() };
        self.say(&HostMessage::Call(call));
        self.hear()
    }
}

fn outcome(heard: &[Vec<u8>]) -> (u32, Outcome<'_>) {
    let [bytes] = heard else { panic!("{heard:?}") };
    match message::read(bytes) {
        Some(DeviceMessage::Result { id, outcome }) => (id, outcome),
        other => panic!("{other:?}"),
    }
}

#[test]
fn hosts_are_told_and_old_guards_are_refused_and_calls_of_what_went_end() {
    let mut memory = vec![0_u64; 1024];
    let mut places = vec![0_u64; 32];
    let config = trine_config {
        struct_size: size_of::<trine_config>() as u32,
        abi_version: TRINE_ABI_VERSION,
        tools: FIXED.as_ptr(),
        tools_count: 1,
        pending_max: 4,
        // SAFETY: numbers that are 0, pointers that are NULL and functions that are none.
        ..unsafe { core::mem::zeroed() }
    };
    let mut device = null_mut();
    let (bytes, at) = (memory.len() * 8, memory.as_mut_ptr().cast());
    // SAFETY: memory that is large enough and outlives the device.
    let status = unsafe { trine_init(at, bytes, &raw const config, &raw mut device, null_mut()) };
    assert_eq!(status, TRINE_OK);
    // SAFETY: as above.
    assert_eq!(unsafe { trine_tools_init(places.as_mut_ptr().cast(), 256, device) }, TRINE_OK);
    let mut host = Host { device, now: 0, epoch: 0, list: (0, 0), hellos: 0 };
    let hello = HostHello { wire: 1, nonce: 7, session: 9, ..HostHello::default() };
    host.say(&HostMessage::Hello(hello));
    assert_eq!(host.hear(), Vec::<Vec<u8>>::new());
    let alone = host.list;
    assert_eq!((host.hellos, alone.1), (1, 1));
    assert_eq!(outcome(&host.call(4, 1, &FIRST)), (4, Outcome::UnknownTool));

    let mut id = 0;
    // SAFETY: the device lives, the tools for ever.
    let add = |tool: &'static trine_tool, id: &mut u32| unsafe {
        trine_tools_add(device, &raw const *tool, id, null_mut())
    };
    assert_eq!(add(&FIRST, &mut id), TRINE_OK);
    assert_eq!(host.hear(), Vec::<Vec<u8>>::new());
    let with_first = host.list;
    assert_eq!((host.hellos, with_first.1), (2, 2));
    assert_ne!(with_first.0, alone.0);
    assert_eq!(outcome(&host.call(8, 1, &FIRST)), (8, Outcome::Done { value: &[0, 2, 14] }));
    assert_eq!(outcome(&host.call(12, 0, &FIXED[0])).1, Outcome::Done { value: &[0, 2, 14] });

    // SAFETY: as above.
    assert_eq!(unsafe { trine_tools_replace(device, id, &raw const SECOND, null_mut()) }, 0);
    assert_eq!(outcome(&host.call(16, 1, &FIRST)), (16, Outcome::Stale));
    assert_eq!(host.hellos, 3);
    assert_eq!(host.call(20, 1, &SECOND), Vec::<Vec<u8>>::new());
    // SAFETY: as above.
    assert_eq!(unsafe { trine_tools_remove(device, id) }, TRINE_OK);
    let heard = host.hear();
    let (ended, Outcome::Failed { text }) = outcome(&heard) else { panic!("{heard:?}") };
    assert!(ended == 20 && text.contains("replaced or removed"), "{text}");
    assert_eq!(host.list, alone);
    // It comes again, and is answered as before.
    assert_eq!(host.call(20, 1, &SECOND), heard);
    // SAFETY: as above.
    assert_eq!(unsafe { trine_deinit(device) }, TRINE_OK);
}
