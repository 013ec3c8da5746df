//! Git repositories on the loopback, over HTTP.
//!
//! Protocol: gitprotocol-http(5), spoken by git's own `http-backend`.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use tiny_http::{Header, Request, Response, Server};
use xbuild::process::Command;

use crate::support::{only_git, temp};

/// Serves the repositories of a folder until it is dropped.
pub struct GitServer {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
    url: String,
}

impl GitServer {
    pub fn start(root: &Path) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a server"));
        let address = server.server_addr().to_ip().expect("an address");
        let (serving, root) = (Arc::clone(&server), root.to_owned());
        let thread = std::thread::spawn(move || {
            for request in serving.incoming_requests() {
                answer(request, &root);
            }
        });
        GitServer {
            server,
            thread: Some(thread),
            url: format!("http://{address}"),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Lets git answer, as a CGI program (RFC 3875).
fn answer(mut request: Request, root: &Path) {
    let (bin, folder) = (only_git(), temp());
    let body = folder.path().join("body");
    let mut file = File::create(&body).expect("a file");
    std::io::copy(request.as_reader(), &mut file).expect("a body");
    let header = |name: &'static str| {
        let mut headers = request.headers().iter();
        let header = headers.find(|header| header.field.equiv(name));
        header.map_or("", |header| header.value.as_str()).to_owned()
    };
    let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
    let mut command = Command::new(bin.path().join("git"))
        .arg("http-backend")
        .cwd(folder.path());
    for (name, value) in [
        ("GIT_PROJECT_ROOT", root.as_os_str()),
        ("GIT_HTTP_EXPORT_ALL", OsStr::new("1")),
        ("HOME", folder.path().as_os_str()),
        ("PATH_INFO", OsStr::new(path)),
        ("QUERY_STRING", OsStr::new(query)),
        ("REQUEST_METHOD", OsStr::new(request.method().as_str())),
        ("CONTENT_TYPE", OsStr::new(&header("Content-Type"))),
        ("GIT_PROTOCOL", OsStr::new(&header("Git-Protocol"))),
        // The tests may be another user's than the folder.
        ("GIT_CONFIG_COUNT", OsStr::new("1")),
        ("GIT_CONFIG_KEY_0", OsStr::new("safe.directory")),
        ("GIT_CONFIG_VALUE_0", OsStr::new("*")),
    ] {
        command = command.env(name, value);
    }
    let input = File::open(&body).expect("the body");
    let output = command.to_std().stdin(input).output().expect("git");
    let end = output
        .stdout
        .windows(4)
        .position(|part| part == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let head = String::from_utf8_lossy(&output.stdout[..end]).into_owned();
    let mut response = Response::from_data(&output.stdout[end + 4..]);
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        if name == "Status" {
            let code = value
                .split(' ')
                .next()
                .and_then(|code| code.parse::<u16>().ok());
            response = response.with_status_code(code.expect("a number"));
        } else if let Ok(header) = Header::from_bytes(name, value) {
            response = response.with_header(header);
        }
    }
    // Cargo may have what it wanted and hang up.
    let _ = request.respond(response);
}
