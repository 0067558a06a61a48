//! What a device is told at start.

use core::ffi::c_void;
use core::mem::{MaybeUninit, align_of, offset_of, size_of};

#[cfg(feature = "policy")]
use trine_descriptor::{Consent, Rules};
use trine_dispatch::{Config, Identity, Link, most_pending};

use crate::descriptor::{trine_table, trine_tool};
use crate::source;
use crate::status::{
    TRINE_E_ALIGNMENT, TRINE_E_ARGUMENT, TRINE_E_NULL, TRINE_E_UNSUPPORTED, TRINE_E_VERSION,
    TRINE_OK, trine_status,
};
use crate::table::{CRules, Table};
use crate::text::trine_text;
use crate::version::TRINE_ABI_VERSION;

/// Most calls under way: as many lanes as the wire has.
const CALLS_MAX: u8 = 64;

/// A stream of bytes: UART, USB serial, TCP. Frames are COBS with a checksum.
pub const TRINE_LINK_STREAM: u8 = 0;
/// Packets of at most `mtu` bytes: CAN, CAN-FD, BLE, datagrams. Each `trine_feed` passes one whole
/// packet and each `trine_tx_peek` shows one.
pub const TRINE_LINK_PACKET: u8 = 1;
/// A bus that several devices share: RS-485. The device speaks only when it is polled, under its
/// `address`.
pub const TRINE_LINK_BUS: u8 = 2;

/// What a device is told at start. Zero is the default of every member but the first two; all
/// that it points to must live as long as the device, the structure itself need not.
///
/// Set it to zero, then `struct_size`, `abi_version`, `tools` and `tools_count`, then what you
/// want otherwise. New members are added at the end only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_config {
    /// `sizeof(trine_config)`.
    pub struct_size: u32,
    /// `TRINE_ABI_VERSION`.
    pub abi_version: u32,
    /// The tools, `tools_count` of them.
    pub tools: *const trine_tool,
    /// How many tools.
    pub tools_count: u16,
    /// `TRINE_LINK_...`.
    pub link: u8,
    /// Calls that may be under way at a time, 1 to 64; 0 is 4.
    pub calls_max: u8,
    /// Bytes received that can wait for `trine_poll`; 0 is 256.
    pub rx_bytes: u16,
    /// Most bytes of a received message: the largest arguments plus 40; 0 is 192.
    pub message_max: u16,
    /// Most bytes of an encoded result, and of a piece of the tool list or of content; 0 is 256.
    pub result_max: u16,
    /// Most bytes of an answer that is kept, so that a call which is sent again is not run again:
    /// a result and about 16; 0 is 64. An answer that does not fit is given once.
    pub repeat_max: u16,
    /// Bytes that each pending call can own; 0 is the most that any tool declares.
    pub pending_max: u16,
    /// Most bytes of a packet, for `TRINE_LINK_PACKET`, 8 or more.
    pub mtu: u16,
    /// Address on the bus, 1 to 247, for `TRINE_LINK_BUS`.
    pub address: u8,
    /// Calls of the MCP door that may be pending at a time; 0 is 4.
    pub json_calls_max: u8,
    /// Most bytes of a call that a person can agree to: its arguments and who asks, and state and
    /// answers where it goes on. They are kept and compared byte for byte; a longer call is refused
    /// and told so. 0 is `message_max`, but 192 at most, where a tool asks for a person, and else
    /// none. Must be 0 in profile base.
    pub consent_bytes: u16,
    /// A number unlike that of the last boot (a counter in flash, a random number); 0 takes one
    /// from the host.
    pub epoch: u32,
    /// Milliseconds that a call may take where neither it nor its tool says otherwise; 0 is 30,000.
    pub deadline_ms: u32,
    /// Milliseconds that a call waits for a person, and that an agreement holds; 0 is 60,000.
    pub consent_ms: u32,
    /// Milliseconds without a good frame after which the link counts as lost; 0 is never.
    pub link_ms: u32,
    /// Must be 0.
    pub reserved_flags: u32,
    /// A number that no other boot of this device had (a counter in flash, a random number). A
    /// device with a key needs one; without one (0) it takes no key.
    pub nonce: u64,
    /// The device's key of 16 bytes, for tagged frames; NULL for none.
    pub key: *const u8,
    /// Keeps a key that the host provisions, while the window of `trine_provision` is open, and
    /// answers `TRINE_OK` when it is safe; `key` is NULL to erase it. NULL if there is nowhere to
    /// keep one. Runs inside `trine_poll`.
    pub on_key:
        Option<unsafe extern "C" fn(user_data: *mut c_void, key: *const u8) -> trine_status>,
    /// Passed to `on_key`.
    pub user_data: *mut c_void,
    /// Who makes the device.
    pub vendor: trine_text,
    /// What it is; also the server's name in MCP.
    pub product: trine_text,
    /// Which one it is, unlike every other of the product.
    pub serial: trine_text,
    /// Version of the firmware or program; also the server's version in MCP.
    pub firmware: trine_text,
    /// Which build of it.
    pub build: trine_text,
    /// The server's title in MCP, for people.
    pub title: trine_text,
    /// What a model should know before it uses the tools, in MCP.
    pub instructions: trine_text,
    /// The tools in the form of `trine gen`, in place of `tools` and `tools_count`, which are then
    /// NULL and 0; else NULL.
    pub table: *const trine_table,
}

