//! `env.json`, `runner.json` and `tools.json`.

use std::path::Path;

use serde_json::Value;
use xbuild::env::{Env, Runner, ToolsEnv};

pub fn holds(data: &[u8]) {
    let path = Path::new("env.json");
    // Printed anew by another writer it must mean the same; some numbers in
    // keys that nobody reads have no other form.
    let printed = match serde_json::from_slice::<Value>(data) {
        Ok(value) => value.to_string().into_bytes(),
        Err(_) => data.to_vec(),
    };
    if let Ok(env) = Env::parse(path, data) {
        assert_eq!(Env::parse(path, &printed).expect("it is the same"), env);
    }
    if let Ok(runner) = Runner::parse(path, data) {
        assert_eq!(
            Runner::parse(path, &printed).expect("it is the same"),
            runner
        );
    }
    if let Ok(tools) = ToolsEnv::parse(path, data) {
        assert_eq!(
            ToolsEnv::parse(path, &printed).expect("it is the same"),
            tools
        );
    }
}
