//! The wire protocols: decode a request into an operation and its input, encode an answer or an error.
//!
//! Inside the cloud every request and answer is a JSON value in the shape of AWS's API model,
//! whatever the wire said: members under their model names, lists as arrays, blobs as base64
//! text, times as [`values::timestamp`]. The query protocol knows no types, so numbers and
//! booleans may arrive as text: inputs read them with [`values::integer`] and its siblings.

pub mod values;
