#![no_main]

properties::fuzz!(properties::config::holds);
