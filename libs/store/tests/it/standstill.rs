//! A process that stands still in the middle of a transaction, as a paused machine does: its line to
//! PostgreSQL is whole, so the server can't tell.

use crate::database::on_postgres;
use crate::gate::Gate;
use crate::world::{all_events, pay, terms};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Longer than the server lets a transaction stand still, shorter than a statement may take here.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_holds_that_stands_still_in_a_transaction_is_free_before_a_statements_time_is_up()
 {
    on_postgres(async |database| {
        let sale = terms("O-1", "R-1");
        let other = database.store().await;
        let gate = Gate::before_the_events_of(&database, sale.order()).await;
        let (stop, stopped) = oneshot::channel();
        // A runtime that only this thread drives: once it does not, the process stands still.
        let process = {
            let (database, sale) = (database.clone(), sale.clone());
            tokio::task::spawn_blocking(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let store = database.store().await;
                    tokio::spawn(async move { pay(&store, &sale).await });
                    stopped.await.unwrap();
                });
                runtime
            })
        };
        gate.reached().await;
        stop.send(()).unwrap();
        let process = process.await.unwrap();
        // Its statement ends; nobody hears of that, and the order's head stays locked.
        gate.open().await;
        let paid = tokio::time::timeout(SOON, pay(&other, &sale)).await;
        paid.expect("it is held up by the one that stands still");
        assert_eq!(all_events(&other).await.len(), 2);
        process.shutdown_background();
    })
    .await;
}
