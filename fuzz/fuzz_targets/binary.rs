#![no_main]

properties::fuzz!(properties::binary::holds);
