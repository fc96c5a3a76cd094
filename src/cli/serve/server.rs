//! The socket: accepts connections, keeps them within limits, and stops when it is asked to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::exchange::{Site, answer};
use super::impatient::Impatient;
use super::log::Log;
use crate::failure::Failure;

/// More connections than that wait until one ends.
const CONNECTIONS: usize = 256;

/// Most headers of a request.
const HEADERS: usize = 100;

/// Most bytes of a request's line and headers.
const HEAD: usize = 32 * 1024;

/// How long a thread waits for its next request. Each keeps what it freed for itself until it ends, so those
/// that a burst brought must not live on what little comes after it.
const KEEP_THREAD: Duration = Duration::from_millis(200);

/// How long requests at work may take to end once the server was asked to stop.
const STOP_TIME: Duration = Duration::from_secs(15);

/// A socket that listens.
pub(super) struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    timeout: Duration,
}

impl Server {
    /// Listen there. A client has that long to send a request's line and headers, the time before a next
    /// request on the connection included.
    pub(super) fn bind(address: SocketAddr, timeout: Duration) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::invalid("listen", format!("{address}: {error}"));
        // Store calls wait for the disk: each has a thread of its own while it works.
        let mut runtime = Builder::new_multi_thread();
        runtime.max_blocking_threads(CONNECTIONS).thread_keep_alive(KEEP_THREAD);
        let runtime = runtime.enable_all().build().map_err(failed)?;
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { runtime, listener, address, timeout })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serve until a signal asks to stop. `ready` is told when connections are accepted.
    pub(super) fn run(self, site: Site, log: Log, ready: impl FnOnce()) -> Result<(), Failure> {
        let Server { runtime, listener, timeout, .. } = self;
        let served = runtime.block_on(async {
            // Before anybody is told that it runs: who is told may stop it at once.
            let stop = Stop::new()?;
            ready();
            serve(listener, timeout, Arc::new(site), Arc::new(log), stop).await;
            Ok(())
        });
        // What still waits for the store then is not waited for.
        runtime.shutdown_timeout(Duration::from_secs(1));
        served
    }
}

/// The signals that ask to stop.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn new() -> Result<Self, Failure> {
        Ok(Stop {
            terminate: signal(SignalKind::terminate()).map_err(Failure::output)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::output)?,
        })
    }

    /// Whether it is asked to stop before `other` comes; what came otherwise.
    async fn before<T>(&mut self, other: impl Future<Output = T>) -> Option<T> {
        let mut other = std::pin::pin!(other);
        std::future::poll_fn(|context| {
            if self.terminate.poll_recv(context).is_ready() || self.interrupt.poll_recv(context).is_ready() {
                return std::task::Poll::Ready(None);
            }
            other.as_mut().poll(context).map(Some)
        })
        .await
    }
}

async fn serve(listener: TcpListener, timeout: Duration, site: Arc<Site>, log: Arc<Log>, mut stop: Stop) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(timeout).max_headers(HEADERS).max_buf_size(HEAD);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let next = async {
            // Never closed.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        match stop.before(next).await {
            None => break,
            Some((place, Ok((stream, peer)))) => {
                connection(&http, (stream, peer), place, &site, &log, &graceful);
            }
            // Out of descriptors, perhaps: those of others come back.
            Some((_, Err(_))) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    // A second signal, or too long a wait, ends it all the same.
    let _ = stop.before(tokio::time::timeout(STOP_TIME, graceful.shutdown())).await;
}

fn connection(
    http: &http1::Builder,
    (stream, peer): (TcpStream, SocketAddr),
    place: Option<OwnedSemaphorePermit>,
    site: &Arc<Site>,
    log: &Arc<Log>,
    graceful: &GracefulShutdown,
) {
    // Answers are short; nothing is gained by waiting for more to send.
    let _ = stream.set_nodelay(true);
    let (site, log, patience) = (site.clone(), log.clone(), site.timeout);
    let service = service_fn(move |request| {
        let (site, log) = (site.clone(), log.clone());
        async move { Ok::<_, Infallible>(answer(site, log, peer, request).await) }
    });
    let stream = Impatient::new(stream, patience);
    let served = http.serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(served);
    tokio::spawn(async move {
        // A client that breaks off is nobody's fault.
        let _ = watched.await;
        drop(place);
    });
}
