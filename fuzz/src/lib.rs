//! Gives libFuzzer the properties that `tests/it/corpus.rs` replays.

mod properties;

pub use properties::*;

/// Makes a target of a function: libFuzzer calls it with inputs, and each may
/// take a fixed amount of memory besides what the program has anyway.
#[macro_export]
macro_rules! fuzz {
    ($holds:path) => {
        #[global_allocator]
        static MEMORY: cap::Cap<std::alloc::System> =
            cap::Cap::new(std::alloc::System, usize::MAX);

        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let most = MEMORY.allocated() + $crate::MEMORY;
            MEMORY.set_limit(most).expect("there is room");
            $holds(data);
            MEMORY.set_limit(usize::MAX).expect("a limit can be lifted");
        });
    };
}

/// What one input may take at most, in bytes. Inputs are small.
pub const MEMORY: usize = 64 << 20;
