//! Integration tests.
mod bad_input;
mod docs;
mod e2e;
mod healing;
mod sandbox;
mod sandbox_life;
mod store;
mod support;
