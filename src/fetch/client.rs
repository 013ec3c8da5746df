//! HTTP as downloads need it: bounded waiting, bounded redirects, the
//! machine's proxies and certificate authorities.

use std::io::Read;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};

use super::BaseUrl;
use super::attempt::{self, Attempt, Reason};
use super::proxy::{self, NoProxy};
use crate::error::Result;
use crate::host;

/// How long a mirror may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For finding the host and, again, for connecting to it.
    pub connect: Duration,
    /// For the next bytes of an answer, not for all of it.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
        }
    }
}

/// Followed at most this often: snapshot and mirror networks need two.
const MAX_REDIRECTS: u32 = 5;

/// An HTTP client. Cheap to clone; connections are shared and kept open.
#[derive(Debug, Clone)]
pub struct Client {
    direct: ureq::Agent,
    http_proxied: Option<ureq::Agent>,
    https_proxied: Option<ureq::Agent>,
    no_proxy: NoProxy,
}

/// The start of an answer, whose bytes are still to come.
pub(super) struct Answer {
    pub status: u16,
    /// Where the first byte stands in the file, as a 206 answer says it.
    pub from: Option<u64>,
    /// As announced, in bytes.
    pub length: Option<u64>,
    pub body: Box<dyn Read>,
}

impl Client {
    /// A client with the proxies of the environment, named as curl(1) does:
    /// `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
    ///
    /// # Errors
    /// Where a proxy's address cannot be understood.
    pub fn new(limits: Timeouts) -> Result<Self> {
        Client::with_variables(limits, |name| host::var(name)?.into_string().ok())
    }

    pub(super) fn with_variables(
        limits: Timeouts,
        var: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let first = |names: &[&'static str]| {
            let mut found = names.iter().filter_map(|name| Some((*name, var(name)?)));
            found.next()
        };
        let proxied = |names: &[&'static str]| match first(names) {
            Some((name, value)) => {
                proxy::parse(name, &value).map(|proxy| Some(agent(limits, Some(proxy))))
            }
            None => Ok(None),
        };
        let no_proxy = first(&["no_proxy", "NO_PROXY"]);
        Ok(Client {
            direct: agent(limits, None),
            // As in curl, the upper-case name is not read for plain HTTP: a
            // CGI server sets it from a request's header.
            http_proxied: proxied(&["http_proxy", "all_proxy", "ALL_PROXY"])?,
            https_proxied: proxied(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            no_proxy: NoProxy::parse(&no_proxy.map(|(_, value)| value).unwrap_or_default()),
        })
    }

    /// A client that goes to each host itself, whatever the environment says.
    pub fn without_proxy(limits: Timeouts) -> Self {
        Client {
            direct: agent(limits, None),
            http_proxied: None,
            https_proxied: None,
            no_proxy: NoProxy::default(),
        }
    }

    fn agent_for(&self, url: &str) -> &ureq::Agent {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let authority = rest.split('/').next().unwrap_or(rest);
        let proxied = match scheme {
            "https" => &self.https_proxied,
            _ => &self.http_proxied,
        };
        match proxied {
            Some(agent) if !self.no_proxy.covers(authority) => agent,
            _ => &self.direct,
        }
    }

    /// Asks for a file from a byte on.
    pub(super) fn get(&self, url: &str, from: u64) -> std::result::Result<Answer, Reason> {
        let result = self.call(url, from);
        // Plain HTTP goes through a tunnel too, which many proxies dig to the
        // port of HTTPS only; mirrors that speak both are reached there.
        let result = match (result, url.strip_prefix("http://")) {
            (Err(ureq::Error::ConnectProxyFailed(_)), Some(rest)) => {
                self.call(&format!("https://{rest}"), from)
            }
            (result, _) => result,
        };
        let response = result.map_err(reason)?;
        let body = response.body();
        if response.status().is_success() && body.mime_type() == Some("text/html") {
            return Err(Reason::WebPage);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            from: content_range_start(&response),
            length: body.content_length(),
            body: Box::new(response.into_body().into_reader()),
        })
    }

