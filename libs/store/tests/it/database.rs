//! A PostgreSQL database for one test, gone after it. Without an address the test is skipped, and
//! says so.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{PostgresOptions, Store};

/// Where the tests find a server on which they may create databases.
const ADDRESS: &str = "TIDEGATE_TEST_POSTGRES";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database of one's own.
#[derive(Clone)]
pub(crate) struct Database {
    url: Arc<str>,
}

impl Database {
    /// One that another server has.
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.into() }
    }

    /// What programs of PostgreSQL are given to reach it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A store on it; a second one is a second process.
    pub(crate) async fn store(&self) -> Store {
        Store::connect(&self.options()).await.unwrap()
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        let mut options = PostgresOptions::standard(self.url.to_string().into());
        // So that no test fails for a machine that is busy.
        options.statement_timeout_ms = 30_000;
        options.acquire_timeout_ms = 30_000;
        options.connect_timeout_ms = 30_000;
        options
    }

    /// The server's address, as `host:port`.
    pub(crate) fn server(&self) -> String {
        let target: PgConnectOptions = self.url.parse().unwrap();
        format!("{}:{}", target.get_host(), target.get_port())
    }

    /// The options that lead to it by another way.
    pub(crate) fn through(&self, address: SocketAddr) -> PostgresOptions {
        let url = self.url.replacen(&self.server(), &address.to_string(), 1);
        assert_ne!(*url, *self.url, "{ADDRESS} must name the port");
        PostgresOptions {
            url: Some(url.into()),
            ..self.options()
        }
    }

    /// A connection past the store.
    pub(crate) async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }
}

/// Runs a test on a database of its own, if there is a server.
pub(crate) async fn on_postgres<T>(test: T)
where
    T: AsyncFnOnce(Database),
{
    let Ok(server) = std::env::var(ADDRESS) else {
        // Past the harness, which would keep it to itself.
        let mut told = std::io::stderr();
        writeln!(told, "SKIPPED, not passed: {ADDRESS} names no PostgreSQL").unwrap();
        return;
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_store_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    create(&mut connection, &name).await;
    let (front, query) = server.split_once('?').unwrap_or((&server, ""));
    let (front, _) = front.rsplit_once('/').unwrap();
    let url = format!("{front}/{name}?{query}").into();
    let dropped = Dropped { server, name };
    Box::pin(test(Database { url })).await;
    dropped.now().await;
}

async fn create(connection: &mut PgConnection, name: &str) {
    let create = format!("CREATE DATABASE {name}");
    sqlx::query(AssertSqlSafe(create))
        .execute(connection)
        .await
        .unwrap();
}

/// Drops the database, also when the test failed.
struct Dropped {
    server: String,
    name: String,
}

impl Dropped {
    async fn now(&self) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        sqlx::query(AssertSqlSafe(drop))
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let runtime = tokio::runtime::Handle::current();
            tokio::task::block_in_place(|| runtime.block_on(self.now()));
        }
    }
}
