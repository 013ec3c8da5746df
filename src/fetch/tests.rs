//! Downloads against mirrors on the loopback interface, good and bad.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::error::{Error, Kind, Result};

/// How a mirror behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Good,
    /// Serves whole files only, whatever range is asked for.
    NoRanges,
    /// Answers a range with 416.
    BadRanges,
    /// Without a length, and waits before it begins.
    SlowStart,
    Missing,
    WrongBytes,
    /// Announces all, sends half, closes.
    Truncated,
    /// Truncates the first time only.
    TruncatedOnce,
    /// Sends half and then nothing.
    Stalled,
    RedirectLoop,
    /// Redirects to `/moved/…`, which is good.
    Redirects,
    WebPage,
    TooLong,
    /// As `TooLong`, without announcing it.
    TooLongUnannounced,
    Overloaded,
    /// Four times, and good after that.
    OverloadedAWhile,
}

/// A mirror of one file on the loopback interface. HTTP is spoken by hand, as
/// most of the manners are ones that no HTTP library offers.
struct Mirror {
    base: BaseUrl,
    address: std::net::SocketAddr,
    asked: Arc<AtomicUsize>,
    /// The `Range` header of each request, or `-`.
    ranges: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Mirror {
    fn start(manner: Manner, content: &[u8]) -> Self {
        Mirror::at(([127, 0, 0, 1], 0).into(), manner, content)
    }

    fn at(address: std::net::SocketAddr, manner: Manner, content: &[u8]) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, ranges) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let stop = Arc::new(AtomicBool::new(false));
        let content = content.to_vec();
        let (asked2, ranges2, stop2) = (asked.clone(), ranges.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for stream in listener.incoming() {
                    if stop2.load(Ordering::SeqCst) {
                        return;
                    }
                    let (content, asked, ranges, stop) = (&content, &asked2, &ranges2, &stop2);
                    // A client that hangs up early is part of the tests.
                    scope.spawn(move || {
                        serve(stream.unwrap(), manner, content, asked, ranges, stop)
                    });
                }
            });
        });
        Mirror {
            base: BaseUrl::parse(&format!("http://{address}")).unwrap(),
            address,
            asked,
            ranges,
            stop,
            thread: Some(thread),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

fn serve(
    mut stream: TcpStream,
    manner: Manner,
    content: &[u8],
    asked: &AtomicUsize,
    ranges: &Mutex<Vec<String>>,
    stop: &AtomicBool,
) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).unwrap().to_lowercase();
    let nth = asked.fetch_add(1, Ordering::SeqCst);
    let range = request
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes="));
    ranges.lock().unwrap().push(range.unwrap_or("-").to_owned());
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let from: usize = range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
    let mut wrong = content.to_vec();
    wrong[0] ^= 1;
    let longer = [content, b"more"].concat();
    let half = content.len() / 2;
    let whole = |status: &str, headers: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let bare = |body: &[u8]| [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", body].concat();
    let ranged = |body: &[u8]| match from {
        0 => whole("200 OK", "", body),
        _ => {
            let header = format!(
                "content-range: bytes {from}-{}/{}\r\n",
                body.len() - 1,
                body.len()
            );
            whole("206 Partial Content", &header, &body[from..])
        }
    };
    let cut = |mut answer: Vec<u8>| {
        answer.truncate(answer.len() - half);
        answer
    };
    let answer = match manner {
        Manner::Good => ranged(content),
        Manner::NoRanges => whole("200 OK", "", content),
        Manner::BadRanges if from > 0 => whole("416 Range Not Satisfiable", "", b""),
        Manner::BadRanges => whole("200 OK", "", content),
        Manner::SlowStart => {
            std::thread::sleep(Duration::from_millis(150));
            bare(content)
        }
        Manner::Missing => whole("404 Not Found", "content-type: text/html\r\n", b"<p>no</p>"),
        Manner::WrongBytes => ranged(&wrong),
        Manner::TruncatedOnce if nth > 0 => ranged(content),
        Manner::Truncated | Manner::TruncatedOnce | Manner::Stalled if from > 0 => {
            whole("503 Service Unavailable", "", b"")
        }
        Manner::Truncated | Manner::TruncatedOnce | Manner::Stalled => cut(ranged(content)),
        Manner::RedirectLoop => whole("302 Found", &format!("location: {path}\r\n"), b""),
        Manner::Redirects if path.starts_with("/moved") => ranged(content),
        Manner::Redirects => whole("302 Found", &format!("location: /moved{path}\r\n"), b""),
        Manner::WebPage => whole(
            "200 OK",
            "content-type: text/html; charset=utf-8\r\n",
            content,
        ),
        Manner::TooLong => whole("200 OK", "", &longer),
        Manner::TooLongUnannounced => bare(&longer),
        Manner::OverloadedAWhile if nth >= 4 => ranged(content),
        Manner::Overloaded | Manner::OverloadedAWhile => whole("503 Service Unavailable", "", b""),
    };
    stream.write_all(&answer).ok()?;
    stream.flush().ok()?;
    let until = Instant::now() + Duration::from_secs(3);
    while manner == Manner::Stalled && !stop.load(Ordering::SeqCst) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    Some(())
}

