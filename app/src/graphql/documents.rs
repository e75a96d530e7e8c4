//! Operations that were parsed before: a client sends the same few texts over and over, and reading one takes longer
//! than answering it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_graphql::Request;
use async_graphql::parser::types::ExecutableDocument;

/// Our own client has some forty; other clients may have as many again.
const MAX_DOCUMENTS: usize = 256;
/// Longer texts are no client's of ours.
const MAX_LENGTH: usize = 8 * 1024;

/// Parsed operations by their text.
#[derive(Debug, Default)]
pub struct Documents {
    parsed: RwLock<HashMap<String, ExecutableDocument>>,
}

impl Documents {
    /// Gives the request its parsed operation. What does not parse is left for the execution to complain about.
    pub fn supply(&self, request: &mut Request) {
        if request.query.len() > MAX_LENGTH {
            return;
        }
        let known = {
            let parsed = self.parsed.read().unwrap_or_else(PoisonError::into_inner);
            parsed.get(&request.query).cloned()
        };
        if let Some(document) = known {
            request.set_parsed_query(document);
            return;
        }
        let Ok(document) = request.parsed_query().cloned() else {
            return;
        };
        let mut parsed = self.parsed.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody sends a new text each time: they shall not fill the memory.
        if parsed.len() >= MAX_DOCUMENTS {
            parsed.clear();
        }
        parsed.insert(request.query.clone(), document);
    }
}
