//! The machine's proxies: their addresses, and which hosts go without. [pure]

use crate::error::{Error, Kind, Result};

/// Reads the address in a variable.
pub(super) fn parse(name: &str, value: &str) -> Result<ureq::Proxy> {
    ureq::Proxy::new(value).map_err(|source| {
        Error::new(
            Kind::Config,
            format!("the proxy in `{name}` is not an address"),
        )
        .caused_by(source)
        .hint(format!("export {name}=http://HOST:PORT, or unset {name}"))
    })
}

/// Hosts that are reached without the proxy: the loopback, names with all below them, a
/// name with its port, or `*`.
#[derive(Debug, Clone, Default)]
pub(super) struct NoProxy(Vec<String>);

impl NoProxy {
    pub fn parse(text: &str) -> Self {
        let entries = text
            .split([',', ' '])
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        let plain = |entry: &str| {
            entry
                .trim_start_matches("*.")
                .trim_start_matches('.')
                .to_ascii_lowercase()
        };
        NoProxy(entries.map(plain).collect())
    }

    pub fn covers(&self, authority: &str) -> bool {
        let authority = authority
            .rsplit('@')
            .next()
            .unwrap_or(authority)
            .to_ascii_lowercase();
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &authority,
        };
        // No proxy reaches this machine's own loopback interface.
        let here = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        here || self.0.iter().any(|entry| {
            let below = host.strip_suffix(entry.as_str());
            entry == "*"
                || *entry == authority
                || below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{BaseUrl, Client, Timeouts};
    use super::*;

    #[test]
    fn no_proxy_is_read_as_curl_reads_it() {
        let table = [
            ("", "127.0.0.1:8080", true),
            ("", "[::1]:8080", true),
            ("localhost, example.invalid", "a.example.invalid", true),
            (".example.invalid", "example.invalid", true),
            ("*.example.invalid", "a.b.EXAMPLE.invalid:80", true),
            ("example.invalid", "notexample.invalid", false),
            ("example.invalid:81", "example.invalid:80", false),
            ("example.invalid:80", "example.invalid:80", true),
            ("*", "anything", true),
            ("", "anything", false),
        ];
        for (text, authority, expected) in table {
            assert_eq!(
                NoProxy::parse(text).covers(authority),
                expected,
                "{text} {authority}"
            );
        }
    }

    #[test]
    fn a_proxy_that_is_no_address_is_named() {
        let error = parse("https_proxy", "http://").unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.to_string().contains("https_proxy"));
    }

    /// A proxy on the loopback that answers each CONNECT with a status, and
    /// whatever comes through the tunnel with a file; gives what was asked.
    fn ask_through_proxy(status: &'static str, no_proxy: &str) -> (Vec<String>, Option<Vec<u8>>) {
        use std::io::{BufRead, BufReader, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                for answer in [status, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile"] {
                    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    let head: Vec<String> = lines
                        .map_while(|line| line.ok().filter(|line| !line.is_empty()))
                        .collect();
                    let Some(first) = head.into_iter().next() else {
                        break;
                    };
                    if first.starts_with("QUIT") {
                        return asked;
                    }
                    asked.push(first);
                    let _ = stream.write_all(answer.as_bytes());
                    if !answer.contains(" 200 ") {
                        break;
                    }
                }
            }
            asked
        });
        let limits = Timeouts {
            connect: Duration::from_secs(2),
            stall: Duration::from_millis(500),
        };
        let client = Client::with_variables(limits, |name| match name {
            "http_proxy" | "https_proxy" => Some(format!("http://{address}")),
            "no_proxy" => Some(no_proxy.to_owned()),
            _ => None,
        });
        let base = [BaseUrl::parse("http://mirror.example.invalid/debian").unwrap()];
        let client = client.unwrap();
        let got = client
            .fetch_bytes(&base, "x", 99, |bytes| Ok(bytes.to_vec()))
            .ok();
        let mut quit = std::net::TcpStream::connect(address).unwrap();
        quit.write_all(b"QUIT\r\n\r\n").unwrap();
        (thread.join().unwrap(), got)
    }

    #[test]
    fn the_proxies_of_the_environment_are_used() {
        let (asked, got) = ask_through_proxy("HTTP/1.1 200 OK\r\n\r\n", "");
        assert_eq!(asked[0], "CONNECT mirror.example.invalid:80 HTTP/1.1");
        assert_eq!(asked[1], "GET /debian/x HTTP/1.1");
        assert_eq!(got.as_deref(), Some(&b"file"[..]));

        let (asked, got) = ask_through_proxy("HTTP/1.1 403 Forbidden\r\n\r\n", "");
        assert_eq!(asked[0], "CONNECT mirror.example.invalid:80 HTTP/1.1");
        assert_eq!(asked[1], "CONNECT mirror.example.invalid:443 HTTP/1.1");
        assert_eq!(got, None);

        let (asked, got) = ask_through_proxy("HTTP/1.1 200 OK\r\n\r\n", "example.invalid");
        assert_eq!((asked, got), (vec![], None));
    }
}
