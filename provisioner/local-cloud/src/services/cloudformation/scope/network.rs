//! `Fn::Cidr`: cutting an address block into smaller ones.

use serde_json::{Value, json};

use super::UNKNOWN;
use super::arguments::{list, malformed, scalar};
use crate::error::Answer;
use crate::services::ec2::cidr::Cidr;

/// `[block, count, host bits]`: the first `count` blocks of `2^bits` addresses.
pub(super) fn subnets(argument: &Value) -> Answer<Value> {
    let arguments = list("Fn::Cidr", argument)?;
    let [block, count, bits] = arguments.as_slice() else {
        return Err(malformed("Fn::Cidr"));
    };
    let block = scalar("Fn::Cidr", block)?;
    if block == UNKNOWN {
        return Ok(json!(UNKNOWN));
    }
    let number = |value: &Value| -> Answer<u32> {
        let text = scalar("Fn::Cidr", value)?;
        text.parse().map_err(|_| malformed("Fn::Cidr"))
    };
    let (count, bits) = (number(count)?, number(bits)?);
    let whole = Cidr::parse(&block).ok_or_else(|| malformed("Fn::Cidr"))?;
    if bits > 31 || count > 256 {
        return Err(malformed("Fn::Cidr"));
    }
    let pieces: Option<Vec<Value>> = (0..count)
        .map(|index| Some(json!(whole.piece(index, bits)?.to_string())))
        .collect();
    pieces.map(Value::Array).ok_or_else(|| {
        super::error(format!(
            "Template error: Fn::Cidr: {block} does not hold {count} blocks of {bits} host bits"
        ))
    })
}