/// What is wrong: `trine_init` sets the first two members, `trine_get_problem` the others.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_problem {
    /// Bytes of memory that the configuration needs; 0 if it is not valid.
    pub bytes_needed: usize,
    /// Alignment that the memory needs.
    pub alignment_needed: usize,
    /// The tool whose descriptor breaks a rule, or -1.
    pub tool: i32,
    /// The node that breaks it, or -1; results count from 1,000.
    pub node: i32,
    /// The rule that it breaks; lives for ever. Empty, and never NULL, where nothing is wrong.
    pub rule: trine_text,
}

/// Bytes of the first version of the structure: what every program has, whatever comes later.
const V1: usize = offset_of!(trine_config, table) + size_of::<*const trine_table>();
/// A structure of more bytes than this is none.
const SIZE_MAX: usize = 4096;

/// A configuration that was read: every value is the one that counts.
pub(crate) struct Setup<'c> {
    pub(crate) config: Config<'static>,
    pub(crate) raw: &'c trine_config,
    pub(crate) tools: &'static [trine_tool],
    pub(crate) rx_bytes: usize,
}

/// What of a configuration is needed later.
#[cfg(feature = "mcp")]
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    #[cfg(feature = "full")]
    pub(crate) is_packet: bool,
    #[cfg(feature = "full")]
    pub(crate) on_key: OnKey,
    #[cfg(feature = "full")]
    pub(crate) user_data: *mut c_void,
    pub(crate) server: trine_mcp::ServerInfo<'static>,
    /// Bytes that arguments and results take at most.
    pub(crate) buffers: (u16, u16),
}

/// What keeps a key.
#[cfg(feature = "full")]
pub(crate) type OnKey =
    Option<unsafe extern "C" fn(user_data: *mut c_void, key: *const u8) -> trine_status>;

/// The structure of a program, of any version. One of this version or a later one is read where it
/// is; there is no earlier one yet.
///
/// # Safety
/// NULL, or the program's structure, which holds as many bytes as its first member says.
unsafe fn known<'c>(config: *const trine_config) -> Result<&'c trine_config, trine_status> {
    if config.is_null() {
        return Err(TRINE_E_NULL);
    }
    if !config.is_aligned() {
        return Err(TRINE_E_ALIGNMENT);
    }
    // SAFETY: the first member of a structure of any version.
    let size = unsafe { config.cast::<u32>().read() } as usize;
    if !(V1..=SIZE_MAX).contains(&size) {
        return Err(TRINE_E_VERSION);
    }
    let bytes = config.cast::<u8>();
    for at in size_of::<trine_config>()..size {
        // SAFETY: the structure holds `size` bytes.
        let place = unsafe { bytes.add(at) };
        // SAFETY: as above.
        if unsafe { place.read() } != 0 {
            return Err(TRINE_E_UNSUPPORTED);
        }
    }
    // SAFETY: it has all bytes of this version: numbers, pointers and functions, for which the
    // program vouches.
    Ok(unsafe { &*config })
}

