//! What a device writes member by member is what the message as a whole would be.

use trine_wire::codec::WireWriter;
use trine_wire::message::block::{Block, Blocks, write_tokens};
use trine_wire::message::{self, DeviceMessage, Hello, put};

fn whole(message: &DeviceMessage<'_>) -> Vec<u8> {
    let mut buffer = [0; 256];
    let len = message::write(message, &mut buffer).unwrap();
    buffer[..len].to_vec()
}

fn by_members(write: impl Fn(&mut WireWriter<'_>)) -> Vec<u8> {
    let mut buffer = [0; 256];
    let mut writer = WireWriter::new(&mut buffer);
    write(&mut writer);
    writer.written().unwrap().to_vec()
}

#[test]
fn a_hello_is_the_same_in_parts() {
    let hello = Hello {
        wire: trine_wire::VERSION,
        nonce: 300,
        epoch: u32::MAX,
        table_hash: 0x0123_4567_89ab_cdef,
        tools: 14,
        message_max: 1_024,
        calls_max: 3,
        features: 0x11,
        vendor: "Acme",
        product: "lamp",
        serial: "7",
        firmware: "1.0",
        build: "debug",
        session: 9,
        rx_bytes: 2_048,
        result_max: 256,
        link_ms: 30_000,
        keyed: true,
        challenge: [5; 12],
        hello_digest: [6; 8],
    };
    let parts = by_members(|out| {
        put::hello(out, hello.nonce, hello.epoch, hello.table_hash);
        put::hello_limits(out, (hello.tools, hello.message_max), hello.calls_max, hello.features);
        for text in [hello.vendor, hello.product, hello.serial, hello.firmware, hello.build] {
            put::hello_text(out, text);
        }
        put::hello_link(out, (hello.session, hello.rx_bytes), hello.result_max, hello.link_ms);
        put::hello_key(out, hello.keyed, &hello.challenge, &hello.hello_digest);
    });
    assert_eq!(parts, whole(&DeviceMessage::Hello(hello)));
}

#[test]
fn a_call_of_which_nothing_is_known_is_under_way() {
    for id in [0, 127, 128, u32::MAX] {
        let message = DeviceMessage::Progress { id, done: 0, total: 0, text: "" };
        assert_eq!(by_members(|out| put::under_way(out, id)), whole(&message), "{id}");
    }
}

#[test]
fn tokens_come_back_from_a_block() {
    let tokens = [0, 1, 0x0102, u16::MAX];
    let mut buffer = [0xee; 16];
    let len = write_tokens(&tokens, &mut buffer).unwrap();
    // Its type, then how many bytes, then two each.
    assert_eq!(buffer[..len], [10, 8, 0, 0, 1, 0, 2, 1, 0xff, 0xff]);
    let mut blocks = Blocks::new(&buffer[..len]);
    let block = blocks.next().unwrap().unwrap();
    assert!(matches!(block, Block::Tokens { bytes } if *bytes == buffer[2..len]), "{block:?}");
    assert!(blocks.next().is_none());
    for room in 0..len {
        assert_eq!(write_tokens(&tokens, &mut buffer[..room]), None, "{room}");
    }
    assert_eq!(write_tokens(&[], &mut buffer[..2]), Some(2));
}
