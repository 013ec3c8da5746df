#![no_main]

properties::fuzz!(properties::envelope::holds);
