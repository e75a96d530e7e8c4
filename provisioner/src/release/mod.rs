//! A release: steps as data, then performed; the way back; what was learned when it failed.

pub mod alarm;
pub mod attempt;
pub mod back;
pub mod hooks;
pub mod lock;
pub mod make;
pub mod pointer;
pub mod positions;
pub mod proof;
pub mod record;
pub mod secrets;
pub mod settle;
pub mod shift;
pub mod stack;
pub mod steps;
pub mod traffic;
pub mod tree;
pub mod upload;
pub mod verdict;
pub mod watch;
pub mod watchdog;
