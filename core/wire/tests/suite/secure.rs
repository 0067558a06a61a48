//! Tags: who may speak, and that nothing is taken twice.

use core::hash::Hasher as _;

use proptest::prelude::*;
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use trine_wire::secure::{DeviceKeys, HostKeys, Salt, TAIL_LEN, hello_digest};
use trine_wire::siphash::siphash128;

const KEY: [u8; 16] = *b"sixteen byte key";

#[test]
fn the_vectors_of_the_reference_implementation() {
    let vectors = include_str!("siphash.txt").lines().filter(|line| !line.starts_with('#'));
    let bytes: Vec<u8> = (0..64).collect();
    let key: [u8; 16] = bytes[..16].try_into().unwrap();
    let mut count = 0;
    for (len, vector) in vectors.enumerate() {
        let hash = siphash128(&key, &bytes[..len]);
        assert_eq!(hex(&hash), vector, "{len} bytes");
        count += 1;
    }
    assert_eq!(count, 64);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #[test]
    fn the_hash_is_that_of_the_siphasher_crate(
        key: [u8; 16],
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write(&bytes);
        prop_assert_eq!(siphash128(&key, &bytes), hasher.finish128().as_bytes());
    }
}

/// A device and a host that have said hello, and not yet more.
fn hello_answered(nonce: u8, challenge: u8, device: &mut DeviceKeys, host: &mut HostKeys) -> bool {
    let nonce = [nonce; 8];
    let challenge = device.answer_hello(nonce, &nonce, [challenge; 12]).challenge;
    let mut buffer = *b"hello...................";
    let len = device.seal_hello(&mut buffer, 0, 4).unwrap();
    host.hello_answered(nonce, challenge, &buffer[..len]) == Some(b"hell")
}

fn pair() -> (DeviceKeys, HostKeys) {
    let (mut device, mut host) = (DeviceKeys::new(KEY), HostKeys::new(KEY));
    assert!(hello_answered(1, 2, &mut device, &mut host));
    (device, host)
}

#[test]
fn the_host_makes_of_its_hello_what_the_device_makes_of_it() {
    let (sent, other) = (b"the host's hello", b"the host's hellO");
    let (nonce, mut device, mut host) = ([3; 8], DeviceKeys::new(KEY), HostKeys::new(KEY));
    assert_eq!(host.hello_digest(sent), None, "no session yet");
    let answer = device.answer_hello(nonce, sent, [4; 12]);
    let mut buffer = *b"hello...................";
    let len = device.seal_hello(&mut buffer, 0, 4).unwrap();
    assert!(host.hello_answered(nonce, answer.challenge, &buffer[..len]).is_some());
    assert_eq!(host.hello_digest(sent), Some(answer.digest));
    let salt = Salt { host_nonce: nonce, challenge: answer.challenge };
    assert_eq!(host.hello_digest(other), Some(hello_digest(&KEY, &salt, other)));
    assert_ne!(host.hello_digest(other), Some(answer.digest));
}

fn from_host(host: &mut HostKeys, message: &[u8]) -> Vec<u8> {
    let mut buffer = [&[9, 9], message, &[0; TAIL_LEN]].concat();
    let len = host.seal(&mut buffer, 2, message.len()).unwrap();
    assert_eq!(len, message.len() + TAIL_LEN);
    buffer[2..].to_vec()
}

fn from_device(device: &mut DeviceKeys, message: &[u8]) -> Vec<u8> {
    let mut buffer = [message, &[0; TAIL_LEN]].concat();
    assert_eq!(device.seal(&mut buffer, 0, message.len()), Some(buffer.len()));
    buffer
}