const QUICK: Options = Options {
    offline: false,
    jobs: 4,
    verify: false,
    timeouts: Timeouts {
        connect: Duration::from_secs(2),
        stall: Duration::from_millis(800),
    },
    patience: Patience {
        again: 4,
        pause: Duration::from_millis(20),
    },
};

/// Bytes that differ by their seed, more than one buffer of them.
fn content(seed: usize) -> Vec<u8> {
    (0..150_000)
        .map(|index| ((index * 31 + seed) % 251) as u8)
        .collect()
}

fn wanted(content: &[u8]) -> Wanted {
    Wanted {
        name: "thing_1.0_amd64.deb".to_owned(),
        path: "pool/main/t/thing_1.0_amd64.deb".to_owned(),
        size: content.len() as u64,
        sha256: Sha256::of(content),
        suite: "trixie".to_owned(),
    }
}

fn mirrors(list: &[&Mirror]) -> Mirrors {
    Mirrors::only(list.iter().map(|mirror| mirror.base.clone()).collect())
}

struct Cache {
    _folder: tempfile::TempDir,
    downloads: Downloads,
    place: PathBuf,
    part: PathBuf,
}

impl Cache {
    fn new(file: &Wanted) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hex = file.sha256.to_hex();
        let place = folder.path().join(&hex[..2]).join(&hex);
        std::fs::create_dir(place.parent().unwrap()).unwrap();
        Cache {
            downloads: Downloads::at(folder.path()),
            part: place.with_extension("part"),
            place,
            _folder: folder,
        }
    }

    fn fetch(&self, file: &Wanted, list: &[&Mirror]) -> Result<Vec<PathBuf>> {
        self.downloads
            .fetch(std::slice::from_ref(file), &mirrors(list), &QUICK)
    }

    fn assert_holds(&self, content: &[u8]) {
        assert_eq!(std::fs::read(&self.place).unwrap(), content);
        assert!(!self.part.exists());
    }
}

/// The causes that a failure lists, one a mirror.
fn causes(error: &Error) -> String {
    std::error::Error::source(error).unwrap().to_string()
}

#[test]
fn a_good_mirror_is_asked_once() {
    let content = content(1);
    for manner in [
        Manner::Good,
        Manner::NoRanges,
        Manner::SlowStart,
        Manner::Redirects,
    ] {
        let (file, mirror) = (wanted(&content), Mirror::start(manner, &content));
        let cache = Cache::new(&file);
        assert_eq!(cache.downloads.path_of(&file.sha256), None);
        assert_eq!(
            cache.fetch(&file, &[&mirror]).unwrap(),
            vec![cache.place.clone()],
            "{manner:?}"
        );
        cache.assert_holds(&content);
        let asked = mirror.asked();
        assert_eq!(
            cache.fetch(&file, &[&mirror]).unwrap(),
            vec![cache.place.clone()]
        );
        assert_eq!(
            mirror.asked(),
            asked,
            "what is there is not asked for again"
        );
        assert_eq!(
            cache.downloads.path_of(&file.sha256),
            Some(cache.place.clone())
        );
    }
}

#[test]
fn a_bad_mirror_is_passed_over_for_a_good_one() {
    let content = content(2);
    for manner in BAD.iter().map(|row| row.0) {
        let file = wanted(&content);
        let (bad, good) = (
            Mirror::start(manner, &content),
            Mirror::start(Manner::Good, &content),
        );
        let cache = Cache::new(&file);
        cache
            .fetch(&file, &[&bad, &good])
            .unwrap_or_else(|error| panic!("{manner:?}: {error}"));
        cache.assert_holds(&content);
        assert!(bad.asked() > 0);
    }
}

/// Each bad manner, how it is classed alone, and what is said of it.
const BAD: &[(Manner, Kind, &str)] = &[
    (Manner::Missing, Kind::Network, "does not have it"),
    (Manner::WrongBytes, Kind::Integrity, "gave wrong bytes"),
    (Manner::Truncated, Kind::Network, "503"),
    (Manner::Stalled, Kind::Network, "503"),
    (Manner::RedirectLoop, Kind::Network, "redirects without end"),
    (Manner::WebPage, Kind::Network, "answered with a web page"),
    (
        Manner::TooLong,
        Kind::Network,
        "has 150004 bytes of it, not 150000",
    ),
    (Manner::TooLongUnannounced, Kind::Network, "not 150000"),
    (Manner::Overloaded, Kind::Network, "HTTP status 503"),
];

