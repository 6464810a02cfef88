//! The gateway as a process runs it: built and bound, then served until told to stop.

use crate::admission::{Admission, Shares};
use crate::merchants::served;
use crate::notices::Alipay;
use crate::server::{self, Places};
use crate::state::State;
use crate::token::{self, Keys, Tokens};
use crate::{Config, count, request_id, routes};
use actix_server::Server;
use actix_web::middleware;
use actix_web::web::Data;
use anyhow::Context;
use bus::Producer;
use chassis::clock::Clock;
use chassis::config::{Check as _, Faults};
use chassis::health::{Check, Health};
use fleet::News;
use sale::{Identities, Sales};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// How long a stopping gateway lets appends and commands finish whose clients have gone.
const SETTLE: Duration = Duration::from_secs(5);

/// What the gateway works with.
pub struct Parts {
    /// Where payments are remembered.
    pub store: Store,
    /// Where commands go.
    pub producer: Producer,
    /// Wakes waiting merchants.
    pub news: News,
    /// Who Alipay is, and who we are to it.
    pub alipay: Alipay,
    /// The process's clock.
    pub clock: Arc<dyn Clock>,
    /// Where readiness is reported.
    pub health: Health,
}

/// The gateway, bound to its address and ready to run.
pub struct App {
    server: Server,
    addr: SocketAddr,
    keys: Keys,
    health: Check,
    keys_check: Check,
    sales: Sales<Store>,
}

impl App {
    /// Checks the settings, reads the issuer's keys, and binds.
    ///
    /// # Errors
    /// Everything that is wrong with the settings; a key file that can't be used; an address that
    /// can't be bound. Each says what to do.
    pub fn build(config: Config, parts: Parts) -> anyhow::Result<Self> {
        let mut faults = Faults::default();
        config.check(&mut faults);
        faults.or(()).context("the gateway's settings are wrong")?;
        let keys =
            Keys::read(&config.tokens.jwks_file).context("tokens.jwks_file can't be used")?;
        let health = parts.health.register("gateway");
        let keys_check = parts.health.register("gateway.keys");
        token::report(&keys, &keys_check);
        count::begin();
        let limits = config.limits.clone();
        let sales = Sales::new(
            parts.store.clone(),
            parts.producer.clone(),
            parts.news.clone(),
            Arc::clone(&parts.clock),
            Identities::random(),
        );
        let state = Data::new(State {
            sales: sales.clone(),
            store: parts.store,
            producer: parts.producer,
            alipay: parts.alipay,
            clock: parts.clock,
            tokens: Tokens::new(config.tokens, keys.clone()),
            merchants: served(&config.merchants, config.policy_profile.profile())?,
            notify_path: config.notify_path_public,
            codes: config.payment_codes.format(),
            admission: Admission::of(&config.limits),
            shares: Shares::of(&config.limits),
            limits: config.limits,
        });
        let listener = server::listen(config.listen).with_context(|| in_use(config.listen))?;
        let addr = listener.local_addr()?;
        let places = Places::of(limits.connections_max, chassis::descriptors::limit());
        let app = move || {
            actix_web::App::new()
                .app_data(state.clone())
                .wrap(middleware::from_fn(request_id::numbered))
                .configure(|config| routes::all(config, &state.codes))
        };
        let server = server::serve(listener, &limits, &places, &sales.stopping(), app)?;
        Ok(Self {
            server,
            addr,
            keys,
            health,
            keys_check,
            sales,
        })
    }

    /// Where it listens; the real port where port 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown` resolves, then lets the requests in hand finish.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self {
            server,
            addr,
            keys,
            health,
            keys_check,
            sales,
        } = self;
        let handle = server.handle();
        let mut serving = tokio::spawn(server);
        tokio::spawn(sales.clone().read_followed());
        health.up();
        tracing::info!(%addr, "the gateway serves");
        tokio::select! {
            () = shutdown => {}
            () = token::watch(keys, keys_check) => {}
            ended = &mut serving => {
                tracing::error!(?ended, "the gateway's server ended by itself");
                health.down("the server ended by itself; restart the process");
                return;
            }
        }
        health.down("stopping");
        // Every waiter is answered with what is known, so that none holds up the end; and what
        // goes on without its caller is finished while its thread still runs.
        sales.stop();
        sales.settle(SETTLE).await;
        handle.stop(true).await;
        if let Err(error) = serving.await {
            tracing::error!(%error, "the gateway's server did not end well");
        }
    }
}

fn in_use(listen: SocketAddr) -> String {
    format!(
        "the gateway can't listen on {listen}; another process may: stop it, or set \
         gateway.listen to another port"
    )
}
