//! Injected faults: the next calls of an operation fail, are slow, or are throttled.

/// The faults in force. None at start.
#[derive(Default)]
pub struct Faults {}
