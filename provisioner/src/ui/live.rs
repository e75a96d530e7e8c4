//! A region at the foot of the terminal that changes in place. Without a terminal nothing is
//! drawn, and only the lines that are worth keeping are said.

use console::Term;

use super::Ui;

/// Lines that are drawn over again.
#[derive(Debug)]
pub struct Live {
    term: Option<Term>,
    drawn: Vec<String>,
}

impl Live {
    /// A region of this `ui`.
    #[must_use]
    pub fn new(ui: &Ui) -> Self {
        Self {
            term: ui.is_terminal().then(Term::stderr),
            drawn: Vec::new(),
        }
    }

    /// Draws `lines` in place of what was drawn before.
    pub fn draw(&mut self, lines: Vec<String>) {
        let Some(term) = &self.term else { return };
        let (height, width) = term.size();
        let (height, width) = (usize::from(height), usize::from(width));
        // A region taller than the terminal cannot be taken back.
        let skipped = lines.len().saturating_sub(height.saturating_sub(1).max(1));
        let lines: Vec<String> = lines
            .into_iter()
            .skip(skipped)
            .map(|line| console::truncate_str(&line, width.saturating_sub(1), "…").into_owned())
            .collect();
        if lines == self.drawn {
            return;
        }
        let text = lines
            .iter()
            .fold(String::new(), |text, line| text + line + "\n");
        // One write, so that nothing flickers. A terminal that went away is not our failure.
        drop(
            term.clear_last_lines(self.drawn.len())
                .and_then(|()| term.write_str(&text)),
        );
        self.drawn = lines;
    }

    /// Says a line that stays, above the region.
    pub fn say(&mut self, ui: &Ui, line: impl std::fmt::Display) {
        let drawn = std::mem::take(&mut self.drawn);
        if let Some(term) = &self.term {
            drop(term.clear_last_lines(drawn.len()));
        }
        ui.say(line);
        self.draw(drawn);
    }

    /// Takes the region away.
    pub fn clear(&mut self) {
        self.draw(Vec::new());
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.clear();
    }
}
