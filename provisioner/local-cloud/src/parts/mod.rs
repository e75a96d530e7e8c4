//! The real things underneath: databases, caches, processes, objects on disk.
