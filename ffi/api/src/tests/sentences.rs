//! A device that takes sentences, and a host that sends it some.

extern crate std;

use core::ffi::c_void;
use core::mem::{MaybeUninit, size_of};
use core::ptr::{null, null_mut};
use std::cell::RefCell;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use trine_wire::message::block::{Block, verdict};
use trine_wire::message::{self, Ask, DeviceMessage, HostHello, HostMessage, Outcome};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame, frame_max};

use crate::*;

const SESSION: u32 = 7;
/// Calls that a host may have under way: what its ids are counted by.
const SLOTS: u32 = 4;

/// What the program was told, and what it says to the next sentence.
#[derive(Default)]
struct Told {
    sentences: Vec<(trine_call_id, Vec<u8>, u32)>,
    stopped: Vec<trine_call_id>,
    status: trine_status,
}

unsafe extern "C" fn keep(told: *mut c_void, sentence: *const trine_sentence) -> trine_status {
    // SAFETY: what was asked to be passed.
    let told = unsafe { &*told.cast::<RefCell<Told>>() };
    // SAFETY: it lives until this returns.
    let sentence = unsafe { &*sentence };
    // SAFETY: it lives until this returns.
    let text =
        unsafe { core::slice::from_raw_parts(sentence.text.data.cast(), sentence.text.size) };
    let mut told = told.borrow_mut();
    told.sentences.push((sentence.id, text.to_vec(), sentence.with_tokens));
    told.status
}

unsafe extern "C" fn stop(told: *mut c_void, id: trine_call_id) {
    // SAFETY: what was asked to be passed.
    unsafe { &*told.cast::<RefCell<Told>>() }.borrow_mut().stopped.push(id);
}

struct Rig {
    device: *mut trine_device,
    now: u64,
    told: *const RefCell<Told>,
}

impl Rig {
    /// A device with a session; its memory is never given back.
    fn new() -> Self {
        let told: &'static RefCell<Told> =
            Vec::leak(vec![RefCell::new(Told { status: TRINE_PENDING, ..Told::default() })])
                .first()
                .unwrap();
        let reader = trine_sentences {
            struct_size: size_of::<trine_sentences>() as u32,
            reserved: 0,
            on_sentence: Some(keep),
            on_stop: Some(stop),
            user_data: (&raw const *told).cast_mut().cast(),
        };
        let mut rig = Self { device: device(), now: 1, told };
        assert_eq!(rig.offered(&reader), TRINE_OK);
        rig.send(&HostMessage::Hello(HostHello {
            wire: 1,
            nonce: 9,
            session: SESSION,
            ..HostHello::default()
        }));
        let heard = rig.hear();
        assert!(heard[0].starts_with("Hello"), "{heard:?}");
        rig
    }

    fn offered(&self, reader: &trine_sentences) -> trine_status {
        let reader = Vec::leak(vec![*reader]).first().unwrap();
        // SAFETY: a device, and a structure that lives for ever.
        unsafe { trine_sentences_offer(self.device, reader) }
    }

