//! What the tests of the tool and those of the built programs both use.

pub mod database;
