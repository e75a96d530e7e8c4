//! The built programs from the outside: `spokectl` in a copy of the working tree, the instance
//! it deploys, and people who text meanwhile.

mod instance;
mod people;
mod releases;
