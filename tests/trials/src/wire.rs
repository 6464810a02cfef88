//! Connections that can be harmed: a proxy before PostgreSQL, Redis and Alipay, through which all
//! processes of a fleet go. It knows bytes, not what they mean.

use crate::engines::Engines;
use crate::fleet::Wiring;
use anyhow::Context;
use reqwest::Url;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What can be harmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// To the event log.
    Postgres,
    /// To leases and news.
    Redis,
    /// To Alipay; its notifications come another way.
    Alipay,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::Alipay];
}

/// What is done to every connection of a wire, old and new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Harm {
    /// Nothing.
    Whole,
    /// Closed at once.
    Cut,
    /// Each piece comes this much later, in milliseconds.
    Late(u64),
    /// Open, and nothing passes; what was sent passes when it is whole again.
    HalfOpen,
    /// What is asked arrives and is done; the answer comes when the wire is whole again.
    Unanswered,
    /// A hundred bytes every tenth of a second, in either direction.
    Slow,
}

/// The wires of a fleet.
pub struct Wires {
    laid: Vec<Laid>,
}

struct Laid {
    wire: Wire,
    address: String,
    /// `None` where the address is the other side's own.
    harm: Option<watch::Sender<Harm>>,
}

impl Wires {
    pub(crate) async fn lay(
        engines: &Engines,
        simulator_port: u16,
        wiring: Wiring,
    ) -> anyhow::Result<Self> {
        let mut laid = Vec::new();
        for (wire, target) in [
            (Wire::Postgres, host_and_port(&engines.postgres)?),
            (Wire::Redis, host_and_port(&engines.redis)?),
            (Wire::Alipay, format!("127.0.0.1:{simulator_port}")),
        ] {
            laid.push(match wiring {
                Wiring::Direct | Wiring::Bare => Laid {
                    wire,
                    address: target,
                    harm: None,
                },
                Wiring::Harmable => open(wire, target).await?,
            });
        }
        Ok(Self { laid })
    }

    /// One wire, to an Alipay of one's own.
    pub(crate) async fn to_alipay(target: String) -> anyhow::Result<Self> {
        let laid = vec![open(Wire::Alipay, target).await?];
        Ok(Self { laid })
    }

    /// `host:port` that leads to the other side.
    pub fn address(&self, wire: Wire) -> &str {
        let laid = self.laid.iter().find(|laid| laid.wire == wire);
        laid.map_or("", |laid| laid.address.as_str())
    }

    /// Does it to every connection of this wire.
    ///
    /// # Errors
    /// If the fleet was not wired for it.
    pub fn harm(&self, wire: Wire, harm: Harm) -> anyhow::Result<()> {
        let laid = self.laid.iter().find(|laid| laid.wire == wire);
        let switch = laid.and_then(|laid| laid.harm.as_ref());
        let switch = switch.context("this fleet's connections are direct")?;
        switch.send_replace(harm);
        Ok(())
    }
}

fn host_and_port(url: &Url) -> anyhow::Result<String> {
    let host = url.host_str().context("an engine's address has a host")?;
    let port = url.port().context("an engine's address has a port")?;
    Ok(format!("{host}:{port}"))
}

async fn open(wire: Wire, target: String) -> anyhow::Result<Laid> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?.to_string();
    let (harm, heard) = watch::channel(Harm::Whole);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let (target, heard) = (target.clone(), heard.clone());
            tokio::spawn(async move {
                // A broken connection is what both ends are here to bear.
                let _broken = join(near, &target, heard).await;
            });
        }
    });
    Ok(Laid {
        wire,
        address,
        harm: Some(harm),
    })
}

/// Joins two ends until one of them, or the wire, is cut.
async fn join(near: TcpStream, target: &str, heard: watch::Receiver<Harm>) -> std::io::Result<()> {
    if *heard.borrow() == Harm::Cut {
        return Ok(());
    }
    let far = TcpStream::connect(target).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let mut cut = heard.clone();
    tokio::select! {
        there = pass(near_in, far_out, Way::There, heard.clone()) => there,
        back = pass(far_in, near_out, Way::Back, heard) => back,
        _ = cut.wait_for(|harm| *harm == Harm::Cut) => Ok(()),
    }
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// What is asked.
    There,
    /// What is answered.
    Back,
}

/// Passes bytes on as the wire's harm lets them.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    way: Way,
    mut heard: watch::Receiver<Harm>,
) -> std::io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        let Some(bytes) = piece.get(..length).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        let harm = *heard.borrow();
        match harm {
            Harm::Unanswered if way == Way::There => to.write_all(bytes).await?,
            Harm::Whole | Harm::Cut => to.write_all(bytes).await?,
            Harm::Late(late_ms) => {
                tokio::time::sleep(Duration::from_millis(late_ms)).await;
                to.write_all(bytes).await?;
            }
            Harm::HalfOpen | Harm::Unanswered => {
                let over = heard.wait_for(|now| *now != harm).await;
                if over.map(|_| ()).is_err() {
                    return Ok(());
                }
                to.write_all(bytes).await?;
            }
            Harm::Slow => trickle(bytes, &mut to).await?,
        }
    }
}

async fn trickle(bytes: &[u8], to: &mut OwnedWriteHalf) -> std::io::Result<()> {
    for few in bytes.chunks(100) {
        to.write_all(few).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
