#![no_main]

properties::fuzz!(properties::tar::holds);
