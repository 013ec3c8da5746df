//! A registry of crates on the loopback.
//!
//! Format: "Running a Registry" in the Cargo book; its sparse protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tiny_http::{Response, Server};
use xbuild::pins::Sha256;

/// Serves the crates that it is given until it is dropped.
pub struct Registry {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    url: String,
}

impl Registry {
    /// Starts one, which answers only those who show the token if there is one.
    pub fn start(token: Option<&'static str>) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a server"));
        let address = server.server_addr().to_ip().expect("an address");
        let url = format!("http://{address}");
        let files = Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new()));
        let config = serde_json::json!({
            "dl": format!("{url}/crates/{{crate}}-{{version}}.crate"),
            "api": url,
            "auth-required": token.is_some(),
        });
        let config = config.to_string().into_bytes();
        let served = Arc::clone(&files);
        let serving = Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            for request in serving.incoming_requests() {
                let shown = request
                    .headers()
                    .iter()
                    .find(|header| header.field.equiv("Authorization"));
                let known = token.is_none_or(|token| shown.is_some_and(|it| it.value == token));
                let files = served.lock().unwrap_or_else(PoisonError::into_inner);
                let response = match files.get(request.url()) {
                    _ if !known => Response::from_data([]).with_status_code(401),
                    None => Response::from_data([]).with_status_code(404),
                    Some(bytes) => Response::from_data(bytes.clone()),
                };
                // Cargo may have what it wanted and hang up.
                let _ = request.respond(response);
            }
        });
        let registry = Registry {
            server,
            thread: Some(thread),
            files,
            url,
        };
        registry.put("/index/config.json", config);
        registry
    }

    /// The address of its index, as cargo's configuration names it.
    pub fn index(&self) -> String {
        format!("sparse+{}/index/", self.url)
    }

    /// Publishes a library without dependencies; its name has four letters or
    /// more.
    pub fn publish(&self, name: &str, version: &str, library: &str) {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n");
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let mut archive = tar::Builder::new(gzip);
        for (path, text) in [("Cargo.toml", &*manifest), ("src/lib.rs", library)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            let path = format!("{name}-{version}/{path}");
            archive
                .append_data(&mut header, path, text.as_bytes())
                .expect("an archive");
        }
        let packed = archive
            .into_inner()
            .and_then(flate2::write::GzEncoder::finish);
        let packed = packed.expect("a packed crate");
        let line = serde_json::json!({
            "name": name,
            "vers": version,
            "deps": [],
            "cksum": Sha256::of(&packed).to_hex(),
            "features": {},
            "yanked": false,
        });
        let place = format!("/index/{}/{}/{name}", &name[..2], &name[2..4]);
        self.put(&place, format!("{line}\n").into_bytes());
        self.put(&format!("/crates/{name}-{version}.crate"), packed);
    }

    fn put(&self, path: &str, bytes: Vec<u8>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_owned(), bytes);
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