#[test]
fn when_all_fail_each_mirror_is_named_with_its_reason() {
    let content = content(3);
    for (manner, kind, said) in BAD {
        let (file, bad) = (wanted(&content), Mirror::start(*manner, &content));
        let nobody = BaseUrl::parse("http://127.0.0.1:9").unwrap();
        let cache = Cache::new(&file);
        let both = Mirrors::only(vec![nobody, bad.base.clone()]);
        let error = cache.downloads.fetch(&[file], &both, &QUICK).unwrap_err();
        assert_eq!(error.kind(), *kind, "{manner:?}");
        assert!(error.to_string().contains("thing_1.0_amd64.deb"));
        let causes = causes(&error);
        assert!(
            causes.contains("http://127.0.0.1:9: not reachable"),
            "{causes}"
        );
        assert!(causes.contains(&format!("{}: ", bad.base)), "{causes}");
        assert!(causes.contains(said), "{manner:?}: {causes}");
        assert_eq!(causes.lines().count(), 2, "{causes}");
        assert!(error.hints()[0].contains("XBUILD_MIRROR"));
        assert!(!cache.place.exists(), "{manner:?} must not enter the cache");
    }
}

#[test]
fn a_mirror_that_fails_for_a_while_is_waited_for() {
    let content = content(12);
    let file = wanted(&content);
    let mirror = Mirror::start(Manner::OverloadedAWhile, &content);
    let cache = Cache::new(&file);
    cache.fetch(&file, &[&mirror]).unwrap();
    cache.assert_holds(&content);
    assert_eq!(mirror.asked(), 5);
}

#[test]
fn a_host_that_was_reached_is_not_given_up_at_once() {
    let (first, second) = (content(13), content(14));
    let mirror = Mirror::start(Manner::Good, &first);
    let (file, address) = (wanted(&first), mirror.address);
    let (cache, list) = (Cache::new(&file), mirrors(&[&mirror]));
    let client = Client::without_proxy(QUICK.timeouts);
    let progress = progress::Progress::start(2, file.size * 2);
    let run = transfer::Run::new(&client, &list, &progress, QUICK.patience);
    run.obtain(&file, &cache.place).unwrap();
    drop(mirror);
    // Nobody listens now; the same host comes back while it is asked again.
    let back = std::thread::spawn({
        let second = second.clone();
        move || {
            std::thread::sleep(Duration::from_millis(60));
            Mirror::at(address, Manner::Good, &second)
        }
    });
    let other = wanted(&second);
    let cache = Cache::new(&other);
    run.obtain(&other, &cache.place).unwrap();
    cache.assert_holds(&second);
    back.join().unwrap();
    progress.finish();
}

