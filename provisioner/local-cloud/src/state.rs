//! A model that survives a restart: kept in memory, written to disk as JSON after a change.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A service's model `T` with its file. Lock, look or change, let go: never across an await.
pub struct Store<T> {
    path: PathBuf,
    value: RwLock<T>,
    dirty: AtomicBool,
    saving: Mutex<()>,
}

impl<T: Serialize + DeserializeOwned + Default> Store<T> {
    /// Reads `<root>/state/<name>.json`; a missing file is the default.
    ///
    /// # Errors
    /// When the file cannot be read or is not what this version wrote: the message names the
    /// file, so that a person can move it away.
    pub fn load(root: &Path, name: &str) -> anyhow::Result<Self> {
        let path = root.join("state").join(format!("{name}.json"));
        let value = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not readable as state", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => T::default(),
            Err(error) => {
                return Err(error).with_context(|| format!("reading {}", path.display()));
            }
        };
        Ok(Self {
            path,
            value: RwLock::new(value),
            dirty: AtomicBool::new(false),
            saving: Mutex::new(()),
        })
    }

    /// Looks at the model.
    pub fn read(&self) -> impl Deref<Target = T> + '_ {
        self.lock()
    }

    /// Changes the model; the change is on disk at the next [`Store::save`].
    pub fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.value.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut value);
        self.dirty.store(true, Ordering::Release);
        result
    }

    /// Writes the model if it changed since the last time, by renaming a whole new file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self) -> anyhow::Result<()> {
        let _one_at_a_time = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.dirty.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        self.write_file()
            .inspect_err(|_| self.dirty.store(true, Ordering::Release))
    }

    fn write_file(&self) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec_pretty(&*self.lock())?;
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("creating {}", folder.display()))?;
        }
        let partial = self.path.with_extension("json.partial");
        std::fs::write(&partial, bytes)
            .and_then(|()| std::fs::rename(&partial, &self.path))
            .with_context(|| format!("writing {}", self.path.display()))
    }

    fn lock(&self) -> RwLockReadGuard<'_, T> {
        self.value.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Store;

    type Model = BTreeMap<String, u32>;

    #[test]
    fn a_saved_model_is_there_after_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::<Model>::load(root.path(), "queue").unwrap();
        store.write(|model| model.insert("a".to_owned(), 1));
        store.save().unwrap();
        let again = Store::<Model>::load(root.path(), "queue").unwrap();
        assert_eq!(again.read().get("a"), Some(&1));
    }

    #[test]
    fn a_broken_file_is_named_and_not_overwritten() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("state")).unwrap();
        std::fs::write(root.path().join("state/queue.json"), "{").unwrap();
        let error = Store::<Model>::load(root.path(), "queue").err().unwrap();
        assert!(error.to_string().contains("queue.json"), "{error:#}");
    }
}