    fn told(&self) -> core::cell::RefMut<'_, Told> {
        // SAFETY: it lives for ever.
        unsafe { &*self.told }.borrow_mut()
    }

    fn send(&mut self, message: &HostMessage<'_>) {
        let start = frame::headroom(512);
        let mut buffer = vec![0; start + frame_max(512)];
        let len = message::write(message, &mut buffer[start..]).unwrap();
        let framed = encode_in_place(&mut buffer, start, len).unwrap();
        // SAFETY: a device, and bytes that live.
        let taken = unsafe { trine_feed(self.device, buffer.as_ptr(), framed) };
        assert_eq!(taken as usize, framed);
    }

    fn ask(&mut self, number: u32, sentence: &[u8]) {
        let id = number + SLOTS;
        self.send(&HostMessage::Ask(Ask { id, deadline_ms: 700, sentence, flags: 1 }));
    }

    /// What the device says, as text.
    fn hear(&mut self) -> Vec<String> {
        let (mut decoder, mut message) = (Decoder::new(), vec![0; 2_048]);
        let mut heard = Vec::new();
        for _ in 0..20 {
            self.now += 1;
            let mut bytes: *const u8 = null();
            // SAFETY: a device.
            unsafe { trine_poll(self.device, self.now, 20, null_mut()) };
            // SAFETY: as above, and a place for the pointer.
            let size = unsafe { trine_tx_peek(self.device, &raw mut bytes) };
            let sent = match size {
                0 => Vec::new(),
                // SAFETY: so many bytes wait there.
                _ => unsafe { core::slice::from_raw_parts(bytes, size as usize) }.to_vec(),
            };
            // SAFETY: a device.
            unsafe { trine_tx_consume(self.device, sent.len()) };
            for byte in sent {
                if let DecodeEvent::Message(len) = decoder.feed(byte, &mut message) {
                    let said = message::read::<DeviceMessage<'_>>(&message[..len]).unwrap();
                    heard.push(format!("{said:?}"));
                }
            }
        }
        heard
    }

    fn answer(&self, id: trine_call_id, blocks: &[u8]) -> trine_status {
        // SAFETY: a device, and bytes that live.
        unsafe { trine_sentence_answer(self.device, id, blocks.as_ptr(), blocks.len()) }
    }

    fn fail(&self, id: trine_call_id, why: &[u8]) -> trine_status {
        // SAFETY: as above.
        unsafe { trine_sentence_fail(self.device, id, why.as_ptr().cast(), why.len()) }
    }
}

/// A device without tools.
fn device() -> *mut trine_device {
    // SAFETY: zeros are a configuration.
    let mut config: trine_config = unsafe { MaybeUninit::zeroed().assume_init() };
    config.struct_size = size_of::<trine_config>() as u32;
    config.abi_version = TRINE_ABI_VERSION;
    // SAFETY: a configuration.
    let bytes = unsafe { trine_sizeof(&raw const config) };
    let memory = Vec::leak(vec![0_u64; bytes.div_ceil(8)]);
    let mut device = null_mut();
    // SAFETY: memory that lives for ever, a configuration, and a place for the handle.
    let status = unsafe {
        trine_init(
            memory.as_mut_ptr().cast(),
            bytes,
            &raw const config,
            &raw mut device,
            null_mut(),
        )
    };
    assert_eq!(status, TRINE_OK);
    device
}

fn blocks() -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let args = &[0, 2, 80];
    let (verdict, confidence) = (verdict::CALL, 0x3f40_0000);
    let len = Block::Call { verdict, confidence, tool: 0, node: 0, args }.write(&mut bytes);
    bytes.truncate(len.unwrap());
    bytes
}

fn result(number: u32, outcome: &Outcome<'_>) -> String {
    let id = number + SLOTS;
    format!("{:?}", DeviceMessage::Result { id, outcome: *outcome })
}

#[test]
fn a_sentence_reaches_the_program_whole_and_its_answer_the_host() {
    let mut rig = Rig::new();
    rig.ask(1, b"fan at forty\xff");
    assert!(rig.hear().is_empty());
    let (id, text, with_tokens) = rig.told().sentences.remove(0);
    assert_eq!((&text[..], with_tokens), (&b"fan at forty\xff"[..], 1));
    assert_ne!(id, 0);
    assert_eq!(rig.answer(id, &blocks()), TRINE_OK);
    assert_eq!(rig.hear(), [result(1, &Outcome::Blocks { bytes: &blocks() })]);
    // It was answered.
    assert_eq!(rig.answer(id, &blocks()), TRINE_E_STALE);
    assert_eq!(rig.fail(id, b"late"), TRINE_E_STALE);
    assert!(rig.hear().is_empty());
}

