//! A line to PostgreSQL that goes silent, as when a firewall forgets it: nothing comes back, no
//! error either.

use crate::database::on_postgres;
use crate::world::{at, pay, terms};
use payment::Input;
use std::net::SocketAddr;
use std::time::Duration;
use store::{Error, ExecuteError, Store};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Longer than any call may take here; a call that waits for the dead line takes for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a caller tries again.
const TRIES_MAX: u32 = 20;

/// A way to the server on which open connections can be made silent.
struct Line {
    address: SocketAddr,
    cuts: watch::Sender<u32>,
}

impl Line {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cuts, cut) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.unwrap();
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(carry(near_in, far_out, cut.clone()));
                tokio::spawn(carry(far_in, near_out, cut.clone()));
            }
        });
        Self { address, cuts }
    }

    /// Nothing more comes through what is open now. New connections are well.
    fn silence(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

/// Carries bytes until the line is cut; then keeps the sockets open and carries none.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut cut: watch::Receiver<u32>,
) {
    cut.mark_unchanged();
    let mut bytes = vec![0; 16_384];
    loop {
        tokio::select! {
            biased;
            changed = cut.changed() => {
                if changed.is_ok() {
                    std::future::pending::<()>().await;
                }
                return;
            }
            read = from.read(&mut bytes) => match read {
                Ok(count @ 1..) if to.write_all(&bytes[..count]).await.is_ok() => {}
                Ok(_) | Err(_) => return,
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_goes_silent_is_given_up_and_another_is_taken() {
    on_postgres(async |database| {
        let line = Line::to(database.server()).await;
        let mut options = database.through(line.address);
        options.connections_max = 2;
        options.writers = 1;
        options.acquire_timeout_ms = 2_000;
        options.statement_timeout_ms = 1_000;
        let store = Store::connect(&options).await.unwrap();
        pay(&store, &terms("O-1", "R-1")).await;
        line.silence();
        let sale = terms("O-2", "R-2");
        let mut unavailable = 0;
        let trying = async {
            loop {
                let input = Input::Pay(Box::new(sale.clone()));
                match store::execute(&store, sale.order(), input, at(1), 0).await {
                    Ok(_) => return,
                    Err(ExecuteError::Store(Error::Busy(_) | Error::Unavailable(_))) => {
                        unavailable += 1
                    }
                    Err(error) => panic!("{error}"),
                }
                assert!(
                    unavailable < TRIES_MAX,
                    "the dead line is lent again and again"
                );
            }
        };
        tokio::time::timeout(PATIENCE, trying)
            .await
            .expect("nothing waits for a line that is dead");
        assert!(unavailable > 0, "the line was silent");
        assert_eq!(store.load(sale.order()).await.unwrap().version, 2);
    })
    .await;
}
