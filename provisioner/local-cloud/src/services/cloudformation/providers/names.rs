//! Names for resources whose template gives none: `stack-Logical-RANDOM`.

use rand::Rng as _;
use serde_json::Value;

use super::Properties;

/// How a type is named.
pub(in super::super) struct Name {
    /// The property that holds the name.
    pub(in super::super) property: &'static str,
    /// The most characters a name may have.
    pub(super) longest: usize,
    pub(super) style: Style,
}

/// What names of a type look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `stack-Logical-1ABC2DEF3GHI`.
    Mixed,
    /// `stack-logical-1abc2def3ghi`.
    Lower,
    /// `Logical-1ABC2DEF3GHI`: secrets leave the stack out.
    Short,
    /// Like `Mixed`, with `.fifo` at the end for a queue that is one.
    Queue,
    /// `CFN-Logical-1ABC2DEF3GHI`: stored parameters.
    Parameter,
}

impl Name {
    /// A name of its own for a resource; never the same twice.
    pub(in super::super) fn generate(
        &self,
        stack: &str,
        logical: &str,
        properties: &Properties,
    ) -> String {
        const RANDOM: usize = 12;
        let prefix = match self.style {
            Style::Short => logical.to_owned(),
            Style::Parameter => format!("CFN-{logical}"),
            Style::Mixed | Style::Lower | Style::Queue => format!("{stack}-{logical}"),
        };
        let fifo = self.style == Style::Queue
            && properties.get("FifoQueue").and_then(Value::as_bool) == Some(true);
        let suffix = if fifo { ".fifo" } else { "" };
        let room = self.longest.saturating_sub(RANDOM + 1 + suffix.len());
        let prefix: String = prefix.chars().take(room).collect();
        let name = format!(
            "{}-{}{suffix}",
            prefix.trim_end_matches('-'),
            random(RANDOM)
        );
        if self.style == Style::Lower {
            name.to_lowercase()
        } else {
            name
        }
    }
}

pub(super) fn random(length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut rng = rand::rng();
    (0..length)
        .map(|_| {
            let index = rng.random_range(0..LETTERS.len());
            LETTERS.get(index).map_or('A', |letter| char::from(*letter))
        })
        .collect()
}
