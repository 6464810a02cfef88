//! HTTP as cheap as it can be made: one token, connections that are kept, and nothing in between,
//! so that the load's own cost does not pass for the gateway's.

use crate::load::retry_after;
use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Builder;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;

/// Connections to one gateway. Each carries one request at a time, as HTTP/1.1 wants it.
pub(super) struct Connections {
    address: String,
    host: HeaderValue,
    token: HeaderValue,
    /// The last one back is the next one out: the others grow cold and are closed.
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

/// An answer, whole.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// How long the gateway wants to be left alone, where it says so.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

impl Connections {
    /// To the gateway at `http://host:port`.
    pub(super) fn to(gateway: &str, token: &str) -> anyhow::Result<Self> {
        let address = gateway.strip_prefix("http://");
        let address = address.with_context(|| format!("{gateway} is no address"))?;
        let mut token = HeaderValue::from_str(&format!("Bearer {token}"))?;
        token.set_sensitive(true);
        Ok(Self {
            address: address.to_owned(),
            host: HeaderValue::from_str(address)?,
            token,
            idle: Mutex::default(),
        })
    }

    /// Opens so many, so that the first requests need not wait for them.
    pub(super) async fn open(&self, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            let connection = self.connect().await?;
            self.keep(connection);
        }
        Ok(())
    }

    /// A request to which the caller adds what is its own.
    pub(super) fn request(&self, method: &str, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &self.token)
            .header(CONTENT_TYPE, "application/json")
    }

    /// The answer, whole.
    pub(super) async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        patience: Duration,
    ) -> anyhow::Result<Reply> {
        let answer = tokio::time::timeout(patience, self.exchange(request)).await;
        answer.context("no answer in time")?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let response = connection.send_request(request).await?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let body = response.into_body().collect().await?.to_bytes();
        self.keep(connection);
        Ok(Reply {
            status,
            retry_after,
            body,
        })
    }

    fn take(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: SendRequest<Full<Bytes>>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (mut connection, driver) = handshake(TokioIo::new(stream)).await?;
        // Ends with the connection; whoever waits on it hears of it there.
        tokio::spawn(async move { driver.await.is_ok() });
        connection.ready().await?;
        ensure!(!connection.is_closed(), "the connection is closed");
        Ok(connection)
    }
}
