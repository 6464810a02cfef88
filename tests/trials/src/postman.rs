//! Between Alipay and the gateways: hands each notification to a gateway that answers, as a load
//! balancer does, and keeps the latest ones, signatures and all, to send them again in a storm.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use reqwest::Client;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;

/// How many are kept.
const KEPT_MAX: usize = 500;

const BODY_BYTES_MAX: usize = 65_536;

/// What a gateway may take for one.
const PATIENCE: Duration = Duration::from_secs(4);

/// The headers that are part of what Alipay signed.
const SIGNED: [&str; 4] = ["content-type", "client-id", "request-time", "signature"];

/// Hands notifications over.
#[derive(Clone)]
pub struct Postman {
    address: String,
    bag: Arc<Bag>,
}

struct Bag {
    http: Client,
    gateways: Mutex<Vec<String>>,
    turn: AtomicUsize,
    refused: AtomicUsize,
    kept: Mutex<VecDeque<Notice>>,
}

/// A notification as it came.
#[derive(Clone)]
struct Notice {
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Postman {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let http = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(PATIENCE)
            .build()?;
        let bag = Arc::new(Bag {
            http,
            gateways: Mutex::default(),
            turn: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            kept: Mutex::default(),
        });
        tokio::spawn(receive(listener, Arc::clone(&bag)));
        Ok(Self { address, bag })
    }

    /// Where Alipay finds it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on notifications go to these gateways.
    pub fn serve(&self, gateways: Vec<String>) {
        *self
            .bag
            .gateways
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = gateways;
    }

    /// How many notifications a gateway did not believe or could not read.
    pub fn refused(&self) -> usize {
        self.bag.refused.load(Ordering::Relaxed)
    }

    /// Sends every notification that is kept again, `times` times, all at once; gives how many were
    /// acknowledged.
    pub async fn storm(&self, times: usize) -> usize {
        let kept = self.bag.kept.lock();
        let kept = kept.unwrap_or_else(PoisonError::into_inner).clone();
        let mut sent = tokio::task::JoinSet::new();
        for _ in 0..times {
            for notice in kept.clone() {
                let bag = Arc::clone(&self.bag);
                sent.spawn(async move { bag.hand_over(&notice).await.0 });
            }
        }
        let answers = sent.join_all().await.into_iter();
        answers.filter(|status| *status == StatusCode::OK).count()
    }
}

impl Bag {
    fn keep(&self, notice: Notice) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(notice);
        if kept.len() > KEPT_MAX {
            kept.pop_front();
        }
    }

    /// Tries each gateway once, a different one first each time.
    async fn hand_over(&self, notice: &Notice) -> (StatusCode, Bytes) {
        let gateways = self.gateways.lock();
        let gateways = gateways.unwrap_or_else(PoisonError::into_inner).clone();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for gateway in (0..gateways.len())
            .filter_map(|place| gateways.get((first.wrapping_add(place)) % gateways.len()))
        {
            let request = self
                .http
                .post(format!("{gateway}{}", notice.path))
                .headers(notice.headers.clone())
                .body(notice.body.clone());
            let Ok(answer) = request.send().await else {
                continue;
            };
            let status = answer.status();
            if status.is_client_error() {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            if let Ok(body) = answer.bytes().await {
                return (status, body);
            }
        }
        (StatusCode::BAD_GATEWAY, Bytes::new())
    }
}

async fn receive(listener: TcpListener, bag: Arc<Bag>) {
    while let Ok((stream, _)) = listener.accept().await {
        let bag = Arc::clone(&bag);
        tokio::spawn(async move {
            let serve = service_fn(|request| deliver(Arc::clone(&bag), request));
            // Alipay sends again whatever breaks off.
            let _broken = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), serve)
                .await;
        });
    }
}

async fn deliver(
    bag: Arc<Bag>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Ok(response(StatusCode::BAD_REQUEST, Bytes::new()));
    };
    let signed = SIGNED.iter().filter_map(|name| {
        let value = head.headers.get(*name)?.clone();
        Some((hyper::header::HeaderName::from_static(name), value))
    });
    let notice = Notice {
        path: head.uri.path().to_owned(),
        headers: signed.collect(),
        body: body.to_bytes(),
    };
    let (status, body) = bag.hand_over(&notice).await;
    bag.keep(notice);
    Ok(response(status, body))
}

fn response(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}
