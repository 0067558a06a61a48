//! What `trine model info` says of base models, of deltas, and of tables of tools.

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_models::ask::{BASE, Delta};
use trine_unseen::base::Thresholds;
use trine_unseen::{Base, Table, base, table};

use crate::cli::paint::{FAINT, count, say, some};
use crate::cli::tools::pretty;

/// Prints a base, a delta or a table; answers whether the bytes are one.
///
/// # Errors
/// When they begin like one, and are none.
pub(super) fn print(bytes: &[u8], is_json: bool) -> Result<bool> {
    let json = if bytes.starts_with(base::MAGIC) {
        of_base(bytes)?
    } else if Delta::is_one(bytes) {
        of_delta(bytes)?
    } else if bytes.starts_with(table::MAGIC) {
        of_table(bytes)?
    } else {
        return Ok(false);
    };
    if is_json {
        say!("{}", pretty(&json));
        return Ok(true);
    }
    for (name, value) in json.as_object().into_iter().flatten() {
        let value = match value {
            Value::Number(number) if number.is_u64() => count(number.as_u64().unwrap_or(0)),
            Value::String(text) => text.clone(),
            Value::Bool(is_so) => if *is_so { "yes" } else { "no" }.to_owned(),
            Value::Array(tools) => {
                let each = tools.iter().map(ToString::to_string);
                format!("{} bytes", each.collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        };
        say!("  {FAINT}{:16}{FAINT:#} {value}", name.replace('_', " "));
    }
    Ok(true)
}

fn of_base(bytes: &[u8]) -> Result<Value> {
    let base = Base::parse(bytes).map_err(trine_models::Error::from)?;
    let Thresholds { acting, reading } = base.thresholds();
    let rows = base.rows_bytes();
    Ok(json!({
        "model": "base, for any list of tools",
        "base": format!("{:016x}", base.hash()),
        "in_this_program": is_own(base.hash()),
        "bytes": bytes.len(),
        "pieces": base.pieces(),
        "bytes_of_rows": rows,
        "bytes_of_weights": bytes.len() - rows - base::HEAD,
        "packing": format!("{:?}", base.packing()),
        "acts_from": rounded(acting),
        "reads_from": rounded(reading),
    }))
}

fn of_delta(bytes: &[u8]) -> Result<Value> {
    let wrong = |error| Error::from(trine_models::Error::from(error));
    let delta = Delta::parse(bytes).map_err(wrong)?;
    let base = Base::parse(BASE).map_err(trine_models::Error::from)?;
    delta.apply(&base).map_err(wrong)?;
    let Thresholds { acting, reading } = delta.thresholds;
    Ok(json!({
        "model": "delta, for one list of tools",
        "base": format!("{:016x}", delta.base),
        "in_this_program": true,
        "list": format!("{:016x}", delta.list),
        "bytes": bytes.len(),
        "changed_weights": delta.count(&base),
        "acts_from": rounded(acting),
        "reads_from": rounded(reading),
    }))
}

/// Whether the base of this hash is the one of this program.
fn is_own(hash: u64) -> bool {
    Base::parse(BASE).is_ok_and(|base| base.hash() == hash)
}

/// Four digits of a threshold.
fn rounded(x: f32) -> f64 {
    (f64::from(x) * 1e4).round() / 1e4
}

fn of_table(bytes: &[u8]) -> Result<Value> {
    let wrong = |error| Error::from(trine_models::Error::from(error));
    let (made, list) =
        table::made_for(bytes).ok_or_else(|| wrong(trine_unseen::TableError::Magic))?;
    let table = Table::parse_for(bytes, made, Some(list)).map_err(wrong)?;
    let tools: Vec<usize> = table.tools().map(|tool| tool.bytes()).collect();
    Ok(json!({
        "table": some(tools.len() as u64, "tool"),
        "base": format!("{made:016x}"),
        "in_this_program": is_own(made),
        "list": format!("{list:016x}"),
        "bytes": bytes.len(),
        "tools": tools,
    }))
}
