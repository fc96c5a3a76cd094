//! One request: from hyper's types to the library's values and back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepass::Gatepass;
use gatepass::web::{self, MAX_BODY};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};

use super::demo::Demo;
use super::log::{Entry, Log};

/// What is served.
pub(super) struct Site {
    pub(super) gate: Arc<Gatepass>,
    /// What stands before each path: empty, or `/billing`.
    pub(super) base: String,
    /// How long a client may take to send a body.
    pub(super) timeout: Duration,
    pub(super) demo: Option<Demo>,
}

impl Site {
    fn answer(&self, request: &web::Request) -> web::Response {
        let mine = |demo: &Demo| demo.answer(request);
        self.demo.as_ref().and_then(mine).unwrap_or_else(|| web::handle(&self.gate, request))
    }

    /// The path below the base, without a slash at its start; empty for the base itself.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        let below = path.strip_prefix(&self.base)?;
        if below.is_empty() { Some("") } else { below.strip_prefix('/') }
    }
}

/// Why a request never became one.
enum Broken {
    /// The body was not all there in time, or its connection broke.
    Slow,
}

/// Answer a request, and log it.
pub(super) async fn answer(
    site: Arc<Site>,
    log: Arc<Log>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let began = Instant::now();
    let mut entry = Entry::new(peer.ip(), &request);
    let response = match read(&site, peer, request).await {
        Ok(Some(request)) => work(site, request).await,
        Ok(None) => plain(StatusCode::NOT_FOUND),
        Err(Broken::Slow) => plain(StatusCode::REQUEST_TIMEOUT),
    };
    entry.status = response.status().as_u16();
    entry.elapsed = began.elapsed();
    log.write(&entry);
    response
}

/// The request as a value; `None` for a path that is not below the base.
async fn read(
    site: &Site,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Option<web::Request>, Broken> {
    let (head, body) = request.into_parts();
    let Some(path) = site.below(head.uri.path()) else { return Ok(None) };
    let mut value = web::Request::new(head.method.as_str(), path)
        .query(head.uri.query().unwrap_or_default())
        .peer(peer.ip());
    for (name, content) in &head.headers {
        value = value.header(name.as_str(), content.as_bytes());
    }
    let collected = tokio::time::timeout(site.timeout, Limited::new(body, MAX_BODY).collect()).await;
    let body = match collected {
        Ok(Ok(body)) => Vec::from(body.to_bytes()),
        // The library says what it says to a body that is too long; no byte of it is needed for that.
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => vec![0; MAX_BODY + 1],
        Ok(Err(_)) | Err(_) => return Err(Broken::Slow),
    };
    Ok(Some(value.body(body)))
}

/// Answer on a thread that may wait for the disk.
async fn work(site: Arc<Site>, request: web::Request) -> Response<Full<Bytes>> {
    let answered = tokio::task::spawn_blocking(move || site.answer(&request)).await;
    answered.map_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR), sent)
}

/// An answer of the library in hyper's types.
fn sent(answer: web::Response) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        // Names and values are the library's own.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
