//! A server of one's own tools over HTTP: `sort`, which sorts integers.
//!
//! ```text
//! cargo run --release -p trine-gateway --example own_tools
//! ```
//!
//! It prints the address at which it listens. `cargo xtask bench payload` measures it with lists of
//! 10 to 10,000 numbers.

use std::sync::Arc;

use trine_descriptor::{Field, IntRange, Kind, Scalar, Tool, ToolInfo, ValueReader};
use trine_gateway::host_tools::{HostCall, HostTools, table};
use trine_gateway::server::Server;
use trine_gateway::table::Table;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

/// A list of any length: its maximum is open. The node behind it is its item.
const LIST: Kind<'static> = Kind::Array { nodes: 1, min: 0, max: u8::MAX };
const NUMBER: Kind<'static> = Kind::Int(IntRange { min: -1_000_000, max: 1_000_000 });
const PARAMS: [Field<'static>; 2] =
    [Field::new("values", LIST).describe("The integers to sort."), Field::new("", NUMBER)];
const OUTPUT: [Field<'static>; 2] = [
    Field::new("values", LIST).describe("The same integers, the least first."),
    Field::new("", NUMBER),
];
const SORT: Tool<'static> = Tool::new(ToolInfo::new("sort", "Sort integers."), &PARAMS, &OUTPUT);

/// Bytes of a value: the entry of the list and its count.
const HEAD: usize = 8;
/// Most bytes of an integer of the list as an entry.
const ENTRY: usize = 8;

/// The tools of this program, of which there is one.
pub(crate) struct Sorter(Arc<Table>);

impl Sorter {
    pub(crate) fn new() -> trine_gateway::Result<Arc<Self>> {
        Ok(Arc::new(Self(table(&[SORT])?)))
    }
}

impl HostTools for Sorter {
    fn table(&self) -> &Arc<Table> {
        &self.0
    }

    fn call(&self, call: HostCall) {
        let mut values = integers(call.args_bytes());
        values.sort_unstable();
        // The arguments of a call have at most 65,535 items.
        let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
        call.value(HEAD + values.len() * ENTRY, |out| {
            out.array(0, count);
            for value in &values {
                out.int(1, *value);
            }
        });
    }
}

/// The integers of encoded arguments.
fn integers(args: &[u8]) -> Vec<i64> {
    let mut reader = ValueReader::new(args);
    let mut values = Vec::new();
    while let Ok(Some(entry)) = reader.entry() {
        if let Scalar::Int(value) = entry.value {
            values.push(value);
        }
    }
    values
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
    hub.add_tools(Sorter::new()?)?;
    let server = Server::builder().hub(hub).port(0).build()?;
    println!("{}", server.local_addr());
    server.run()?;
    Ok(())
}
