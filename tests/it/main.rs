//! Integration tests.
mod docs;
mod sandbox;
mod store;
