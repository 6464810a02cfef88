//! The fleet's line to Redis, and who keeps it: connects, tries whether Redis really works, and
//! begins again whenever it does not. One connection per process; RESP3, so that news come over
//! it too.

use crate::options::{Fault, RedisOptions};
use crate::redis_line::{RedisLine, Standing};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo, ProtocolVersion,
    PushInfo, RedisError, RedisResult,
};
use secrecy::ExposeSecret;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// How often an idle line is tried, so that readiness knows before a payment does.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// How long a new connection may take, with TLS and password.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// A connection that was silent for this long is given up.
const NEVER_AFTER: Duration = Duration::from_secs(1);

/// The first wait before another try.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The line to Redis. Clones share it; with the last one it goes.
#[derive(Clone)]
pub struct Link {
    pub(crate) line: Arc<RedisLine>,
    tasks: Arc<Tasks>,
}

/// What runs beside the callers, as long as any clone of the link lives.
#[derive(Default)]
struct Tasks(Mutex<Vec<AbortHandle>>);

impl Link {
    /// A line that is connected in the background, now and whenever it breaks. Must be called in
    /// a tokio runtime. That Redis is not there is no error.
    ///
    /// # Errors
    /// The first [`Fault`] of the options.
    pub fn open(options: &RedisOptions) -> Result<Self, Fault> {
        if let Some(fault) = options.faults().into_iter().next() {
            return Err(fault);
        }
        let client = client(options).map_err(|_| Fault {
            setting: "fleet.redis.url",
            problem: "no connection can be made of it",
        })?;
        let line = Arc::new(RedisLine::new(
            options.key_prefix.clone(),
            Duration::from_millis(options.command_timeout_ms),
            Duration::from_millis(options.lease_longest_ms),
        ));
        let link = Self {
            line: Arc::clone(&line),
            tasks: Arc::default(),
        };
        let waits = ExponentialBuilder::default()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(Duration::from_millis(options.reconnect_longest_ms))
            .with_jitter()
            .without_max_times();
        link.run(keep(line, client, waits));
        Ok(link)
    }

    /// Whether Redis can be used, as it changes: what readiness and a person should know.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.line.standing()
    }

    /// Runs something for as long as the link lives. It must not hold the link itself.
    pub(crate) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(task).abort_handle();
        let mut tasks = self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(handle);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        let tasks = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("standing", &*self.standing().borrow())
            .finish_non_exhaustive()
    }
}

fn client(options: &RedisOptions) -> RedisResult<Client> {
    let told = options.url.expose_secret().into_connection_info()?;
    if matches!(told.addr(), ConnectionAddr::TcpTls { .. }) {
        // Redis's client takes the process's provider, and panics where there is none. Some other
        // room may have set it already; any will do.
        let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let settings = told
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    // Without this, a small question may wait 40 ms for the last one's acknowledgement.
    let tcp = TcpSettings::default().set_nodelay(true);
    Client::open(told.set_redis_settings(settings).set_tcp_settings(tcp))
}

async fn keep(line: Arc<RedisLine>, client: Client, backoff: ExponentialBuilder) {
    let mut waits = backoff.build();
    let mut said = false;
    loop {
        match connect(&line, &client).await {
            Ok(connection) => {
                said = false;
                waits = backoff.build();
                stay(&line, connection).await;
                line.set(None);
            }
            // Once, not with every try.
            Err(reason) if !said => {
                said = true;
                tracing::warn!(reason, "Redis can't be reached; all goes on without it");
            }
            Err(_) => {}
        }
        tokio::time::sleep(next(&mut waits)).await;
    }
}

fn next(waits: &mut ExponentialBackoff) -> Duration {
    waits.next().unwrap_or(FIRST_WAIT)
}

/// A connection over which Redis was seen to work.
async fn connect(
    line: &Arc<RedisLine>,
    client: &Client,
) -> Result<MultiplexedConnection, &'static str> {
    let hearing = Arc::downgrade(line);
    let heard = move |push: PushInfo| {
        if let Some(line) = hearing.upgrade() {
            line.pushed(&push);
        }
        Ok::<(), redis::aio::SendError>(())
    };
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(None)
        .set_push_sender(heard);
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(reason(&error)),
        Err(_) => Err("no answer in time"),
    }
}

/// In our own words: the library's may hold the address.
fn reason(error: &RedisError) -> &'static str {
    if error.kind() == ErrorKind::AuthenticationFailed {
        "it does not take the user or the password in fleet.redis.url"
    } else if error.is_connection_refusal() {
        "nothing listens at its address"
    } else {
        "no connection, or not one that speaks RESP3 (Redis 6 or later)"
    }
}

/// Returns when the connection is of no use any more. One that is only slow is kept, but not used.
async fn stay(line: &RedisLine, mut connection: MultiplexedConnection) {
    let mut hears = false;
    loop {
        let usable = match works(line, connection.clone()).await {
            Answer::InTime => true,
            Answer::Late => false,
            Answer::Never => return,
        };
        if usable && !hears && line.wanted.load(Ordering::Relaxed) {
            // Its confirmation wakes every watcher: what was told before was not heard.
            let asked = connection.subscribe(line.channel());
            if !matches!(tokio::time::timeout(NEVER_AFTER, asked).await, Ok(Ok(()))) {
                return;
            }
            hears = true;
        }
        line.set(usable.then(|| connection.clone()));
        let pause = if usable { TRY_EVERY } else { FIRST_WAIT };
        tokio::select! {
            () = line.trouble.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How Redis took a try.
enum Answer {
    InTime,
    Late,
    Never,
}

/// Whether Redis takes a write now: one that only answers pings (a replica, a full one) is no use.
async fn works(line: &RedisLine, mut connection: MultiplexedConnection) -> Answer {
    let mut attempt = redis::cmd("SET");
    attempt
        .arg(format!("{}:there", line.prefix))
        .arg(1)
        .arg("PX")
        .arg(1_000);
    let asked_at = Instant::now();
    let asked = attempt.exec_async(&mut connection);
    match tokio::time::timeout(NEVER_AFTER, asked).await {
        Ok(Ok(())) if asked_at.elapsed() <= line.timeout => Answer::InTime,
        Ok(Ok(())) => Answer::Late,
        Ok(Err(_)) | Err(_) => Answer::Never,
    }
}
