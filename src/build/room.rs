//! Whether a failed cargo may have been short of room: a linker that writes
//! into a full disk dies of a bus error, and says nothing of the disk.

use nix::sys::statvfs::statvfs;

use super::Build;
use crate::{error, report, terminal};

/// A disk with fewer bytes or files to give than this is named.
const BYTES: u64 = 32 << 20;
const FILES: u64 = 100;

impl Build<'_> {
    /// Names the target folder's disk where next to nothing is left of it.
    pub(super) fn note_full_disk(&self) {
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
