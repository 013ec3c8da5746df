//! Integration tests.
mod sandbox;
mod store;