#[test]
fn what_the_program_cannot_read_is_told_in_words() {
    let mut rig = Rig::new();
    rig.ask(1, b"fan");
    rig.hear();
    let id = rig.told().sentences[0].0;
    assert_eq!(rig.fail(id, b"\xff"), TRINE_E_UTF8);
    assert_eq!(rig.fail(id, b"no model"), TRINE_OK);
    assert_eq!(rig.hear(), [result(1, &Outcome::Failed { text: "no model" })]);
    for (number, status, wanted) in [
        (2, TRINE_E_BUSY, "another sentence is being read: ask when it is answered"),
        (3, TRINE_E_FULL, "the sentence is too long for this device"),
        (4, TRINE_E_UNSUPPORTED, "asks for what this library does not have"),
        (5, TRINE_OK, "the device did not keep the sentence"),
    ] {
        rig.told().status = status;
        rig.ask(number, b"fan");
        assert_eq!(rig.hear(), [result(number, &Outcome::Failed { text: wanted })]);
    }
}

#[test]
fn the_program_is_told_when_an_answer_is_no_longer_wanted() {
    let mut rig = Rig::new();
    rig.ask(1, b"fan");
    rig.hear();
    rig.send(&HostMessage::Cancel { id: 1 + SLOTS });
    assert_eq!(rig.hear(), [result(1, &Outcome::Cancelled)]);
    rig.ask(2, b"fan");
    rig.hear();
    rig.now += 700;
    assert_eq!(rig.hear(), [result(2, &Outcome::Expired)]);
    let ids: Vec<_> = rig.told().sentences.iter().map(|it| it.0).collect();
    assert_eq!(rig.told().stopped, ids);
    assert_eq!(rig.answer(ids[0], &blocks()), TRINE_E_STALE);
}

#[test]
fn only_an_answer_to_a_sentence_is_taken() {
    let mut rig = Rig::new();
    rig.ask(1, b"fan");
    rig.hear();
    let id = rig.told().sentences[0].0;
    let good = blocks();
    assert_eq!(rig.answer(id, &[]), TRINE_E_ARGUMENT);
    assert_eq!(rig.answer(id, &good[..good.len() - 1]), TRINE_E_ARGUMENT);
    assert_eq!(rig.answer(id, &[&good[..], &[9, 200]].concat()), TRINE_E_ARGUMENT);
    let mut text = vec![0; 16];
    let len = Block::Text { text: "fan" }.write(&mut text).unwrap();
    assert_eq!(rig.answer(id, &text[..len]), TRINE_E_ARGUMENT, "the call comes first");
    // A block that this version does not know is as long as it says, and longer than a result.
    let long = [&good[..], &[99, 0xac, 0x02], &[0; 300]].concat();
    assert_eq!(rig.answer(id, &long), TRINE_E_NO_SPACE);
    assert_eq!(rig.answer(id ^ 1, &good), TRINE_E_STALE);
    assert!(rig.hear().is_empty(), "it still waits");
    assert_eq!(rig.answer(id, &good), TRINE_OK);
}

#[test]
fn a_reader_is_looked_at_before_it_is_offered() {
    let rig = Rig { device: device(), now: 1, told: null() };
    let good = trine_sentences {
        struct_size: size_of::<trine_sentences>() as u32,
        reserved: 0,
        on_sentence: Some(keep),
        on_stop: None,
        user_data: null_mut(),
    };
    let no_function = trine_sentences { on_sentence: None, ..good };
    assert_eq!(rig.offered(&no_function), TRINE_E_NULL);
    assert_eq!(rig.offered(&trine_sentences { reserved: 1, ..good }), TRINE_E_UNSUPPORTED);
    assert_eq!(rig.offered(&trine_sentences { struct_size: 8, ..good }), TRINE_E_VERSION);
    // SAFETY: a device, and no structure.
    assert_eq!(unsafe { trine_sentences_offer(rig.device, null()) }, TRINE_E_NULL);
    // SAFETY: as above.
    assert_eq!(unsafe { trine_sentences_offer(null_mut(), &raw const good) }, TRINE_E_NULL);
    assert_eq!(rig.offered(&good), TRINE_OK);
    // SAFETY: a device.
    unsafe { trine_poll(rig.device, rig.now, 20, null_mut()) };
    assert_eq!(rig.offered(&good), TRINE_E_STATE, "hosts were told what it has");
}
