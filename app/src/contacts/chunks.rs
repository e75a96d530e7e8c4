//! A stream from the network, read by code that blocks.

use std::io::{self, Read};

use bytes::Bytes;
use tokio::sync::mpsc::Receiver;

/// Reads what arrives on a channel.
pub struct Chunks {
    source: Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Chunks {
    /// Over the channel. Must be read outside the async threads.
    pub fn new(source: Receiver<io::Result<Bytes>>) -> Self {
        Self {
            source,
            current: Bytes::new(),
        }
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.source.blocking_recv() {
                Some(chunk) => self.current = chunk?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.len());
        buffer[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}
