//! Integration tests.
mod attest;
mod bad_input;
mod docs;
mod doors;
mod e2e;
mod healing;
mod machine;
mod nixes;
mod published;
mod registry;
mod sandbox;
mod sandbox_life;
mod store;
mod stranger;
mod support;
mod verify;
