//! The tool through its door: the built binary, and its templates.

mod command_line;
mod runbooks;
mod templates;