    fn call(
        &self,
        url: &str,
        from: u64,
    ) -> std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let mut request = self.agent_for(url).get(url);
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        request.call()
    }

    /// The bytes of a file that is known by name alone, from the first mirror
    /// whose answer `accept` takes; a mirror with a bad one is passed over.
    ///
    /// # Errors
    /// Where none does: `Kind::Integrity` if any answer was refused, otherwise
    /// `Kind::Network`; each mirror is named with its reason.
    pub fn fetch_bytes<T>(
        &self,
        bases: &[BaseUrl],
        path: &str,
        max: u64,
        mut accept: impl FnMut(&[u8]) -> std::result::Result<T, String>,
    ) -> Result<T> {
        let mut attempts = Vec::new();
        for base in bases {
            let got = self.whole(&base.join(path), max);
            match got.and_then(|bytes| accept(&bytes).map_err(Reason::Refused)) {
                Ok(accepted) => return Ok(accepted),
                Err(reason) => attempts.push(Attempt {
                    mirror: base.clone(),
                    reason,
                }),
            }
        }
        Err(attempt::none_good(path, &attempts))
    }

    /// The bytes of a file of at most `max` bytes, asked for once more where
    /// the server failed in passing.
    ///
    /// # Errors
    /// Why they could not be had.
    pub fn file(&self, url: &str, max: u64) -> std::result::Result<Vec<u8>, Reason> {
        match self.whole(url, max) {
            Err(reason) if reason.is_transient() => self.whole(url, max),
            other => other,
        }
    }

    /// The size of a file in bytes, as the server announces it.
    ///
    /// # Errors
    /// Why it could not be had.
    pub fn size(&self, url: &str) -> std::result::Result<u64, Reason> {
        let response = self.agent_for(url).head(url).call().map_err(reason)?;
        if response.status() != 200 {
            return Err(Reason::Status(response.status().as_u16()));
        }
        let length = response.headers().get("content-length");
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        length.ok_or_else(|| Reason::Refused("does not say its size".to_owned()))
    }

    fn whole(&self, url: &str, max: u64) -> std::result::Result<Vec<u8>, Reason> {
        let answer = self.get(url, 0)?;
        if answer.status != 200 {
            return Err(Reason::Status(answer.status));
        }
        let mut bytes = Vec::new();
        let limited = &mut answer.body.take(max + 1);
        limited
            .read_to_end(&mut bytes)
            .map_err(|error| reason(error.into()))?;
        let got = bytes.len() as u64;
        if got > max {
            return Err(Reason::Refused(format!("has more than {max} bytes of it")));
        }
        match answer.length {
            Some(expected) if got < expected => Err(Reason::Truncated { got, expected }),
            _ => Ok(bytes),
        }
    }
}

fn agent(limits: Timeouts, proxy: Option<ureq::Proxy>) -> ureq::Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(proxy)
        .max_redirects(MAX_REDIRECTS)
        .max_redirects_will_error(true)
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_per_read(Some(limits.stall))
        .timeout_per_write(Some(limits.stall))
        .max_idle_connections_per_host(8)
        .user_agent(concat!("xbuild/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .into()
}

/// The first number in `Content-Range: bytes 10-99/100` (RFC 9110, 14.4).
fn content_range_start(response: &ureq::http::Response<ureq::Body>) -> Option<u64> {
    let value = response.headers().get("content-range")?.to_str().ok()?;
    value
        .strip_prefix("bytes ")?
        .split('-')
        .next()?
        .parse()
        .ok()
}

/// What a failure of the transport means for the choice of mirror.
pub(super) fn reason(error: ureq::Error) -> Reason {
    use std::io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, InvalidData, NetworkUnreachable,
    };
    use ureq::{Error as E, Timeout};
    match error {
        E::TooManyRedirects | E::RedirectFailed => Reason::TooManyRedirects,
        E::Timeout(Timeout::Resolve | Timeout::Connect) => {
            Reason::Unreachable("no connection in time".to_owned())
        }
        E::Timeout(_) => Reason::Stalled,
        E::HostNotFound => Reason::Unreachable("no such host".to_owned()),
        E::ConnectionFailed
        | E::Tls(_)
        | E::Rustls(_)
        | E::ConnectProxyFailed(_)
        | E::BadUri(_) => Reason::Unreachable(error.to_string()),
        // InvalidData is how a TLS handshake that failed comes out.
        E::Io(io) => match io.kind() {
            ConnectionRefused | NetworkUnreachable | HostUnreachable | AddrNotAvailable
            | InvalidData => Reason::Unreachable(io.to_string()),
            // The standard library has no kind for a name that is not found.
            _ if io.to_string().starts_with("failed to lookup address") => {
                Reason::Unreachable("no such host".to_owned())
            }
            _ => Reason::Broken(io.to_string()),
        },
        other => Reason::Broken(other.to_string()),
    }
}
