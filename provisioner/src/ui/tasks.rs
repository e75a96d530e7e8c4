//! Several things at once, one line each: in place on a terminal, a line when one starts, ends
//! or takes long elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::live::Live;
use super::{Ui, clock, dim, green, red};

/// How long nothing new may be said.
const SILENCE: Duration = Duration::from_secs(15);

/// Things under way.
#[derive(Debug)]
pub struct Tasks {
    shared: Arc<Shared>,
    ticker: tokio::task::JoinHandle<()>,
}

/// One of them; cheap to clone into whoever does it.
#[derive(Clone, Debug)]
pub struct Task {
    shared: Arc<Shared>,
    index: usize,
}

#[derive(Debug)]
struct Shared {
    ui: Ui,
    board: Mutex<Board>,
}

#[derive(Debug)]
struct Board {
    rows: Vec<Row>,
    live: Live,
    said: Instant,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    detail: String,
    since: Instant,
    end: Option<bool>,
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tasks {
    /// Starts drawing.
    #[must_use]
    pub fn start(ui: &Ui) -> Self {
        let shared = Arc::new(Shared {
            ui: ui.clone(),
            board: Mutex::new(Board {
                rows: Vec::new(),
                live: Live::new(ui),
                said: Instant::now(),
            }),
        });
        let drawn = Arc::clone(&shared);
        let ticker = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(200)).await;
                drawn.board().tick(&drawn.ui);
            }
        });
        Self { shared, ticker }
    }

    /// Begins one.
    #[must_use]
    pub fn begin(&self, name: &'static str) -> Task {
        let mut board = self.shared.board();
        board.rows.push(Row {
            name,
            detail: String::new(),
            since: Instant::now(),
            end: None,
        });
        if !self.shared.ui.is_terminal() {
            board.said = Instant::now();
            self.shared.ui.say(format!("  {name} ..."));
        }
        Task {
            shared: Arc::clone(&self.shared),
            index: board.rows.len() - 1,
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.ticker.abort();
        self.shared.board().live.clear();
    }
}

impl Task {
    /// Says how far it is.
    pub fn detail(&self, detail: impl Into<String>) {
        if let Some(row) = self.shared.board().rows.get_mut(self.index) {
            row.detail = detail.into();
        }
    }

    /// It is done.
    pub fn done(&self, summary: impl Into<String>) {
        self.end(true, summary.into());
    }

    /// It failed; the failure itself is told elsewhere.
    pub fn failed(&self) {
        self.end(false, "failed".to_owned());
    }

    fn end(&self, good: bool, summary: String) {
        let mut board = self.shared.board();
        let Some(row) = board.rows.get_mut(self.index) else {
            return;
        };
        row.end = Some(good);
        row.detail = summary;
        let line = row.line();
        board.said = Instant::now();
        let board = &mut *board;
        board.live.say(&self.shared.ui, line);
        board.draw();
    }
}

impl Board {
    fn tick(&mut self, ui: &Ui) {
        self.draw();
        if !ui.is_terminal() && self.said.elapsed() > SILENCE {
            self.said = Instant::now();
            for row in self.rows.iter().filter(|row| row.end.is_none()) {
                ui.say(row.line());
            }
        }
    }

    fn draw(&mut self) {
        let lines = self
            .rows
            .iter()
            .filter(|row| row.end.is_none())
            .map(Row::line)
            .collect();
        self.live.draw(lines);
    }
}

impl Row {
    fn line(&self) -> String {
        let mark = match self.end {
            None => "·".to_owned(),
            Some(true) => green("✓"),
            Some(false) => red("✗"),
        };
        format!(
            "{mark} {:<22} {:>5}  {}",
            self.name,
            clock(self.since.elapsed().as_secs()),
            dim(&self.detail)
        )
    }
}
