//! The simulator as a process runs it.

use crate::books::Books;
use crate::desk::Desk;
use crate::door::{self, Counter};
use crate::keys::{Keys, Party};
use crate::ledger_file::LedgerFile;
use crate::notices::{self, Outbox};
use crate::reaction::Api;
use crate::{Config, admin};
use actix_web::dev::Server;
use actix_web::web::{self, Bytes, Data, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpServer};
use alipay::wire::path;
use anyhow::Context;
use chassis::clock::Clock;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The largest request read.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// How long a stopping simulator lets answers finish; silent calls are cut off.
const DRAIN_S: u64 = 1;

/// The simulator, bound to its port and ready to run.
pub struct App {
    addr: SocketAddr,
    server: Server,
    desk: Desk,
    keys: Keys,
}

impl App {
    /// Reads keys and ledger, and binds the port.
    ///
    /// # Errors
    /// What can't be read or bound, and where.
    pub fn build(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let keys = keys(config)?;
        let (ledger, entries) = match &config.ledger_file {
            Some(path) => {
                let (ledger, entries) = LedgerFile::open(path)?;
                (Some(ledger), entries)
            }
            None => (None, Vec::new()),
        };
        let mut books = Books::opening_with(config.opening_minor);
        for entry in &entries {
            books.apply(entry);
        }
        let outbox = Outbox::derive(&entries, &books, config.resend_after_ms.clone());
        let desk = Desk::new(books, ledger, outbox, clock);
        let counter = Data::new(Counter {
            desk: desk.clone(),
            keys: keys.clone(),
            silence: Duration::from_millis(config.silence_ms),
        });
        let listener = TcpListener::bind(config.listen)
            .with_context(|| format!("the simulated Alipay can't listen on {}", config.listen))?;
        let addr = listener.local_addr()?;
        let server = HttpServer::new(move || {
            actix_web::App::new()
                .app_data(counter.clone())
                .app_data(PayloadConfig::new(BODY_BYTES_MAX))
                .configure(routes)
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(DRAIN_S)
        .tcp_nodelay(true)
        .listen(listener)?
        .run();
        Ok(Self {
            addr,
            server,
            desk,
            keys,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers until `shutdown` resolves.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = {
            let stopped = Arc::clone(&stopped);
            move || stopped.load(Ordering::Relaxed)
        };
        let sending = tokio::spawn(notices::run(self.desk, self.keys, is_stopped));
        let handle = self.server.handle();
        let serving = tokio::spawn(self.server);
        shutdown.await;
        stopped.store(true, Ordering::Relaxed);
        handle.stop(true).await;
        serving.await??;
        sending.await?;
        Ok(())
    }
}

fn keys(config: &Config) -> anyhow::Result<Keys> {
    let (alipays, accounts) = (&config.private_key_file, &config.merchant_public_key_file);
    let keys = Keys::new(&config.client_id, &text(alipays)?, &text(accounts)?);
    keys.map_err(|(party, fault)| {
        let path = match party {
            Party::Alipay => alipays,
            Party::Account => accounts,
        };
        anyhow::anyhow!("{}: {fault}", path.display())
    })
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}

fn routes(config: &mut ServiceConfig) {
    let apis = [
        (path::PAY, Api::Pay),
        (path::INQUIRY, Api::Inquiry),
        (path::CANCEL, Api::Cancel),
        (path::REFUND, Api::Refund),
        (path::INQUIRY_REFUND, Api::InquiryRefund),
    ];
    for prefix in [path::PRODUCTION, path::SANDBOX] {
        for (api_path, api) in apis {
            let called = move |request: HttpRequest, body: Bytes, counter: Data<Counter>| {
                door::call(api, request, body, counter)
            };
            config.route(&format!("{prefix}{api_path}"), web::post().to(called));
        }
    }
    config
        .route("/simulator/ledger", web::get().to(admin::ledger))
        .route("/simulator/behaviors", web::get().to(admin::behaviors))
        .route("/simulator/scripts", web::post().to(admin::script))
        .route("/simulator/keys/{party}", web::post().to(admin::add_key))
        .route(
            "/simulator/keys/{party}",
            web::put().to(admin::put_keys_in_force),
        )
        .route(
            "/simulator/payments/{payment_request_id}/{word}",
            web::post().to(admin::decide),
        );
}
