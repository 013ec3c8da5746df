//! The first build on an empty machine, from a mirror on the loopback: what is
//! asked for, and what is left to do when the last byte has come.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tiny_http::{Response, Server};
use xbuild::pins::Pins;
use xbuild::process::Command;
use xbuild::report::size;

use crate::document::goal;
use crate::measure::peak_memory;
use crate::peer::Peer;
use crate::{Result, caller};

const FIRST: &str = "aarch64-unknown-linux-gnu.2.17";
const SECOND: &str = "armv7-unknown-linux-gnueabihf.2.28";

/// Bytes of the first, and seconds of work after the last byte of each.
const GOAL: (u64, f64, f64) = (215_000_000, 60.0, 15.0);

/// What was asked of the mirror.
#[derive(Default)]
struct Asked {
    requests: usize,
    bytes: u64,
    last: Option<Instant>,
}

pub fn section(peer: Option<&Peer>) -> Result<String> {
    let mirror = Mirror::start()?;
    let project = TempDir::new()?;
    fs::create_dir(project.path().join("src"))?;
    let manifest = "[package]\nname = \"first\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    fs::write(project.path().join("Cargo.toml"), manifest)?;
    fs::write(project.path().join("src/main.rs"), "fn main() {}\n")?;
    let home = TempDir::new()?;
    let build = |target: &str| {
        caller::xbuild(project.path(), target)
            .env("XBUILD_HOME", home.path())
            .env("XBUILD_MIRROR", &mirror.url)
            .env("XBUILD_MIRRORS_ONLY", "1")
            .env("XBUILD_NIX", "own")
    };
    let mut text = String::from(
        "## A cold start\n\n\
         `xbuild build --release` of a program without dependencies, with nothing there\n\
         but xbuild: own Nix included, all packages from a mirror on the loopback. *After\n\
         the last byte* is what is unpacked, relocated, linked and compiled then.\n\n\
         | | target | requests | bytes | whole | after the last byte | memory |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut met = true;
    for (what, target, work) in [("first", FIRST, GOAL.1), ("one more", SECOND, GOAL.2)] {
        let row = measure(&mirror, &build(target))?;
        met &= row.after.as_secs_f64() <= work && row.bytes <= GOAL.0;
        let _ = writeln!(
            text,
            "| {what} | `{target}` | {} | {} | {:.1} s | {:.1} s | {} |",
            row.requests,
            size(row.bytes),
            row.whole.as_secs_f64(),
            row.after.as_secs_f64(),
            size(row.memory),
        );
    }
    let what = format!(
        "at most {}, and {} s and {} s of work after the last byte",
        size(GOAL.0),
        GOAL.1,
        GOAL.2
    );
    text.push_str(&goal(&what, met));
    text.push_str("\nThe memory is that of xbuild's own process. On the disk after both:\n\n");
    let folders = [
        (
            "downloads, which `xbuild gc --downloads` removes",
            home.path().join("cache"),
        ),
        ("Nix and its store", home.path().join("data")),
    ];
    for (what, folder) in &folders {
        let _ = writeln!(text, "- {what}: {}", size(used(folder)?));
    }
    if let Some(peer) = peer {
        let _ = writeln!(
            text,
            "- cargo-zigbuild's zig, for all targets, without Rust and its standard\n  \
             libraries, and before it has built any libc: {}",
            size(used(&peer.zig_folder())?)
        );
    }
    Ok(text)
}

struct Row {
    requests: usize,
    bytes: u64,
    whole: Duration,
    after: Duration,
    memory: u64,
}

fn measure(mirror: &Mirror, build: &Command) -> Result<Row> {
    *mirror.asked() = Asked::default();
    let start = Instant::now();
    let memory = peak_memory(build)?;
    let end = Instant::now();
    // It told nobody how it ended.
    caller::succeed(build)?;
    let asked = mirror.asked();
    Ok(Row {
        requests: asked.requests,
        bytes: asked.bytes,
        whole: end - start,
        after: end - asked.last.unwrap_or(start),
        memory,
    })
}

/// Bytes of the files below a folder.
fn used(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.path().symlink_metadata()?;
        sum += match metadata.is_dir() {
            true => used(&entry.path())?,
            false => metadata.len(),
        };
    }
    Ok(sum)
}

/// A mirror of what the tests have downloaded.
struct Mirror {
    server: Arc<Server>,
    threads: Vec<JoinHandle<()>>,
    asked: Arc<Mutex<Asked>>,
    url: String,
}

impl Mirror {
    fn start() -> Result<Self> {
        let downloads = caller::home().join("cache/downloads");
        let pins = Pins::embedded()?;
        let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
        for package in pins.packages() {
            let hex = package.sha256.to_hex();
            let path = downloads.join(&hex[..2]).join(&hex);
            files.insert(format!("/{}", package.path), path);
        }
        let server = Server::http("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = server.server_addr().to_ip().ok_or("no address")?;
        let (server, files) = (Arc::new(server), Arc::new(files));
        let asked = Arc::new(Mutex::new(Asked::default()));
        let serve = |_| {
            let (server, files, asked) =
                (Arc::clone(&server), Arc::clone(&files), Arc::clone(&asked));
            std::thread::spawn(move || {
                for request in server.incoming_requests() {
                    let path = request.url().replace("%2B", "+").replace("%7E", "~");
                    let file = files.get(&path).and_then(|path| File::open(path).ok());
                    let bytes = file
                        .as_ref()
                        .and_then(|file| Some(file.metadata().ok()?.len()));
                    // Whoever has what it wanted may hang up.
                    let _ = match file {
                        Some(file) => {
                            let whole = Response::from_file(file);
                            request.respond(whole.with_chunked_threshold(usize::MAX))
                        }
                        None => request.respond(Response::from_data([]).with_status_code(404)),
                    };
                    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                    asked.requests += 1;
                    asked.bytes += bytes.unwrap_or_default();
                    asked.last = Some(Instant::now());
                }
            })
        };
        let threads = (0..8).map(serve).collect();
        Ok(Mirror {
            server,
            threads,
            asked,
            url: format!("http://{address}"),
        })
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        for _ in &self.threads {
            self.server.unblock();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
