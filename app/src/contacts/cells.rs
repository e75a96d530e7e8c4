//! The numbers a file has had so far.

use std::collections::HashSet;

/// A set of numbers: 9 to 18 bytes each, so that a file of a million takes 20 MB.
#[derive(Debug, Default)]
pub struct Cells(HashSet<u64>);

impl Cells {
    /// Whether the number, in E.164, is new. It has at most fifteen digits, and the first is no zero: no two are the
    /// same integer.
    pub fn insert(&mut self, cell: &str) -> bool {
        let digits = cell.chars().filter_map(|character| character.to_digit(10));
        let number = digits.fold(0_u64, |number, digit| {
            number.wrapping_mul(10).wrapping_add(digit.into())
        });
        self.0.insert(number)
    }
}
