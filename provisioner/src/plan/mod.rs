//! What a deploy would do and mean. Everything here but [`read`] is pure: values in, data out.

pub mod connections;
