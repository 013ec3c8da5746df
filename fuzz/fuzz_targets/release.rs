#![no_main]

properties::fuzz!(properties::release::holds);
