//! What the rooms are handed out of the configuration, the same for a standalone and for a process
//! of their own. What is different between the two stands in `standalone` and in `processes`.

use crate::config::Config;
use crate::exit::Unavailable;
use alipay::{Account, Client};
use anyhow::Context;
use chassis::config::Faults;
use chassis::health::Health;
use chassis::metrics::Metrics;
use chassis::operations::Operations;
use orchestrator::Line;
use payment::MerchantId;
use std::collections::HashMap;
use std::net::SocketAddr;
use store::{Adoption, PostgresOptions, Store};

/// Who Alipay is to the door that its notifications come in by.
///
/// # Errors
/// A key file that can't be used.
pub(crate) fn notifications(config: &Config) -> anyhow::Result<gateway::Alipay> {
    Ok(gateway::Alipay {
        verifier: Account::verifier_of(&config.alipay)?,
        client_id: config.alipay.client_id.clone(),
    })
}

/// The history that all of a fleet's processes share.
///
/// # Errors
/// A database that can't be reached, or whose tables can't be brought up to date.
pub(crate) async fn history(postgres: &PostgresOptions) -> anyhow::Result<Store> {
    let store = Store::connect(postgres).await;
    store.context("the database can't be used; check [store.postgres], and that it runs")
}

/// The operators' door: alive, ready, metrics. Never at an address that merchants reach.
///
/// # Errors
/// An address that can't be listened on.
pub(crate) async fn operations(
    listen: SocketAddr,
    health: Health,
    metrics: Metrics,
) -> anyhow::Result<Operations> {
    let bound = Operations::bind(listen, health, metrics).await;
    bound.map_err(|error| {
        let problem = format!(
            "operations can't listen on {listen} ({error}); another process may: stop it, or set \
             operations.listen to another port"
        );
        Unavailable(problem).into()
    })
}

/// The line to Alipay, for every merchant that is served.
///
/// # Errors
/// A key file that can't be used, a merchant that can't be named.
pub(crate) fn line(config: &Config) -> anyhow::Result<Line> {
    let client = Client::new(Account::open(&config.alipay)?)?;
    let shops: anyhow::Result<HashMap<_, _>> = config
        .merchants
        .iter()
        .map(|merchant| Ok((MerchantId::parse(&merchant.id)?, merchant.shop.clone())))
        .collect();
    Ok(Line::new(client, shops?))
}

/// Takes the configured account for the history's, unless open payments need the former one: only
/// that one can inquire, cancel and refund them.
///
/// # Errors
/// How many payments are open, and what to do; a database that can't be reached.
pub(crate) async fn keep_account(store: &Store, config: &Config) -> anyhow::Result<()> {
    match store.adopt_account(&config.alipay.client_id).await? {
        Adoption::Adopted => Ok(()),
        Adoption::Held { client_id, open } => {
            let mut faults = Faults::default();
            let problem = format!(
                "{open} orders are open that began under the account `{client_id}`, and no other \
                 can inquire, cancel or refund them; put it back, and change it when none is open"
            );
            faults.add("alipay.client_id", problem);
            Err(faults.into())
        }
    }
}
