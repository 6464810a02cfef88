//! The HTTP server: actix's own parts put together here, because its ready-made server lets nobody
//! between socket and parser. There stands `wire`: it puts words to what the parser refuses, and
//! ends connections that only take up a place.

mod places;
mod wire;

pub(crate) use places::Places;
pub(crate) use wire::Talk;

use crate::config::Limits;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wire::Wire;

/// Tills sell every minute or so; a new connection for each sale would cost them a round trip.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How many connections the system keeps until they are taken in.
const BACKLOG: u32 = 1_024;

/// Takes the address.
///
/// # Errors
/// When it can't be bound.
pub(crate) fn listen(at: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if at.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Serves what `factory` makes, once per thread, until it is stopped.
///
/// # Errors
/// When the listener can't be used.
pub(crate) fn serve<F, I, S, B>(
    listener: TcpListener,
    limits: &Limits,
    places: &Places,
    stopping: &CancellationToken,
    factory: F,
) -> std::io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let timeout = Duration::from_millis(limits.client_timeout_ms);
    let each = places.most().div_ceil(limits.workers.max(1));
    let (places, stopping) = (places.clone(), stopping.clone());
    let builder = Server::build()
        .workers(limits.workers)
        .max_concurrent_connections(each)
        .shutdown_timeout(limits.drain_s)
        .disable_signals();
    let builder = builder.listen("gateway", listener, move || {
        let (places, stopping) = (places.clone(), stopping.clone());
        let app = factory()
            .into_factory()
            .map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || stopping.clone().cancelled_owned())
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(timeout)
            .client_disconnect_timeout(timeout)
            // A client that hangs up is gone: nothing is handed to it (K6b).
            .h1_allow_half_closed(false)
            .on_connect_ext(|wire: &Wire, connection| {
                connection.insert(wire.talk());
            })
            .finish(map_config(app, |_| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            // A connection that can't be set so is slower, and will fail by itself if it is dead.
            let _slower = stream.set_nodelay(true);
            let wire = Wire::of(stream, places.take(), KEEP_ALIVE.saturating_add(timeout));
            std::future::ready(Ok::<_, DispatchError>((wire, Protocol::Http1, peer)))
        })
        .and_then(http)
    })?;
    Ok(builder.run())
}