const _: () = assert!(V1.next_multiple_of(align_of::<trine_config>()) == size_of::<trine_config>());

/// Reads who the device is.
///
/// # Safety
/// The texts live as long as the device.
unsafe fn identify(raw: &trine_config, out: &mut Identity<'static>) -> Result<(), trine_status> {
    const TEXTS: usize = size_of::<Identity<'_>>() / size_of::<&str>();
    const _: () = assert!(
        offset_of!(trine_config, build) - offset_of!(trine_config, vendor)
            == (TEXTS - 1) * size_of::<trine_text>()
    );
    // SAFETY: an identity is as many texts in the same order, and nothing else.
    let out = unsafe { &mut *(&raw mut *out).cast::<[&str; TEXTS]>() };
    let first = (&raw const *raw).cast::<u8>();
    // SAFETY: the first of the texts, which lie side by side.
    let first = unsafe { first.add(offset_of!(trine_config, vendor)) }.cast::<trine_text>();
    for (at, place) in out.iter_mut().enumerate() {
        // SAFETY: there are as many texts.
        let text = unsafe { first.add(at) };
        // SAFETY: as above.
        let text = unsafe { text.read() };
        // SAFETY: the caller's promise.
        *place = unsafe { text.get() }?;
    }
    Ok(())
}

/// Reads a configuration into its place: where it answers TRINE_OK, that is written.
///
/// # Safety
/// As [`known`]; what it points to is constant and lives as long as the device.
// Out of line, and its answer is one number: a result would be two.
#[inline(never)]
pub(crate) unsafe fn read<'c>(
    config: *const trine_config,
    out: &mut MaybeUninit<Setup<'c>>,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { try_read(config, out) }.err().unwrap_or(TRINE_OK)
}

/// The same.
///
/// # Safety
/// As [`read`].
#[inline(always)]
unsafe fn try_read<'c>(
    config: *const trine_config,
    out: &mut MaybeUninit<Setup<'c>>,
) -> Result<(), trine_status> {
    // SAFETY: passed on.
    let raw = unsafe { known(config) }?;
    if raw.abi_version != TRINE_ABI_VERSION {
        return Err(TRINE_E_VERSION);
    }
    let mut unsupported = raw.reserved_flags as usize;
    if cfg!(not(feature = "policy")) {
        unsupported |= usize::from(raw.consent_bytes);
    }
    // What needs keys or another link than a stream, in one look.
    if cfg!(not(feature = "full")) {
        unsupported |= usize::from(raw.link) | raw.key.addr();
    }
    if unsupported != 0 {
        return Err(TRINE_E_UNSUPPORTED);
    }
    let is_door_wide = cfg!(feature = "mcp") && raw.json_calls_max > CALLS_MAX;
    if raw.calls_max > CALLS_MAX || is_door_wide {
        return Err(TRINE_E_ARGUMENT);
    }
    let link = link(raw)?;
    // SAFETY: the tools are constant and live as long as the device.
    let tools = unsafe { tools_of(raw) }?;
    // SAFETY: as above.
    let rules = CRules::new(unsafe { Table::new(tools) }, &[]);
    // SAFETY: what the configuration points to is as the header asks.
    let source = unsafe { source::open(raw, &rules) }?;
    let or = |value: u16, default: u16| if value == 0 { default } else { value };
    let or_ms = |value: u32, default: u32| if value == 0 { default } else { value };
    let setup = out.write(Setup {
        config: Config {
            // In its place, since to move it takes more code than to read it.
            identity: Identity::default(),
            link,
            epoch: raw.epoch,
            #[cfg(feature = "full")]
            key: key(raw),
            #[cfg(feature = "full")]
            nonce: raw.nonce,
            message_max: or(raw.message_max, 192),
            result_max: or(raw.result_max, 256),
            calls_max: if raw.calls_max == 0 { 4 } else { raw.calls_max },
            local_max: match raw.json_calls_max {
                _ if cfg!(not(feature = "mcp")) => 0,
                0 => 4,
                given => given,
            },
            pending_max: match raw.pending_max {
                0 => most_pending(source).0,
                given => given,
            },
            repeat_max: or(raw.repeat_max, 64),
            hashes_max: if cfg!(feature = "policy") { tools.len() as u16 } else { 0 },
            deadline_ms: or_ms(raw.deadline_ms, Config::DEFAULT.deadline_ms),
            #[cfg(feature = "policy")]
            consent_ms: or_ms(raw.consent_ms, Config::DEFAULT.consent_ms),
            #[cfg(feature = "policy")]
            consent_guard_ms: Config::DEFAULT.consent_guard_ms,
            #[cfg(feature = "policy")]
            consent_bytes: consent_bytes(raw, source),
            link_ms: raw.link_ms,
        },
        raw,
        tools,
        rx_bytes: or(raw.rx_bytes, 256).into(),
    });
    // SAFETY: the texts of the configuration live as long as the device.
    unsafe { identify(raw, &mut setup.config.identity) }
}

