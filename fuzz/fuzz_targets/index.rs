#![no_main]

properties::fuzz!(properties::index::holds);
