//! Integration tests.
mod docs;
mod sandbox;
mod sandbox_life;
mod store;