/// Bytes of the call that a person is asked for; never more than a message brings.
#[cfg(feature = "policy")]
fn consent_bytes(raw: &trine_config, rules: &dyn Rules) -> u16 {
    let message_max = if raw.message_max == 0 { 192 } else { raw.message_max };
    let asks = |tool| rules.head(tool).is_some_and(|head| head.consent != Consent::None);
    match raw.consent_bytes {
        0 if (0..rules.tools()).any(asks) => message_max.min(Config::DEFAULT.consent_bytes),
        given => given.min(message_max),
    }
}

#[cfg(feature = "mcp")]
impl Setup<'_> {
    /// What is needed later.
    ///
    /// # Safety
    /// The texts of the configuration live as long as the device.
    pub(crate) unsafe fn kept(&self) -> Result<Kept, trine_status> {
        let (raw, config) = (self.raw, &self.config);
        let or = |text: &'static str, other| if text.is_empty() { other } else { text };
        Ok(Kept {
            #[cfg(feature = "full")]
            is_packet: raw.link == TRINE_LINK_PACKET,
            #[cfg(feature = "full")]
            on_key: raw.on_key,
            #[cfg(feature = "full")]
            user_data: raw.user_data,
            server: trine_mcp::ServerInfo {
                name: or(config.identity.product, "trine"),
                // SAFETY: the caller's promise.
                title: unsafe { raw.title.get() }?,
                version: or(config.identity.firmware, "0"),
                // SAFETY: as above.
                instructions: unsafe { raw.instructions.get() }?,
            },
            buffers: (config.message_max, config.result_max),
        })
    }
}

/// The tools of a configuration.
///
/// # Safety
/// There are as many as it says, and they are constant for as long as the device lives.
unsafe fn tools_of(raw: &trine_config) -> Result<&'static [trine_tool], trine_status> {
    match usize::from(raw.tools_count) {
        0 => Ok(&[]),
        _ if !raw.table.is_null() => Err(TRINE_E_ARGUMENT),
        _ if raw.tools.is_null() => Err(TRINE_E_NULL),
        // SAFETY: the caller's promise.
        count => Ok(unsafe { core::slice::from_raw_parts(raw.tools, count) }),
    }
}

/// How messages travel.
#[cfg(feature = "full")]
const fn link(raw: &trine_config) -> Result<Link, trine_status> {
    match raw.link {
        TRINE_LINK_STREAM => Ok(Link::Stream),
        TRINE_LINK_PACKET => Ok(Link::Packet { mtu: raw.mtu }),
        TRINE_LINK_BUS => Ok(Link::Bus { address: raw.address }),
        _ => Err(TRINE_E_ARGUMENT),
    }
}

/// It was looked at already.
#[cfg(not(feature = "full"))]
#[expect(clippy::unnecessary_wraps, reason = "there are others where links are")]
const fn link(_: &trine_config) -> Result<Link, trine_status> {
    Ok(Link::Stream)
}

#[cfg(feature = "full")]
fn key(raw: &trine_config) -> Option<trine_dispatch::Key> {
    if raw.key.is_null() {
        return None;
    }
    let mut key = [0; 16];
    // SAFETY: the program's key of 16 bytes, and our own array of as many.
    unsafe { core::ptr::copy_nonoverlapping(raw.key, key.as_mut_ptr(), key.len()) };
    Some(trine_dispatch::Key(key))
}
