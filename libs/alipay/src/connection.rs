//! One connection to Alipay, over which one call goes at a time, in HTTP/1.1: so it is plain whose
//! bytes were written, and what breaks takes one call with it (decision 37).

use crate::gate::{Gate, Gated};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use std::future::poll_fn;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use tower_service::Service;

/// Makes connections to one origin.
#[derive(Clone)]
pub(crate) struct Connector {
    origin: Uri,
    tcp: HttpConnector,
    /// Where the origin begins with https.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// An open connection. Dropped, it is closed, and nothing more goes out over it.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    gate: Gate,
    /// Reads and writes.
    _task: AbortOnDropHandle<()>,
}

/// Why there is no connection. Nothing of a request was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectFault {
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    #[error("TLS failed: {0}")]
    Tls(#[from] std::io::Error),
    #[error("it does not speak HTTP: {0}")]
    Http(#[from] hyper::Error),
}

/// What became of a request that brought no response.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// Not one of its bytes was written, and none will be.
    Unsent,
    /// Bytes of it were written.
    Sent,
}

impl Connector {
    /// A connector to `origin`, with the certificates that this machine trusts.
    pub(crate) fn new(origin: Uri) -> Result<Self, rustls::Error> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let trust = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Self::trusting(origin, trust)
    }

    pub(crate) fn trusting(origin: Uri, mut trust: ClientConfig) -> Result<Self, rustls::Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = if origin.scheme_str() == Some("https") {
            trust.alpn_protocols = vec![b"http/1.1".to_vec()];
            let host = origin.host().unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let name = ServerName::try_from(host.to_owned())
                .map_err(|_| rustls::Error::General("the host's name is none".to_owned()))?;
            Some((TlsConnector::from(Arc::new(trust)), name))
        } else {
            None
        };
        Ok(Self { origin, tcp, tls })
    }

    /// The origin's host and port, for the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        self.origin.authority().map_or("", |name| name.as_str())
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<Connection, ConnectFault> {
        let mut tcp = self.tcp.clone();
        let ready = poll_fn(|cx| tcp.poll_ready(cx)).await;
        let connected = match ready {
            Ok(()) => tcp.call(self.origin.clone()).await,
            Err(error) => Err(error),
        };
        let stream = connected
            .map_err(|error| ConnectFault::Unreachable(error.to_string()))?
            .into_inner();
        let gate = Gate::new();
        let gated = Gated::new(stream, gate.clone());
        match &self.tls {
            Some((tls, name)) => {
                let stream = tls.connect(name.clone(), gated).await?;
                Connection::over(stream, gate).await
            }
            None => Connection::over(gated, gate).await,
        }
    }
}

impl Connection {
    async fn over<S>(stream: S, gate: Gate) -> Result<Self, ConnectFault>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, line) = handshake(TokioIo::new(stream)).await?;
        let task = tokio::spawn(async move {
            // Whoever waits for a response hears of it, too.
            if let Err(error) = line.await {
                tracing::debug!(%error, "a connection to Alipay ended");
            }
        });
        Ok(Self {
            sender,
            gate,
            _task: AbortOnDropHandle::new(task),
        })
    }

    /// Whether the other side has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request, whose first byte goes out until `not_after` or never, and waits for the
    /// head of its response.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        not_after: Instant,
    ) -> Result<Response<Incoming>, hyper::Error> {
        self.gate.announce(not_after);
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }

    /// Closes it after a request that was not answered, and says what became of that.
    pub(crate) fn give_up(self) -> Unanswered {
        if self.gate.shut() {
            Unanswered::Sent
        } else {
            Unanswered::Unsent
        }
    }
}

#[cfg(test)]
mod tests;
