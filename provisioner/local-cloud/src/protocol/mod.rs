//! The wire protocols: decode a request into an operation and its input, encode an answer or an error.
