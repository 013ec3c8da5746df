//! What a failed cargo may have failed of without a word about it: a linker
//! that writes into a full disk dies of a bus error; a compiler that was
//! altered on disk, of anything.

use nix::sys::statvfs::statvfs;

use super::Build;
use crate::toolchain::Part;
use crate::{error, report, terminal};

/// A disk with fewer bytes or files to give than this is named.
const BYTES: u64 = 32 << 20;
const FILES: u64 = 100;

impl Build<'_> {
    /// Looks for faults that are neither the project's nor cargo's, and puts
    /// right what it can.
    pub(super) fn note_faults(&self) {
        self.note_full_disk();
        self.note_altered_toolchain();
    }

    /// Makes toolchains anew that are not what they were.
    fn note_altered_toolchain(&self) {
        let specs = self.specs();
        let parts = specs.iter().map(Part::toolchain).collect();
        match self.request.workshop.repair_touched(parts) {
            Ok(altered) if altered.is_empty() => {}
            Ok(_) => terminal::note(
                "the toolchain had been altered on disk and is right again: run the command again",
            ),
            Err(why) => terminal::error(&why),
        }
    }

    /// Names the target folder's disk where next to nothing is left of it.
    fn note_full_disk(&self) {
        let folder = &self.request.project.target_dir;
        let Ok(disk) = statvfs(folder) else {
            return;
        };
        let bytes = disk.blocks_available().saturating_mul(disk.fragment_size());
        // Some file systems have no number of files.
        let files = (disk.files() > 0).then(|| disk.files_available());
        let what = match files {
            _ if bytes < BYTES => report::size(bytes),
            Some(files) if files < FILES => format!("{files} inodes"),
            _ => return,
        };
        if terminal::verbosity() >= 0 {
            terminal::note(format!(
                "the disk of `{}` is full, or nearly: {what} left",
                folder.display()
            ));
            terminal::hint(error::NO_SPACE);
        }
    }
}
