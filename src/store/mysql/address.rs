//! Where a server is and how to talk to it, as a URL:
//! `mysql://user:password@host:3306/database?tls=require&ca=/path/ca.pem`.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use mysql::consts::CapabilityFlags;
use mysql::{ClientIdentity, Opts, OptsBuilder, SslOpts};
use url::{Host, Url};

use crate::error::{Error, Result};

/// The usual port.
const PORT: u16 = 3306;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 128;

/// A server, a database in it, and who asks.
#[derive(Clone)]
pub(crate) struct Address {
    host: String,
    port: u16,
    socket: Option<String>,
    user: String,
    password: Option<String>,
    database: String,
    tls: Option<Tls>,
}

/// How the connection is encrypted. The server's certificate is always verified.
#[derive(Clone, Default)]
struct Tls {
    ca: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mysql://{}:{}/{}", self.host, self.port, self.database)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn wrong(reason: impl Into<Cow<'static, str>>) -> Error {
    Error::invalid("store", reason)
}

impl Address {
    /// From a URL that begins with `mysql://`. Without `tls` a connection to another machine is encrypted, one
    /// to this machine is not.
    ///
    /// # Errors
    /// [`Error::Invalid`] for `store`, saying which part is wrong and never what stands there.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let url = Url::parse(url).map_err(|_| wrong("is no URL like mysql://user@host/database"))?;
        let decoded = |text: &str, part: &'static str| {
            let bytes = percent_decode(text.as_bytes());
            String::from_utf8(bytes).map_err(|_| wrong(format!("{part} is not UTF-8")))
        };
        let database = decoded(url.path().trim_start_matches('/'), "the database")?;
        if database.is_empty() || database.contains('/') {
            return Err(wrong("names no database: mysql://user@host/database"));
        }
        if url.username().is_empty() {
            return Err(wrong("names no user: mysql://user@host/database"));
        }
        let host = url.host().ok_or_else(|| wrong("names no host: mysql://user@host/database"))?;
        // Addresses of this kind of URL are not told apart from names.
        let host = match host {
            Host::Ipv6(address) => address.to_string(),
            other => decoded(&other.to_string(), "the host")?,
        };
        let local = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        let mut address = Address {
            host,
            port: url.port().unwrap_or(PORT),
            socket: None,
            user: decoded(url.username(), "the user")?,
            password: url.password().map(|password| decoded(password, "the password")).transpose()?,
            database,
            tls: None,
        };
        address.read_query(&url, local)?;
        Ok(address)
    }

    fn read_query(&mut self, url: &Url, local: bool) -> Result<()> {
        let (mut tls, mut ca, mut certificate, mut key) = (None, None, None, None);
        for (name, value) in url.query_pairs() {
            let slot = match &*name {
                "tls" => &mut tls,
                "ca" => &mut ca,
                "cert" => &mut certificate,
                "key" => &mut key,
                "socket" => &mut self.socket,
                _ => return Err(wrong("has a parameter other than tls, ca, cert, key and socket")),
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(wrong("has a parameter twice"));
            }
        }
        let wanted = match tls.as_deref() {
            Some("require") => true,
            Some("off") => false,
            None => !local && self.socket.is_none(),
            Some(_) => return Err(wrong("tls must be require or off")),
        };
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            _ => return Err(wrong("cert and key go together")),
        };
        if !wanted && (ca.is_some() || identity.is_some()) {
            return Err(wrong("ca, cert and key need tls=require"));
        }
        self.tls = wanted.then(|| Tls { ca: ca.map(PathBuf::from), identity });
        Ok(())
    }

    /// The same by another port of the same host.
    #[cfg(test)]
    pub(super) fn at_port(&self, port: u16) -> Self {
        Address { port, ..self.clone() }
    }

    /// The database that the tables are in.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// What the driver needs to know.
    pub(super) fn options(&self, deadline: Duration) -> Opts {
        let tls = self.tls.as_ref().map(|tls| {
            let identity = tls
                .identity
                .as_ref()
                .map(|(certificate, key)| ClientIdentity::new(certificate.clone(), key.clone()));
            SslOpts::default()
                .with_root_cert_path(tls.ca.clone().map(Cow::<'static, std::path::Path>::from))
                .with_client_identity(identity)
        });
        OptsBuilder::new()
            .ip_or_hostname(Some(self.host.clone()))
            .tcp_port(self.port)
            .socket(self.socket.clone())
            // Otherwise the driver looks for a socket by itself where the host is this machine.
            .prefer_socket(self.socket.is_some())
            .user(Some(self.user.clone()))
            .pass(self.password.clone())
            .db_name(Some(self.database.clone()))
            .ssl_opts(tls)
            .tcp_connect_timeout(Some(deadline))
            .read_timeout(Some(deadline + Duration::from_secs(1)))
            .write_timeout(Some(deadline + Duration::from_secs(1)))
            .stmt_cache_size(STATEMENTS)
            // How many rows a condition found, whether or not it changed them.
            .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
            .into()
    }
}

/// `%HH` in a part of a URL; `+` stays what it is.
fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = &after[2..];
            }
            _ => {
                decoded.push(first);
                rest = after;
            }
        }
    }
    decoded
}
