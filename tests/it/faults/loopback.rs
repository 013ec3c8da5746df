//! Mirrors on the loopback that have the downloads of the tests' common home,
//! and give them in many manners. HTTP is spoken by hand, as most of the
//! manners are ones that no HTTP library offers.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use xbuild::pins::Pins;

use super::download;
use crate::support::test_home;

/// How a mirror behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    Honest,
    /// Honest, in small pieces with pauses between them.
    Slow,
    Missing,
    /// Answers with the status 500.
    Broken,
    /// A web page with the status 200, as a captive portal gives.
    WebPage,
    /// Announces all, sends half, closes.
    Truncates,
    /// Closes without a word.
    ClosesEarly,
    /// The right size, and one bit in the middle another.
    Corrupts,
    /// The bytes of another file.
    Swaps,
    /// Announces more than it sends.
    PromisesMore,
    /// Announces less than there is.
    PromisesLess,
    RedirectsToItself,
    /// Sends half, and then nothing more.
    Stalls,
}

/// What the threads of a mirror share.
struct Shared {
    manner: Manner,
    files: BTreeMap<String, PathBuf>,
    asked: Mutex<Vec<String>>,
    /// Bytes of files that were sent.
    sent: AtomicU64,
    ended: AtomicBool,
}

/// A mirror of every pinned package that is there to be served.
pub struct Loopback {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Loopback {
    pub fn start(manner: Manner) -> Self {
        let pins = Pins::embedded().expect("the pins");
        let files = pins.packages().map(|package| {
            let place = download(&test_home(), package);
            (package.wanted().path, place)
        });
        Loopback::of(manner, files.collect())
    }

    /// A mirror of these files, by their paths in the archive.
    pub fn of(manner: Manner, files: BTreeMap<String, PathBuf>) -> Self {
        let files = files.into_iter();
        let files = files.map(|(path, file)| (format!("/debian/{path}"), file));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            manner,
            files: files.collect(),
            asked: Mutex::default(),
            sent: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for stream in listener.incoming() {
                    if serving.ended.load(Ordering::SeqCst) {
                        return;
                    }
                    let (shared, stream) = (&serving, stream.expect("a connection"));
                    // A client that hangs up early is what the tests are about.
                    scope.spawn(move || shared.serve(&stream).ok());
                }
            });
        });
        Loopback {
            shared,
            address,
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/debian", self.address)
    }

    /// Bytes of files that were sent so far.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// The paths that were asked for, without the archive's own.
    pub fn asked(&self) -> Vec<String> {
        let asked = &self.shared.asked;
        asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let (mut line, mut path, mut from) = (String::new(), String::new(), 0);
        while reader.read_line(&mut line)? > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(range) = lower.strip_prefix("range: bytes=") {
                from = range.trim().trim_end_matches('-').parse().unwrap_or(0);
            } else if path.is_empty() {
                path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            }
            line.clear();
        }
        let path = path.replace("%25", "%");
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(path.trim_start_matches("/debian/").to_owned());
        let file = self.files.get(&path);
        let Some(bytes) = file.and_then(|file| fs::read(file).ok()) else {
            return head(stream, "404 Not Found", 0, "");
        };
        self.answer(stream, &path, bytes, from)
    }

    fn answer(
        &self,
        stream: &TcpStream,
        path: &str,
        mut bytes: Vec<u8>,
        from: usize,
    ) -> std::io::Result<()> {
        let whole = bytes.len();
        match self.manner {
            Manner::Missing => return head(stream, "404 Not Found", 0, ""),
            Manner::Broken => return head(stream, "500 Internal Server Error", 0, ""),
            Manner::ClosesEarly => return Ok(()),
            Manner::RedirectsToItself => {
                return head(stream, "302 Found", 0, &format!("location: {path}\r\n"));
            }
            Manner::WebPage => {
                head(stream, "200 OK", whole, "content-type: text/html\r\n")?;
                return self.send(stream, &bytes);
            }
            Manner::Swaps => {
                let other = self.files.values().filter_map(|file| fs::read(file).ok());
                let other = other.into_iter().find(|other| *other != bytes);
                bytes = other.expect("another file");
            }
            Manner::Corrupts => bytes[whole / 2] ^= 1,
            _ => {}
        }
        let rest = bytes.get(from..).unwrap_or_default();
        let announced = match self.manner {
            Manner::PromisesMore => rest.len() + 100,
            Manner::PromisesLess => rest.len() - 100,
            _ => rest.len(),
        };
        if from == 0 {
            head(stream, "200 OK", announced, "")?;
        } else {
            let range = format!("content-range: bytes {from}-{}/{whole}\r\n", whole - 1);
            head(stream, "206 Partial Content", announced, &range)?;
        }
        match self.manner {
            Manner::Truncates => self.send(stream, &rest[..rest.len() / 2]),
            Manner::Stalls => {
                self.send(stream, &rest[..rest.len() / 2])?;
                while !self.ended.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Ok(())
            }
            Manner::Slow => rest.chunks(rest.len() / 10 + 1).try_for_each(|piece| {
                std::thread::sleep(Duration::from_millis(50));
                self.send(stream, piece)
            }),
            _ => self.send(stream, rest),
        }
    }

    fn send(&self, mut stream: &TcpStream, bytes: &[u8]) -> std::io::Result<()> {
        self.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        stream.write_all(bytes)
    }
}

fn head(mut stream: &TcpStream, status: &str, length: usize, more: &str) -> std::io::Result<()> {
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n");
    stream.write_all(head.as_bytes())
}
