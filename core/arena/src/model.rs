//! Models of a ring between two contexts: loom runs every order in which the loads and stores of
//! both ends can follow each other, with every value that the orderings permit, and sees whether
//! one end touches a byte that the other one owns.
//!
//! `cargo test -p trine-arena --lib --config 'build.rustflags=["--cfg=loom"]' model` runs them.

#[cfg(test)]
extern crate std;

use std::boxed::Box;
use std::vec::Vec;

use loom::cell::UnsafeCell;
use loom::thread;

use crate::{Consumer, Producer, Ring};

/// Tells loom of each access to the bytes of a ring.
#[derive(Debug)]
pub(crate) struct Watch(Vec<UnsafeCell<()>>);

impl Watch {
    pub(crate) fn new(len: usize) -> Self {
        Self((0..len).map(|_| UnsafeCell::new(())).collect())
    }

    pub(crate) fn reads(&self, at: usize, count: usize) {
        self.0.iter().skip(at).take(count).for_each(|byte| byte.with(|_| ()));
    }

    pub(crate) fn writes(&self, at: usize, count: usize) {
        self.0.iter().skip(at).take(count).for_each(|byte| byte.with_mut(|_| ()));
    }
}

/// Switches of context that nothing asks for, at most. Three find what more find (M. Musuvathi and
/// S. Qadeer, "Iterative context bounding", 2007) in a bounded time.
const PREEMPTIONS: usize = 3;

/// Runs a model with a ring of `size` bytes that begins at each of its bytes. The writer answers
/// how many bytes went in; the reader appends what it reads.
fn at_each_place(
    size: usize,
    write: impl Fn(&mut Producer<'static>) -> usize + Copy + Send + Sync + 'static,
    read: impl Fn(&mut Consumer<'static>, &mut Vec<u8>) + Copy + Send + Sync + 'static,
) {
    for place in 0..size {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(PREEMPTIONS);
        builder.check(move || {
            let memory = Box::leak(std::vec![0; size].into_boxed_slice());
            let ring = Box::leak(Box::new(Ring::new(memory)));
            let (mut producer, mut consumer) = ring.split();
            for _ in 0..place {
                producer.push(&[0]);
                consumer.release(1);
            }
            let writer = thread::spawn(move || write(&mut producer));
            let reader = thread::spawn(move || {
                let mut bytes = Vec::new();
                read(&mut consumer, &mut bytes);
                read(&mut consumer, &mut bytes);
                (consumer, bytes)
            });
            let went_in = writer.join().unwrap();
            let (mut consumer, mut bytes) = reader.join().unwrap();
            // What was left is there now.
            while !consumer.is_empty() {
                read(&mut consumer, &mut bytes);
            }
            let wanted: Vec<u8> = (1..).take(went_in).collect();
            assert_eq!(bytes, wanted);
        });
    }
}

#[test]
fn bytes_come_once_and_in_order() {
    at_each_place(
        4,
        |producer| {
            let mut went_in = 0;
            for count in [2, 1, 2] {
                // What did not go in comes again, so that those which do are a row of numbers.
                let bytes: Vec<u8> = (1 + went_in as u8..).take(count).collect();
                went_in += producer.push(&bytes);
            }
            went_in
        },
        |consumer, read| {
            let len = consumer.peek().len();
            read.extend(consumer.peek().iter().take(len));
            consumer.release(len);
        },
    );
}

#[test]
fn what_is_written_into_a_grant_is_seen_when_it_is_committed() {
    at_each_place(
        4,
        |producer| {
            let mut went_in = 0;
            for _ in 0..2 {
                let place = producer.grant();
                let count = place.len().min(2);
                (1 + went_in as u8..).zip(place).for_each(|(number, byte)| *byte = number);
                producer.commit(count);
                went_in += count;
            }
            went_in
        },
        |consumer, read| {
            consumer.take(|bytes| {
                read.extend(bytes);
                (bytes.len(), ())
            });
        },
    );
}

/// As a port has them: a head with a length, and its content.
#[test]
fn a_record_is_there_whole_or_not_at_all() {
    at_each_place(
        // The second takes bytes of the first.
        4,
        |producer| {
            let first = producer.push_all(&[&[1], &[2, 3]]);
            // Gives the reader the time that it needs before a second one finds room.
            thread::yield_now();
            let second = first && producer.push_all(&[&[4], &[5, 6]]);
            3 * (usize::from(first) + usize::from(second))
        },
        |consumer, read| {
            if consumer.at(0).is_some() {
                // Where its head is, the rest of it is too.
                read.extend((0..3).map(|at| consumer.at(at).unwrap()));
                consumer.skip(3);
            }
        },
    );
}

#[test]
fn a_packet_is_there_whole_in_one_piece_and_in_order() {
    for size in [7, 8, 9] {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(PREEMPTIONS);
        builder.check(move || {
            let memory = Box::leak(std::vec![0; size].into_boxed_slice());
            let ring = Box::leak(Box::new(Ring::new(memory)));
            let (mut producer, mut consumer) = ring.split();
            let writer = thread::spawn(move || {
                // The second one often does not fit behind the first, and begins anew.
                let packets: [&[u8]; 3] = [&[1, 1], &[2, 2], &[3]];
                packets.map(|packet| {
                    thread::yield_now();
                    producer.push_packet(packet)
                })
            });
            let reader = thread::spawn(move || {
                let mut read = Vec::new();
                for _ in 0..2 {
                    if let Some(packet) = consumer.packet().map(<[u8]>::to_vec) {
                        read.push(packet);
                        consumer.release_packet();
                    }
                }
                (consumer, read)
            });
            let went_in = writer.join().unwrap();
            let (mut consumer, mut read) = reader.join().unwrap();
            while let Some(packet) = consumer.packet().map(<[u8]>::to_vec) {
                read.push(packet);
                consumer.release_packet();
            }
            let packets = [&[1_u8, 1][..], &[2, 2], &[3]].into_iter().zip(went_in);
            let wanted = packets.filter(|(_, went_in)| *went_in).map(|(packet, _)| packet);
            assert!(read.iter().eq(wanted), "{read:?}");
        });
    }
}