#[test]
fn a_tag_that_is_wrong_in_both_halves_alike_is_wrong() {
    let (device, mut host) = pair();
    let sealed = from_host(&mut host, b"call");
    let tag = sealed.len() - 16;
    for bit in 0..64 {
        let mut altered = sealed.clone();
        for half in [0, 8] {
            altered[tag + half + bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(device.clone().open(&altered), None, "bit {bit}");
    }
}

#[test]
fn messages_pass_in_both_directions_and_each_once() {
    let (mut device, mut host) = pair();
    let calls = [b"one", b"two", b"six"].map(|call| from_host(&mut host, call));
    assert_eq!(device.open(&calls[0]), Some((&b"one"[..], Some(1))));
    assert_eq!(device.open(&calls[0]), None, "the same again");
    // One is lost on the way, and comes too late.
    assert_eq!(device.open(&calls[2]), Some((&b"six"[..], None)));
    assert_eq!(device.open(&calls[1]), None);
    let answer = from_device(&mut device, b"done");
    assert_eq!(host.open(&answer), Some(&b"done"[..]));
    assert_eq!(host.open(&answer), None);
    // What a side has said itself is nothing for it.
    assert_eq!(device.open(&answer), None);
    assert_eq!(host.open(&calls[1]), None);
}

#[test]
fn a_changed_bit_anywhere_or_a_cut_is_seen() {
    let (mut device, mut host) = pair();
    let call = from_host(&mut host, b"valve open");
    for bit in 0..call.len() * 8 {
        let mut corrupt = call.clone();
        corrupt[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(device.open(&corrupt), None, "bit {bit}");
    }
    for len in 0..call.len() {
        assert_eq!(device.open(&call[..len]), None, "{len} bytes");
    }
    assert_eq!(device.open(&call), Some((&b"valve open"[..], Some(1))));
}

#[test]
fn a_hello_alone_disturbs_nothing() {
    let (mut device, mut host) = pair();
    assert!(device.open(&from_host(&mut host, b"a")).is_some());
    // Someone without the key says hello, and cannot go on.
    let challenge = device.answer_hello([7; 8], b"x", [8; 12]).challenge;
    let mut stranger = HostKeys::new([0; 16]);
    let mut hello = [0; 5 + TAIL_LEN];
    device.seal_hello(&mut hello, 0, 5).unwrap();
    assert_eq!(stranger.hello_answered([7; 8], challenge, &hello), None);
    assert_eq!(device.open(&from_host(&mut host, b"b")), Some((&b"b"[..], None)));
    assert_eq!(host.open(&from_device(&mut device, b"c")), Some(&b"c"[..]));
}

#[test]
fn a_session_of_before_cannot_be_played_again() {
    let (mut device, mut host) = pair();
    let old = [b"a", b"b"].map(|call| from_host(&mut host, call));
    assert!(device.open(&old[0]).is_some());
    let said = from_device(&mut device, b"x");
    // The host comes back, with another nonce; the device has another challenge.
    assert!(hello_answered(3, 4, &mut device, &mut host));
    // What the device said before is still good until the first word of the new session.
    assert_eq!(host.open(&said), Some(&b"x"[..]));
    let late = from_device(&mut device, b"y");
    assert_eq!(device.open(&from_host(&mut host, b"c")), Some((&b"c"[..], Some(0))));
    assert_eq!(device.open(&old[1]), None);
    assert_eq!(host.open(&from_device(&mut device, b"z")), Some(&b"z"[..]));
    assert_eq!(host.open(&late), None);
    // A recorded hello gets another challenge, so that the recorded session does not fit it.
    assert_eq!(device.answer_hello([1; 8], &[1; 8], [5; 12]).challenge, [5; 12]);
    assert_eq!(device.open(&old[1]), None);
}

#[test]
fn a_repeated_hello_offers_the_same_session() {
    let (mut device, mut host) = (DeviceKeys::new(KEY), HostKeys::new(KEY));
    assert!(hello_answered(1, 2, &mut device, &mut host));
    assert_eq!(device.answer_hello([1; 8], &[1; 8], [3; 12]).challenge, [2; 12]);
    let first = from_host(&mut host, b"a");
    assert!(hello_answered(1, 3, &mut device, &mut host));
    assert_eq!(device.open(&first), Some((&b"a"[..], Some(1))), "its counter did not start again");
    assert_eq!(device.open(&from_host(&mut host, b"b")), Some((&b"b"[..], None)));
}

#[test]
fn nothing_is_sent_before_a_session_or_without_room() {
    let (mut device, mut host) = (DeviceKeys::new(KEY), HostKeys::new(KEY));
    let mut buffer = [0; 64];
    assert!(!host.is_open());
    assert_eq!(device.seal(&mut buffer, 0, 1), None);
    assert_eq!(device.seal_hello(&mut buffer, 0, 1), None);
    assert_eq!(host.seal(&mut buffer, 0, 1), None);
    assert!(hello_answered(1, 2, &mut device, &mut host) && host.is_open());
    assert_eq!(host.seal(&mut buffer[..20], 0, 1), None);
    assert_eq!(host.seal(&mut buffer, usize::MAX, 1), None);
    assert_eq!(host.seal(&mut buffer, 43, 1), Some(21));
}

#[test]
fn keys_are_not_printed() {
    let (device, host) = pair();
    assert_eq!(format!("{device:?} {host:?}"), "DeviceKeys HostKeys");
}

#[test]
fn a_hello_of_another_under_the_same_nonce_leaves_the_offer_before_it_as_it_was() {
    let (mut device, mut host) = (DeviceKeys::new(KEY), HostKeys::new(KEY));
    assert!(hello_answered(1, 2, &mut device, &mut host));
    let other = device.answer_hello([1; 8], b"altered", [3; 12]);
    assert_eq!(other.challenge, [3; 12], "another hello has another challenge");
    assert_eq!(
        device.answer_hello([1; 8], &[1; 8], [4; 12]).challenge,
        [2; 12],
        "each keeps its own"
    );
    assert_eq!(device.answer_hello([1; 8], b"altered", [4; 12]), other);
    assert_eq!(device.open(&from_host(&mut host, b"a")), Some((&b"a"[..], Some(1))));
    assert_ne!(other.offer, 1);
}

#[test]
fn the_digest_of_a_hello_depends_on_each_of_its_bytes_and_on_the_session() {
    let salt = |last| Salt { host_nonce: [1; 8], challenge: [last; 12] };
    let digest = |bytes: &[u8]| hello_digest(&KEY, &salt(2), bytes);
    assert_eq!(hello_digest(&KEY, &salt(2), b"hello"), digest(b"hello"));
    assert_ne!(hello_digest(&KEY, &salt(3), b"hello"), digest(b"hello"));
    assert_ne!(hello_digest(&[0; 16], &salt(2), b"hello"), digest(b"hello"));
    for other in [&b"hellp"[..], b"hell", b"", b"hello\0"] {
        assert_ne!(digest(other), digest(b"hello"), "{other:?}");
    }
}
