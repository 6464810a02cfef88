//! The operators' door of any process: alive, ready, metrics. It has an address of its own: no
//! merchant's call comes in here, and nothing of this is told where merchants call.

use crate::health::{Health, Unwell};
use crate::metrics::Metrics;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How long a caller may take to say what it wants.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// How long one connection is served; probes and scrapers come again.
const SERVE_WITHIN: Duration = Duration::from_secs(60);

/// How many connections at once; more wait in the listener's queue.
const CONNECTIONS_MAX: usize = 64;

/// How long to wait when no connection can be accepted (no file is left to open).
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The door, bound and not yet open.
pub struct Operations {
    listener: TcpListener,
    addr: SocketAddr,
    shown: Shown,
}

/// What is shown there.
#[derive(Clone)]
struct Shown {
    health: Health,
    metrics: Metrics,
}

impl Operations {
    /// Binds the address.
    ///
    /// # Errors
    /// When it can't be bound.
    pub async fn bind(
        listen: SocketAddr,
        health: Health,
        metrics: Metrics,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        let shown = Shown { health, metrics };
        Ok(Self {
            listener,
            addr,
            shown,
        })
    }

    /// Where it listens; the real port where port 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers until `shutdown` resolves. What is being said then is cut off.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self {
            listener,
            addr: _,
            shown,
        } = self;
        let places = std::sync::Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let serving = async {
            loop {
                // The semaphore is never closed.
                let Ok(place) = std::sync::Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let shown = shown.clone();
                        tokio::spawn(async move {
                            let _cut_off =
                                tokio::time::timeout(SERVE_WITHIN, serve(stream, shown)).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection can be accepted for operations");
                        tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                    }
                }
            }
        };
        tokio::select! {
            () = serving => {}
            () = shutdown => {}
        }
    }
}

async fn serve(stream: TcpStream, shown: Shown) {
    let _delayed = stream.set_nodelay(true);
    let answer = service_fn(move |request: Request<Incoming>| {
        let response = shown.answer(request.method(), request.uri().path());
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "an operations connection broke off");
    }
}

impl Shown {
    fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if !["/livez", "/readyz", "/metrics"].contains(&path) {
            let problem = json!({"status": 404, "title": "There is /livez, /readyz and /metrics."});
            return said(StatusCode::NOT_FOUND, &problem);
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            let problem = json!({"status": 405, "title": "Use GET."});
            let mut response = said(StatusCode::METHOD_NOT_ALLOWED, &problem);
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/livez" => said(StatusCode::OK, &json!({"status": "alive"})),
            "/readyz" => {
                let (ready, body) = readiness(&self.health);
                let unready = StatusCode::SERVICE_UNAVAILABLE;
                said(if ready { StatusCode::OK } else { unready }, &body)
            }
            _ => text(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                self.metrics.render(),
            ),
        }
    }
}

/// Whether the process is ready, and what is said about it: every check that is down or degraded,
/// with its reason.
pub fn readiness(health: &Health) -> (bool, Value) {
    let told = |unwell: &[Unwell]| -> Vec<Value> {
        let unwell = unwell.iter();
        unwell
            .map(|one| json!({"check": one.check, "reason": one.reason}))
            .collect()
    };
    let degraded = told(&health.degraded());
    match health.ready() {
        Ok(()) if degraded.is_empty() => (true, json!({"status": "ready"})),
        Ok(()) => (true, json!({"status": "ready", "degraded": degraded})),
        Err(down) => {
            let reasons = told(&down);
            let body = json!({"status": "not_ready", "reasons": reasons, "degraded": degraded});
            (false, body)
        }
    }
}

fn said(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    text(status, "application/json", body.to_string())
}

fn text(status: StatusCode, media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn asked(request: &str, health: &Health) -> String {
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let door = Operations::bind(local, health.clone(), Metrics::detached())
            .await
            .unwrap();
        let addr = door.addr();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(door.run(async move {
            let _stop = stopped.await;
        }));
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let text = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        stop.send(()).unwrap();
        running.await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_process_tells_whether_it_is_alive_ready_and_what_it_measured() {
        let health = Health::new();
        let check = health.register("database");
        assert!(asked("GET /livez", &health).await.contains("200 OK"));
        let unready = asked("GET /readyz", &health).await;
        assert!(unready.contains("503") && unready.contains("database"));
        check.up();
        assert!(asked("GET /readyz", &health).await.contains("200 OK"));
        let metrics = asked("GET /metrics", &health).await;
        assert!(metrics.contains("text/plain; version=0.0.4"), "{metrics}");
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        let health = Health::new();
        assert!(asked("GET /v1/payments", &health).await.contains("404"));
        assert!(asked("POST /livez", &health).await.contains("405"));
    }
}
