#![no_main]

properties::fuzz!(properties::statement::holds);
