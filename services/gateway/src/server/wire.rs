//! One connection, between socket and parser. The parser answers by itself what it can't read: a
//! bare status, which gets its problem and its request id here. And it never gives up some that say
//! nothing, or drip: those are ended here.

use super::places::Place;
use crate::problem::{Code, Problem};
use actix_web::http::StatusCode;
use actix_web::rt::net::TcpStream;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use uuid::Uuid;

/// How long a connection may say nothing while few places are left. Also how often that is looked
/// at.
const SILENT_MAX: Duration = Duration::from_secs(2);

/// How long a connection that made a request is kept for its next one while few places are left.
/// Longer than a stream is silent between two signs of life.
const KEPT_MAX: Duration = Duration::from_secs(20);

/// How often such a connection is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The last bytes of what is written in which a bare answer of the parser is looked for.
const BARE_BYTES_MAX: usize = 512;

/// What the requests of one connection tell it.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    requests: AtomicUsize,
    answered: AtomicUsize,
}

impl Talk {
    /// A request was read whole, but for its body.
    pub(crate) fn asked(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Its answer has begun.
    pub(crate) fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    fn has_asked(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0
    }

    fn is_waiting(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > self.answered.load(Ordering::Relaxed)
    }
}

/// One connection.
pub(super) struct Wire {
    stream: TcpStream,
    talk: Arc<Talk>,
    place: Place,
    heard: bool,
    /// When something was last written, or it was opened.
    spoke_at: Instant,
    idle_max: Duration,
    look: Pin<Box<Sleep>>,
    /// What is written in the place of a bare answer, and how much of it went out.
    owed: Vec<u8>,
    sent: usize,
}

impl Wire {
    pub(super) fn of(stream: TcpStream, place: Place, idle_max: Duration) -> Self {
        Self {
            stream,
            talk: Arc::default(),
            place,
            heard: false,
            spoke_at: Instant::now(),
            idle_max,
            look: Box::pin(sleep(SILENT_MAX)),
            owed: Vec::new(),
            sent: 0,
        }
    }

    pub(super) fn talk(&self) -> Arc<Talk> {
        Arc::clone(&self.talk)
    }

    /// Whether it only takes up a place: it has no request under way, and was not written to for
    /// too long, whatever it dripped meanwhile. Too long is less while few places are left.
    fn is_idle(&self) -> bool {
        let since = self.spoke_at.elapsed();
        let crowded = since >= self.crowded_max() && self.place.is_among_the_last();
        !self.talk.is_waiting() && (crowded || since >= self.idle_max)
    }

    fn crowded_max(&self) -> Duration {
        if self.talk.has_asked() {
            KEPT_MAX
        } else {
            SILENT_MAX
        }
    }

    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.look.as_mut().poll(context).is_ready() {
            if self.is_idle() {
                metrics::counter!("gateway_idle_connections_ended_total").increment(1);
                return Poll::Ready(());
            }
            let asked = self.talk.has_asked();
            let wait = if asked { LOOK_EVERY } else { SILENT_MAX };
            self.look = Box::pin(sleep(wait));
        }
        Poll::Pending
    }

    fn poll_owed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.owed.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent = self.sent.saturating_add(sent);
        }
        self.owed.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.heard = true;
        }
        // Looked at in either case: what drips is read too. An end is told as a hang-up.
        match self.poll_idle(context) {
            Poll::Ready(()) => {
                buffer.set_filled(before);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => read,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_owed(context))?;
        self.spoke_at = Instant::now();
        let Some((before, status)) = bare(bytes) else {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        };
        // Who never said a word is hung up on without one.
        if self.heard {
            let answer = worded(status);
            self.owed = [bytes.get(..before).unwrap_or_default(), &answer].concat();
            if let Poll::Ready(Err(error)) = self.poll_owed(context) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_owed(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_owed(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Where a bare answer of the parser begins in what is to be written, and its status. It is always
/// the last of its connection; every answer of ours bears its request's id.
fn bare(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    const BEGINS: &[u8] = b"HTTP/1.1 ";
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(BARE_BYTES_MAX);
    let tail = bytes.get(from..)?;
    let place = tail
        .windows(BEGINS.len())
        .rposition(|window| window == BEGINS)?;
    let head = std::str::from_utf8(tail.get(place..)?).ok()?;
    let status = head.get(BEGINS.len()..)?.get(..3)?.parse().ok()?;
    let status = StatusCode::from_u16(status).ok()?;
    let refused = status.is_client_error() || status.is_server_error();
    let ours = head.to_ascii_lowercase().contains("\r\nx-request-id:");
    (refused && !ours).then_some((from.saturating_add(place), status))
}

/// The whole answer that says what the bare one left out.
fn worded(status: StatusCode) -> Vec<u8> {
    let problem = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Problem::new(
            Code::HeadTooLarge,
            "Address and headers together may have 131072 bytes, and a request 96 headers. Send fewer \
             or shorter ones.",
        ),
        StatusCode::REQUEST_TIMEOUT => Problem::new(
            Code::HeadTooSlow,
            "The request's address and headers did not arrive in time. Send it again, whole.",
        ),
        other if other.is_server_error() => Problem::internal(&other),
        _ => Problem::new(
            Code::BadRequest,
            "This is not HTTP/1.1 that can be read: look at the request line, at each header's \
             form, and at how the body's length is given. TLS ends before the gateway.",
        ),
    };
    let id = Uuid::new_v4().to_string();
    let row = problem.code.row();
    metrics::counter!("gateway_problems_total", "code" => row.code).increment(1);
    tracing::info!(
        request.id = %id, http.route = "unreadable", http.status = row.status.as_u16(),
        "answered a request"
    );
    problem.raw(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_parsers_own_bare_answers_at_the_end_of_what_is_written_are_worded() {
        let ok = "HTTP/1.1 200 OK\r\nx-request-id: 1\r\n\r\n{}";
        let bare_400 = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let found = bare(format!("{ok}{bare_400}").as_bytes());
        assert_eq!(found, Some((ok.len(), StatusCode::BAD_REQUEST)));
        assert_eq!(
            bare(bare_400.as_bytes()),
            Some((0, StatusCode::BAD_REQUEST))
        );
        for ours in [
            "HTTP/1.1 404 Not Found\r\nX-Request-Id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "id: 17\r\n\r\n",
            ok,
            "",
        ] {
            assert_eq!(bare(ours.as_bytes()), None, "{ours}");
        }
    }
}
