//! `tidegate payments`: what stands open, and one payment's story, for an operator. It reads the
//! history of a standalone's data directory, also while that runs, or of a fleet's PostgreSQL. It
//! opens no door that would tell a merchant anything, and changes nothing; but `resolve` writes an
//! operator's mark.

mod calls;
mod list;
mod resolve;
mod sentences;
mod show;
mod words;

use crate::beside;
use crate::cli::{PaymentsDeed, Places};
use crate::config::Config;
use chassis::config::Faults;
use payment::MerchantId;
use std::process::ExitCode;

/// Does what was asked.
///
/// # Errors
/// A database that is not there, a payment that is not known, an option that can't be right.
pub(crate) async fn run(
    config: Option<Config>,
    places: &Places,
    deed: &PaymentsDeed,
) -> anyhow::Result<ExitCode> {
    let config = config.as_ref();
    let done = match deed {
        PaymentsDeed::List(asked) => {
            let onlooker = beside::onlooker(config, places).await?;
            list::list(&onlooker, asked).await
        }
        PaymentsDeed::Show(asked) => {
            let onlooker = beside::onlooker(config, places).await?;
            let client_id = config.map(|config| config.alipay.client_id.as_str());
            show::show(&onlooker, asked, client_id).await
        }
        PaymentsDeed::Resolve(asked) => {
            let store = beside::store(config, places).await?;
            let done = resolve::resolve(&store, asked).await;
            store.close().await;
            done
        }
    };
    done.map_err(beside::advised)
}

/// The merchant that an option names.
fn merchant(asked: Option<&str>) -> Result<Option<MerchantId>, Faults> {
    asked.map(MerchantId::parse).transpose().map_err(|fault| {
        let mut faults = Faults::default();
        faults.add("--merchant", fault);
        faults
    })
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
