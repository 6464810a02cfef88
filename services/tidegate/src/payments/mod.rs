//! `tidegate payments`: what stands open, and one payment's story, for an operator. It reads the
//! history of a standalone's data directory, also while that runs, or of a fleet's PostgreSQL, and
//! changes nothing: no door is opened here that would tell a merchant anything.

mod calls;
mod list;
mod sentences;
mod show;
mod words;

use crate::cli::{PaymentsDeed, Places};
use crate::config::Config;
use anyhow::Context;
use chassis::config::Faults;
use std::process::ExitCode;
use store::Onlooker;

/// Does what was asked.
///
/// # Errors
/// A database that is not there, a payment that is not known, an option that can't be right.
pub(crate) async fn run(
    config: Option<Config>,
    places: &Places,
    deed: &PaymentsDeed,
) -> anyhow::Result<ExitCode> {
    let onlooker = open(config.as_ref(), places).await?;
    let done = match deed {
        PaymentsDeed::List(asked) => list::list(&onlooker, asked).await,
        PaymentsDeed::Show(asked) => {
            let client_id = config.as_ref();
            let client_id = client_id.map(|config| config.alipay.client_id.as_str());
            show::show(&onlooker, asked, client_id).await
        }
    };
    done.map_err(|error| match error.downcast_ref() {
        Some(store::Error::Unavailable(_)) => error
            .context("the payments can't be read; was `tidegate migrate` run on this database?"),
        Some(_) | None => error,
    })
}

async fn open(config: Option<&Config>, places: &Places) -> anyhow::Result<Onlooker> {
    if let Some(postgres) = config.and_then(|config| config.store.postgres.as_ref()) {
        places.one_database()?;
        let onlooker = Onlooker::of_server(postgres);
        return onlooker.context("the database can't be used; check [store.postgres]");
    }
    let database = places.database()?;
    let onlooker = Onlooker::of_file(&database).await;
    onlooker.with_context(|| format!("{} can't be read", database.display()))
}

/// Nothing is known by this name.
fn unknown(name: &str) -> anyhow::Error {
    let mut faults = Faults::default();
    let problem = format!(
        "no payment is known by `{name}`; give the payment's id, its payment_request_id, Alipay's \
         payment id, the merchant's order number or its reference"
    );
    faults.add("", problem);
    faults.into()
}
