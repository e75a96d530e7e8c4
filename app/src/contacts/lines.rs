//! Line ends as one kind: files come from every system, and rejected rows are named by their line.

use std::io::{self, Read};

/// Reads `source` with every line ended by a line feed, the last one too.
pub struct Lines<R> {
    source: R,
    was_return: bool,
    is_line_open: bool,
}

impl<R: Read> Lines<R> {
    /// Over this source.
    pub fn new(source: R) -> Self {
        Self {
            source,
            was_return: false,
            is_line_open: false,
        }
    }

    /// Keeps what stays of the first `length` bytes, at the beginning; answers how much.
    fn settle(&mut self, buffer: &mut [u8], length: usize) -> usize {
        let mut kept = 0;
        for position in 0..length {
            let byte = buffer[position];
            let is_second_half = byte == b'\n' && self.was_return;
            self.was_return = byte == b'\r';
            if !is_second_half {
                buffer[kept] = if self.was_return { b'\n' } else { byte };
                self.is_line_open = buffer[kept] != b'\n';
                kept += 1;
            }
        }
        kept
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let length = self.source.read(buffer)?;
            if length == 0 {
                if !std::mem::take(&mut self.is_line_open) {
                    return Ok(0);
                }
                buffer[0] = b'\n';
                return Ok(1);
            }
            let kept = self.settle(buffer, length);
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Lines;

    #[test]
    fn every_line_ends_with_a_line_feed_however_it_is_read() {
        let cases = [
            ("", ""),
            ("a", "a\n"),
            ("a\r\nb\rc\n\r\n\n", "a\nb\nc\n\n\n"),
            ("\r\n", "\n"),
        ];
        for (source, expected) in cases {
            for size in [1, 2, 3, 100] {
                let mut lines = Lines::new(source.as_bytes());
                let mut text = Vec::new();
                let mut buffer = vec![0; size];
                loop {
                    let length = lines.read(&mut buffer).unwrap();
                    if length == 0 {
                        break;
                    }
                    text.extend_from_slice(&buffer[..length]);
                }
                assert_eq!(
                    String::from_utf8(text).unwrap(),
                    expected,
                    "{source:?} by {size}"
                );
            }
        }
    }
}
