//! Everything in one process, on one SQLite file: durable, and safe under kill -9.

mod compose;
mod greeting;
mod keys;
mod setup;
mod token;

pub(crate) use greeting::greet;
pub(crate) use keys::{TokenKey, keep};
pub(crate) use setup::{Made, Ports, Setup, make_dir};
pub(crate) use token::Issuing;

use crate::database::{self, Place};
use chassis::metrics::Metrics;
use chassis::shutdown::Shutdown;
use compose::{Rooms, compose};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::task::JoinHandle;

/// A standalone at work.
pub(crate) struct Standalone {
    /// Where merchants call.
    pub(crate) gateway: SocketAddr,
    /// Where operators look.
    pub(crate) operations: SocketAddr,
    /// Where the simulated Alipay is, if there is one.
    pub(crate) simulator: Option<SocketAddr>,
    /// Where the demo merchant's token is, if there is one.
    pub(crate) token_file: Option<PathBuf>,
    rooms: Vec<Room>,
    store: store::Store,
    _claim: std::fs::File,
}

/// One room at work.
struct Room {
    name: &'static str,
    stop: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Standalone {
    /// Builds and starts everything; when it returns, payments can be made.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub(crate) async fn start(setup: Setup, metrics: Metrics) -> anyhow::Result<Self> {
        let token_file = setup.token_file.clone();
        let Rooms {
            gateway,
            orchestrator,
            projector,
            simulator,
            operations,
            store,
            database,
            data_dir,
            claim,
        } = compose(setup, metrics).await?;
        let gateway_addr = gateway.addr();
        let operations_addr = operations.addr();
        let simulator_addr = simulator.as_ref().map(alipay_simulator::App::addr);
        // In the order in which they stop: no door is left without what stands behind it.
        let mut rooms = vec![
            open("gateway", |stop| async move {
                gateway.run(stop).await;
                Ok(())
            }),
            open("orchestrator", |stop| async move {
                orchestrator.run(stop).await;
                Ok(())
            }),
            open("projector", |stop| async move {
                projector.run(stop).await;
                Ok(())
            }),
        ];
        let watched = store.clone();
        rooms.push(open("database's watch", |stop| async move {
            let place = Place::Directory(&data_dir);
            tokio::select! {
                () = database::watch(watched, database, place) => {}
                () = stop => {}
            }
            Ok(())
        }));
        if let Some(simulator) = simulator {
            rooms.push(open("simulator", |stop| simulator.run(stop)));
        }
        rooms.push(open("operators' door", |stop| async move {
            operations.run(stop).await;
            Ok(())
        }));
        Ok(Self {
            gateway: gateway_addr,
            operations: operations_addr,
            simulator: simulator_addr,
            token_file,
            rooms,
            store,
            _claim: claim,
        })
    }

    /// Runs until it is asked to stop, or a room ends by itself, which is an error.
    ///
    /// # Errors
    /// Which room ended, and why.
    pub(crate) async fn run(mut self, shutdown: &Shutdown) -> anyhow::Result<()> {
        let failed = tokio::select! {
            () = shutdown.requested() => None,
            name = first_ended(&mut self.rooms) => Some(name),
        };
        self.stop().await?;
        match failed {
            Some(name) => anyhow::bail!("the {name} ended by itself; see the log above"),
            None => Ok(()),
        }
    }

    /// Stops the rooms one after the other.
    ///
    /// # Errors
    /// What a room failed with.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for room in self.rooms {
            room.stop.request();
            if room.task.is_finished() {
                continue;
            }
            let ended = room.task.await.map_err(anyhow::Error::from).flatten();
            if let Err(error) = ended {
                tracing::error!(room = room.name, %error, "did not stop well");
                outcome = Err(error);
            }
        }
        self.store.close().await;
        outcome
    }
}

fn open<F, R>(name: &'static str, run: F) -> Room
where
    F: FnOnce(StopHeard) -> R,
    R: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let stop = Shutdown::new();
    let heard: StopHeard = {
        let stop = stop.clone();
        Box::pin(async move { stop.requested().await })
    };
    Room {
        name,
        stop,
        task: tokio::spawn(run(heard)),
    }
}

/// Resolves when a room is asked to stop.
type StopHeard = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// The first room to end although nobody asked it to.
async fn first_ended(rooms: &mut [Room]) -> &'static str {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::task::Poll;
    poll_fn(|context| {
        for room in rooms.iter_mut() {
            if let Poll::Ready(ended) = Pin::new(&mut room.task).poll(context) {
                if let Err(error) = ended.map_err(anyhow::Error::from).flatten() {
                    tracing::error!(room = room.name, %error, "ended by itself");
                }
                return Poll::Ready(room.name);
            }
        }
        Poll::Pending
    })
    .await
}
