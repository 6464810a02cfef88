//! What of a request went out. The gate stands directly before the kernel, beneath TLS, so that "not
//! one byte was sent" is known and never guessed from the kind of an error (decision 37).

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Whether bytes may pass, and whether any did since a request was announced. Clones are the same
/// gate.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Mutex<State>>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// No request is under way: a handshake may be.
    Idle,
    /// A request may pass. Its first byte passes until `not_after` or never.
    Announced { not_after: Instant },
    /// Bytes of a request have passed; the rest may follow.
    Passed,
    /// Nothing passes any more.
    Shut,
}

impl Gate {
    /// A gate before any request.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State::Idle)))
    }

    /// A request comes. What passes from now on counts as its bytes.
    pub(crate) fn announce(&self, not_after: Instant) {
        let mut state = self.state();
        if *state != State::Shut {
            *state = State::Announced { not_after };
        }
    }

    /// Shuts it for good, and says whether bytes of the request have passed. If none have, none
    /// ever will.
    pub(crate) fn shut(&self) -> bool {
        let mut state = self.state();
        let passed = *state == State::Passed;
        *state = State::Shut;
        passed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes under the lock, so that no byte passes behind [`Self::shut`].
    fn pass<S: Peer>(
        &self,
        stream: &mut S,
        write: impl FnOnce(&mut S) -> Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        let mut state = self.state();
        let refused = match *state {
            State::Idle | State::Passed => return write(stream),
            State::Shut => Some(ErrorKind::ConnectionAborted),
            State::Announced { not_after } if Instant::now() > not_after => {
                Some(ErrorKind::TimedOut)
            }
            State::Announced { .. } => stream.closed().then_some(ErrorKind::ConnectionReset),
        };
        if let Some(kind) = refused {
            return Poll::Ready(Err(kind.into()));
        }
        let wrote = write(stream);
        if matches!(wrote, Poll::Ready(Ok(1..))) {
            *state = State::Passed;
        }
        wrote
    }
}

/// A stream whose other end may be known to be gone.
pub(crate) trait Peer {
    /// Whether the other side has closed its half, as far as the kernel has heard. What is written
    /// then would reach nobody.
    fn closed(&self) -> bool;
}

impl Peer for TcpStream {
    fn closed(&self) -> bool {
        #[cfg(target_os = "linux")]
        let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        #[cfg(not(target_os = "linux"))]
        let gone = PollFlags::HUP | PollFlags::ERR;
        let mut asked = [PollFd::new(self, gone)];
        let at_once = Timespec::default();
        poll(&mut asked, Some(&at_once)).is_ok_and(|count| count > 0)
    }
}

/// A stream behind its gate.
pub(crate) struct Gated<S> {
    stream: S,
    gate: Gate,
}

impl<S> Gated<S> {
    /// Puts the gate before the stream.
    pub(crate) fn new(stream: S, gate: Gate) -> Self {
        Self { stream, gate }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gated<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Peer + Unpin> AsyncWrite for Gated<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<Result<usize>> {
        let Self { stream, gate } = &mut *self;
        gate.pass(stream, |stream| Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let Self { stream, gate } = &mut *self;
        gate.pass(stream, |stream| {
            Pin::new(stream).poll_write_vectored(cx, bufs)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    /// An end whose other end may be known to be gone.
    struct End {
        stream: DuplexStream,
        closed: bool,
    }

    impl Peer for End {
        fn closed(&self) -> bool {
            self.closed
        }
    }

    impl AsyncWrite for End {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<Result<usize>> {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }

    /// A gated end that takes one byte at a time, and its gate.
    fn gated(closed: bool) -> (Gated<End>, Gate, DuplexStream) {
        let (stream, other) = duplex(1);
        let gate = Gate::new();
        (
            Gated::new(End { stream, closed }, gate.clone()),
            gate,
            other,
        )
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    /// One try to write; whether it has to wait.
    async fn waits(stream: &mut Gated<End>, bytes: &[u8]) -> bool {
        let mut stream = Pin::new(stream);
        poll_fn(|cx| Poll::Ready(stream.as_mut().poll_write(cx, bytes).is_pending())).await
    }

    #[tokio::test]
    async fn a_request_has_passed_once_its_first_byte_has_and_not_when_it_was_announced() {
        let (mut stream, gate, _other) = gated(false);
        stream.write_all(b"h").await.unwrap();
        gate.announce(soon());
        assert!(waits(&mut stream, b"pay").await, "nobody reads");
        assert!(!gate.shut(), "what came before it was a handshake's");
        let (mut stream, gate, _other) = gated(false);
        gate.announce(soon());
        assert_eq!(stream.write(b"pay").await.unwrap(), 1);
        assert!(gate.shut(), "one byte is enough");
    }

    #[tokio::test]
    async fn nothing_passes_behind_a_gate_that_was_shut_even_if_a_request_is_announced_again() {
        let (mut stream, gate, _other) = gated(false);
        gate.announce(soon());
        assert!(!gate.shut());
        gate.announce(soon());
        let refused = stream.write(b"pay").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionAborted);
        assert!(!gate.shut());
    }

    #[tokio::test]
    async fn case_x12_the_first_byte_passes_in_time_or_never() {
        let (mut stream, gate, _other) = gated(false);
        gate.announce(Instant::now() - Duration::from_millis(1));
        let refused = stream.write(b"pay").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TimedOut);
        assert!(!gate.shut());
    }

    #[tokio::test]
    async fn nothing_of_a_request_is_written_to_whoever_has_closed() {
        let (mut stream, gate, _other) = gated(true);
        gate.announce(soon());
        let refused = stream.write(b"pay").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionReset);
        assert!(!gate.shut());
    }
}
