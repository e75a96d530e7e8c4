//! The cloud on this machine: its process, its files, its ports. Everything lies in `.spoke/`.

pub mod daemon;
pub mod demo;
pub mod ports;
pub mod process;
