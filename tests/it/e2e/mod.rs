//! `xbuild` from end to end: real toolchains, real builds, programs that run.
//!
//! The first run downloads toolchains of several hundred megabytes into the
//! tests' own folder and builds three standard libraries; later runs find them.

mod bits;
mod commands;
mod elf;
mod epoch;
mod hello;
mod hermetic;
mod kinds;
mod libraries;
mod life;
mod natives;
mod programs;
mod registries;
mod runners;
mod rust;
mod side_by_side;
mod volumes;
mod workspace;
