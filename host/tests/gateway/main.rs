//! The gateway as its clients and its devices see it: a program, with bytes on both sides.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod any_tools;
mod apps;
mod asking;
mod at_board;
mod bad_input;
mod bakery;
mod board;
mod client;
mod clients;
mod crowd;
mod dead;
mod defined;
#[cfg(target_os = "linux")]
mod emulation;
#[cfg(target_os = "linux")]
mod floods;
mod harness;
mod http;
mod isolation;
mod killed;
mod ledger;
mod links;
mod models;
mod news;
mod once;
mod panels;
mod questions;
mod rest;
mod resume;
mod rogue;
mod selftest;
mod sentences;
mod shared;
mod skills;
mod task_news;
mod tasks;
#[cfg(target_os = "linux")]
mod usb;
mod web;
mod websocket;
