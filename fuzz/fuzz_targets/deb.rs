#![no_main]

properties::fuzz!(properties::deb::holds);
