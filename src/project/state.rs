//! The walk of the last run, kept in the target folder: `project.json`.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::root::Located;
use super::walk::{Walk, walk};
use crate::cargo::layout::{Layout, create_tagged, write_atomically};
use crate::error::{Error, Kind, Result};
use crate::terminal;

/// The file, with what makes an older one worthless.
#[derive(Serialize, Deserialize)]
struct State {
    xbuild: String,
    root: std::path::PathBuf,
    walk: Walk,
}

/// The last walk where nothing has changed since, otherwise a new one, which
/// is kept. A file that is cut short or garbled counts as none.
pub(super) fn walk_or_recall(root: &Located, target_dir: &Path) -> Result<Walk> {
    let path = Layout::own(target_dir).join("project.json");
    let recalled = fs::read(&path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let fits = |state: &State| {
        let ours = state.xbuild == env!("CARGO_PKG_VERSION") && state.root == root.path;
        ours && state.walk.is_current()
    };
    if let Some(state) = recalled.filter(fits) {
        return Ok(state.walk);
    }
    let walk = walk(root)?;
    let state = State {
        xbuild: env!("CARGO_PKG_VERSION").to_owned(),
        root: root.path.clone(),
        walk,
    };
    // Only speed is lost where it cannot be kept.
    if let Err(fault) = keep(&state, target_dir, &path) {
        terminal::verbose(format!(
            "the walk through the workspace is not kept: {fault}"
        ));
    }
    Ok(state.walk)
}

fn keep(state: &State, target_dir: &Path, path: &Path) -> Result<()> {
    create_tagged(target_dir)?;
    let bytes = serde_json::to_vec(state)
        .map_err(|error| Error::new(Kind::Internal, "a walk cannot be written").caused_by(error))?;
    write_atomically(path, &bytes)
}