#[test]
fn a_stalled_mirror_costs_no_more_than_its_time() {
    let content = content(4);
    let (file, mirror) = (wanted(&content), Mirror::start(Manner::Stalled, &content));
    let begun = Instant::now();
    assert!(Cache::new(&file).fetch(&file, &[&mirror]).is_err());
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn what_an_earlier_run_left_is_gone_on_with() {
    let content = content(5);
    let file = wanted(&content);
    let mut wrong = content[..1000].to_vec();
    wrong[7] ^= 1;
    let longer = [&content[..], b"more"].concat();
    // (what is there, the mirror, the ranges that are asked for)
    let table: &[(&[u8], Manner, &[&str])] = &[
        (&content[..1000], Manner::Good, &["1000-"]),
        (&content[..1000], Manner::NoRanges, &["1000-"]),
        (&content[..1000], Manner::BadRanges, &["1000-", "-"]),
        (&wrong, Manner::Good, &["1000-", "-"]),
        (&content, Manner::Good, &[]),
        (&longer, Manner::Good, &["-"]),
        (b"", Manner::Good, &["-"]),
        (b"", Manner::TruncatedOnce, &["-", "75000-"]),
    ];
    for (left, manner, expected) in table {
        let (cache, mirror) = (Cache::new(&file), Mirror::start(*manner, &content));
        std::fs::write(&cache.part, left).unwrap();
        cache.fetch(&file, &[&mirror]).unwrap();
        cache.assert_holds(&content);
        assert_eq!(
            mirror.ranges(),
            *expected,
            "{manner:?} after {} bytes",
            left.len()
        );
    }
}

#[test]
fn a_part_is_kept_for_the_next_run() {
    let content = content(6);
    let (file, mirror) = (wanted(&content), Mirror::start(Manner::Truncated, &content));
    let cache = Cache::new(&file);
    cache.fetch(&file, &[&mirror]).unwrap_err();
    assert_eq!(std::fs::read(&cache.part).unwrap(), &content[..75_000]);
    let good = Mirror::start(Manner::Good, &content);
    cache.fetch(&file, &[&good]).unwrap();
    assert_eq!(good.ranges(), ["75000-"]);
}

#[test]
fn offline_takes_only_what_is_there() {
    let content = content(7);
    let (file, mirror) = (wanted(&content), Mirror::start(Manner::Good, &content));
    let cache = Cache::new(&file);
    let offline = Options {
        offline: true,
        ..QUICK
    };
    let fetch = |options: &Options| {
        cache
            .downloads
            .fetch(std::slice::from_ref(&file), &mirrors(&[&mirror]), options)
    };
    let error = fetch(&offline).unwrap_err();
    assert_eq!(error.kind(), Kind::Network);
    assert!(error.to_string().contains("offline") && error.hints()[0].contains("xbuild fetch"));
    assert_eq!(mirror.asked(), 0);
    fetch(&QUICK).unwrap();
    fetch(&offline).unwrap();
}

#[test]
fn what_has_rotted_is_found_and_fetched_again() {
    let content = content(8);
    let (file, mirror) = (wanted(&content), Mirror::start(Manner::Good, &content));
    let cache = Cache::new(&file);
    let rot = |length: usize| std::fs::write(&cache.place, vec![0; length]).unwrap();
    rot(content.len());
    let verify = Options {
        verify: true,
        ..QUICK
    };
    let list = mirrors(&[&mirror]);
    cache
        .downloads
        .fetch(std::slice::from_ref(&file), &list, &verify)
        .unwrap();
    cache.assert_holds(&content);
    rot(12);
    cache.fetch(&file, &[&mirror]).unwrap();
    cache.assert_holds(&content);
}

#[test]
fn runs_at_the_same_time_fetch_each_file_once() {
    let content = content(9);
    let (file, mirror) = (wanted(&content), Mirror::start(Manner::SlowStart, &content));
    let cache = Cache::new(&file);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| cache.fetch(&file, &[&mirror]).unwrap());
        }
    });
    cache.assert_holds(&content);
    assert_eq!(mirror.asked(), 1);
}

#[test]
fn the_same_file_twice_is_fetched_once_and_said_twice() {
    let content = content(10);
    let (file, mirror) = (wanted(&content), Mirror::start(Manner::Good, &content));
    let cache = Cache::new(&file);
    let list = mirrors(&[&mirror]);
    let places = cache
        .downloads
        .fetch(&[file.clone(), file], &list, &QUICK)
        .unwrap();
    assert_eq!(places, [cache.place.clone(), cache.place.clone()]);
    assert_eq!(mirror.asked(), 1);
}

#[test]
fn a_cache_that_cannot_be_written_is_the_files_systems_fault() {
    let content = content(11);
    let (file, mirror) = (wanted(&content), Mirror::start(Manner::Good, &content));
    let blocked = tempfile::NamedTempFile::new().unwrap();
    let fetch = |folder: &Path| {
        Downloads::at(folder)
            .fetch(std::slice::from_ref(&file), &mirrors(&[&mirror]), &QUICK)
            .unwrap_err()
    };
    assert_eq!(fetch(blocked.path()).kind(), Kind::Filesystem);
    // /dev/full answers every write with ENOSPC.
    let cache = Cache::new(&file);
    std::os::unix::fs::symlink("/dev/full", &cache.part).unwrap();
    let error = cache.fetch(&file, &[&mirror]).unwrap_err();
    assert_eq!(error.kind(), Kind::Filesystem);
}

#[test]
fn a_file_known_by_name_comes_from_the_first_mirror_with_a_good_one() {
    let content = b"a good answer".to_vec();
    let other = b"an old answer".to_vec();
    let good = Mirror::start(Manner::Good, &content);
    let stale = Mirror::start(Manner::Good, &other);
    let page = Mirror::start(Manner::WebPage, &content);
    let client = Client::without_proxy(QUICK.timeouts);
    let accept = |bytes: &[u8]| match bytes == content {
        true => Ok(bytes.to_vec()),
        false => Err("is out of date".to_owned()),
    };
    let bases = |list: &[&Mirror]| {
        list.iter()
            .map(|mirror| mirror.base.clone())
            .collect::<Vec<_>>()
    };
    let ask = |list: &[&Mirror], max: u64| client.fetch_bytes(&bases(list), "x", max, accept);
    assert_eq!(ask(&[&page, &stale, &good], 100).unwrap(), content);
    let error = ask(&[&page, &stale], 100).unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(causes(&error).contains("is out of date"));
    assert_eq!(ask(&[&page], 100).unwrap_err().kind(), Kind::Network);
    assert!(causes(&ask(&[&good], 3).unwrap_err()).contains("more than 3 bytes"));
}
