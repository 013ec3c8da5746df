#![no_main]

properties::fuzz!(properties::triple::holds);
