#![no_main]

properties::fuzz!(properties::env::holds);
