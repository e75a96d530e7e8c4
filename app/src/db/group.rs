//! Statements of many callers as one.
//!
//! While a statement of a group runs, whoever asks for the same waits; the next statement takes all of them along.
//! Nobody waits for company: who comes alone, as on Lambda, is asked about alone and at once. A process that serves
//! many pays for parsing, the round trip and the flush to disk once for all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::oneshot;

/// As many as one statement takes along.
const MOST: usize = 100;

/// Answers items in their order, all by one statement.
type Statement<I, O> =
    Arc<dyn Fn(Vec<I>) -> BoxFuture<'static, sqlx::Result<Vec<O>>> + Send + Sync>;
type Waiting<I, O> = Vec<(I, oneshot::Sender<sqlx::Result<O>>)>;
type Lanes<K, I, O> = Arc<Mutex<HashMap<K, Waiting<I, O>>>>;

/// Items `I`, answered with `O`; those with the same `K` may share a statement.
pub struct Group<K, I, O> {
    statement: Statement<I, O>,
    /// A lane is there as long as somebody works on it.
    lanes: Lanes<K, I, O>,
}

impl<K, I, O> Group<K, I, O>
where
    K: Clone + Eq + Hash + Send + 'static,
    I: Clone + Send + Sync + 'static,
    O: Send + 'static,
{
    /// A group of what `statement` answers over `store`.
    pub fn new<S, F>(store: &S, statement: impl Fn(S, Vec<I>) -> F + Send + Sync + 'static) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Future<Output = sqlx::Result<Vec<O>>> + Send + 'static,
    {
        let store = store.clone();
        Self {
            statement: Arc::new(move |items| Box::pin(statement(store.clone(), items))),
            lanes: Arc::default(),
        }
    }

    /// The item's answer. The statement runs to its end also when nobody waits for it any more.
    ///
    /// # Errors
    /// The item's own, if the database refuses what it was asked; else those of the statement.
    pub async fn ask(&self, key: K, item: I) -> sqlx::Result<O> {
        let (tell, told) = oneshot::channel();
        let is_first = {
            let mut lanes = lock(&self.lanes);
            let is_first = !lanes.contains_key(&key);
            lanes.entry(key.clone()).or_default().push((item, tell));
            is_first
        };
        if is_first {
            let lane = Lane {
                key,
                lanes: self.lanes.clone(),
                is_open: true,
            };
            tokio::spawn(work(lane, self.statement.clone()));
        }
        told.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

/// Rows that say, from 1, for which of `count` items they are, in the items' order.
pub fn in_places<R>(count: usize, rows: impl IntoIterator<Item = (i64, R)>) -> Vec<Option<R>> {
    let mut places: Vec<Option<R>> = std::iter::repeat_with(|| None).take(count).collect();
    for (place, row) in rows {
        let slot = usize::try_from(place - 1)
            .ok()
            .and_then(|place| places.get_mut(place));
        if let Some(slot) = slot {
            *slot = Some(row);
        }
    }
    places
}

impl<K, I, O> std::fmt::Debug for Group<K, I, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}

fn lock<T>(lanes: &Mutex<T>) -> MutexGuard<'_, T> {
    lanes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lane somebody works on.
struct Lane<K: Eq + Hash, I, O> {
    key: K,
    lanes: Lanes<K, I, O>,
    is_open: bool,
}

impl<K: Eq + Hash, I, O> Lane<K, I, O> {
    /// Who is next; closes the lane when nobody waits.
    fn next(&mut self) -> Waiting<I, O> {
        let mut lanes = lock(&self.lanes);
        let Some(waiting) = lanes.get_mut(&self.key) else {
            return Vec::new();
        };
        let count = waiting.len().min(MOST);
        let next: Vec<_> = waiting.drain(..count).collect();
        if next.is_empty() {
            lanes.remove(&self.key);
            self.is_open = false;
        }
        next
    }
}

/// Work that stopped half-way leaves nobody waiting: they hear that it did.
impl<K: Eq + Hash, I, O> Drop for Lane<K, I, O> {
    fn drop(&mut self) {
        if self.is_open {
            lock(&self.lanes).remove(&self.key);
        }
    }
}

async fn work<K, I, O>(mut lane: Lane<K, I, O>, statement: Statement<I, O>)
where
    K: Eq + Hash,
    I: Clone,
{
    loop {
        let (items, tell): (Vec<I>, Vec<_>) = lane.next().into_iter().unzip();
        if items.is_empty() {
            return;
        }
        for (tell, answer) in tell.into_iter().zip(answer(&statement, items).await) {
            // Who asked may be gone.
            drop(tell.send(answer));
        }
    }
}

/// One statement for all; one for each when the database has refused that, for one of them is why.
async fn answer<I: Clone, O>(statement: &Statement<I, O>, items: Vec<I>) -> Vec<sqlx::Result<O>> {
    let count = items.len();
    let error = match statement(items.clone()).await {
        Ok(answers) => return answers.into_iter().map(Ok).collect(),
        Err(error) => error,
    };
    if count > 1 && error.as_database_error().is_some() {
        let mut answers = Vec::with_capacity(count);
        for item in items {
            let alone = statement(vec![item]).await;
            answers
                .push(alone.and_then(|all| all.into_iter().next().ok_or(sqlx::Error::RowNotFound)));
        }
        return answers;
    }
    let others = (1..count).map(|_| like(&error)).collect::<Vec<_>>();
    std::iter::once(error).chain(others).map(Err).collect()
}

/// The same error for another caller. Only that there was no room is told apart from everything else.
fn like(error: &sqlx::Error) -> sqlx::Error {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return sqlx::Error::PoolTimedOut;
    }
    sqlx::Error::Protocol(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Mutex, Semaphore};

    use super::Group;

    /// Answers twice the number, each statement when it is let; notes what came together.
    fn doubling(gate: &Arc<Semaphore>, seen: &Arc<Mutex<Vec<Vec<i32>>>>) -> Group<(), i32, i32> {
        let store = (gate.clone(), seen.clone());
        Group::new(&store, |(gate, seen), items: Vec<i32>| async move {
            gate.acquire().await.unwrap().forget();
            assert!(!items.contains(&13), "an accident");
            seen.lock().await.push(items.clone());
            Ok(items.into_iter().map(|item| 2 * item).collect())
        })
    }

    #[tokio::test]
    async fn whoever_comes_while_a_statement_runs_shares_the_next_one() {
        let (gate, seen) = (Arc::new(Semaphore::new(0)), Arc::default());
        let group = doubling(&gate, &seen);
        let first = group.ask((), 1);
        let others = async {
            tokio::task::yield_now().await;
            let others = futures::future::join(group.ask((), 2), group.ask((), 3));
            gate.add_permits(2);
            others.await
        };
        let (first, (second, third)) = futures::future::join(first, others).await;
        assert_eq!((first.unwrap(), second.unwrap(), third.unwrap()), (2, 4, 6));
        assert_eq!(*seen.lock().await, [vec![1], vec![2, 3]]);
        gate.add_permits(1);
        assert_eq!(group.ask((), 4).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn an_accident_ends_the_statement_and_not_the_group() {
        let group = doubling(&Arc::new(Semaphore::new(2)), &Arc::default());
        assert!(matches!(
            group.ask((), 13).await,
            Err(sqlx::Error::WorkerCrashed)
        ));
        assert_eq!(group.ask((), 1).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn who_asked_and_left_is_answered_in_vain_and_nobody_else_waits() {
        let (gate, seen) = (Arc::new(Semaphore::new(0)), Arc::default());
        let group = doubling(&gate, &seen);
        let gone = tokio::time::timeout(std::time::Duration::from_millis(10), group.ask((), 1));
        assert!(gone.await.is_err());
        gate.add_permits(2);
        assert_eq!(group.ask((), 2).await.unwrap(), 4);
        assert_eq!(*seen.lock().await, [vec![1], vec![2]]);
    }
}
