//! What the computer is and how busy it is, as tools.
//!
//! The plug-in reads files of Linux below `/proc` and asks file systems for their space. On other
//! systems its tools say that they do not work there.

pub mod facts;

#[path = "../../../ffi/plugin/rust/trine_plugin.rs"]
mod trine_plugin;

use facts::{disks, space, Files, Info, Load, DISKS_MAX};
use trine_plugin::{array, decimal, int, object, plugin, string, tool};
use trine_plugin::{Call, Node, RawPlugin, Text, Tool, READ_ONLY, REQUIRED};

static NONE: [Node; 0] = [];
static INFO: [Node; 9] = [
    string!(REQUIRED, "name", "Name of the computer.", 0, 100),
    string!(REQUIRED, "system", "Operating system with its version.", 0, 100),
    string!(REQUIRED, "kernel", "Version of the kernel.", 0, 100),
    string!(REQUIRED, "architecture", "Such as x86_64 or aarch64.", 0, 40),
    string!(REQUIRED, "processor", "Model of the processor; empty where unknown.", 0, 100),
    int!(REQUIRED, "processors", "", "Processors that are in use.", 0, 100_000),
    int!(REQUIRED, "memory", "MB", "Main memory.", 0, 2_000_000_000),
    int!(REQUIRED, "swap", "MB", "Space for memory on disks.", 0, 2_000_000_000),
    int!(REQUIRED, "uptime", "s", "Since the system started.", 0, 2_000_000_000),
];
static LOAD: [Node; 15] = [
    decimal!(REQUIRED, "load_1", "", "Load over 1 minute.", 2, 0, 100_000_000, 1),
    decimal!(REQUIRED, "load_5", "", "Load over 5 minutes.", 2, 0, 100_000_000, 1),
    decimal!(REQUIRED, "load_15", "", "Load over 15 minutes.", 2, 0, 100_000_000, 1),
    int!(REQUIRED, "processors", "", "Processors, to compare the load with.", 0, 100_000),
    int!(REQUIRED, "memory", "MB", "Main memory.", 0, 2_000_000_000),
    int!(REQUIRED, "memory_used", "MB", "Memory that programs cannot get.", 0, 2_000_000_000),
    int!(REQUIRED, "swap", "MB", "Space for memory on disks.", 0, 2_000_000_000),
    int!(REQUIRED, "swap_used", "MB", "How much of it is used.", 0, 2_000_000_000),
    array!(REQUIRED, "disks", "Local file systems, 32 at most.", 6, 0, 32),
    object!(REQUIRED, "", "A file system.", 5),
    string!(REQUIRED, "path", "Where it is mounted.", 0, 200),
    string!(REQUIRED, "kind", "Such as ext4.", 0, 40),
    int!(REQUIRED, "size", "MB", "Its size.", 0, 2_000_000_000),
    int!(REQUIRED, "used", "MB", "How much of it is used.", 0, 2_000_000_000),
    int!(REQUIRED, "free", "MB", "What users may still fill.", 0, 2_000_000_000),
];

static TOOLS: [Tool; 2] = [
    tool!(
        "host_info",
        "About this computer",
        "Tell name, system, processors, memory and uptime of the computer.",
        READ_ONLY,
        NONE,
        INFO,
        host_info
    ),
    tool!(
        "host_load",
        "Load of this computer",
        "Tell how much of processors, memory and disks of the computer is used.",
        READ_ONLY,
        NONE,
        LOAD,
        host_load
    ),
];

plugin!(RawPlugin {
    description: Text::new("What the computer is and how busy it is."),
    author: Text::new("The Trine developers"),
    capabilities: Text::new("host metrics"),
    calls_max: 2,
    ..RawPlugin::new("host-info", env!("CARGO_PKG_VERSION"), &TOOLS)
});

fn host_info(call: &mut Call<'_>) -> Result<(), String> {
    let info = Info::read(&Files::of_system()?)?;
    let texts = [&info.name, &info.system, &info.kernel, &info.architecture, &info.processor];
    for (node, text) in (0..).zip(texts) {
        call.put_text(node, text);
    }
    let numbers = [info.processors, info.memory_mb, info.swap_mb, info.uptime_s];
    for (node, number) in (5..).zip(numbers) {
        call.put_int(node, number);
    }
    Ok(())
}

fn host_load(call: &mut Call<'_>) -> Result<(), String> {
    let files = Files::of_system()?;
    let (load, disks) = (Load::read(&files)?, disks(&files, &space)?);
    for (node, hundredths) in (0..).zip(load.hundredths) {
        call.put_decimal(node, hundredths);
    }
    let memory = [load.memory_mb, load.memory_used_mb, load.swap_mb, load.swap_used_mb];
    for (node, number) in (3..).zip([load.processors].into_iter().chain(memory)) {
        call.put_int(node, number);
    }
    let shown = disks.len().min(DISKS_MAX);
    call.put_array(8, u32::try_from(shown).unwrap_or_default());
    for disk in disks.iter().take(shown) {
        call.put_object(9);
        call.put_text(10, &disk.path);
        call.put_text(11, &disk.kind);
        call.put_int(12, disk.size_mb);
        call.put_int(13, disk.used_mb);
        call.put_int(14, disk.free_mb);
    }
    Ok(())
}
