#![no_main]

properties::fuzz!(properties::lock::holds);
