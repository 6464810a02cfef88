//! What one merchant may take of a gateway at once: turns to be accepted, waits, streams. What is
//! above its share is answered 429 at once, apart from a gateway that is busy, so that no merchant's
//! crowd is felt by another.

use crate::config::Limits;
use crate::problem::{Code, Problem};
use payment::MerchantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What there are shares of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    /// A request to pay that is being accepted, or waits for its turn.
    Turn,
    /// A connection that waits for an outcome.
    Wait,
    /// A stream of events.
    Stream,
}

/// The shares that are taken, by merchant. Clones share them.
#[derive(Clone)]
pub(crate) struct Shares {
    taken: Arc<Mutex<HashMap<(MerchantId, Kind), usize>>>,
    waits_max: usize,
    streams_max: usize,
}

/// One taken share; dropping it gives it back.
#[must_use = "dropped at once, it takes nothing"]
pub(crate) struct Share {
    shares: Shares,
    key: (MerchantId, Kind),
}

impl Shares {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self {
            taken: Arc::default(),
            waits_max: limits.merchant_waits_max,
            streams_max: limits.merchant_streams_max,
        }
    }

    /// One of the merchant's share.
    ///
    /// # Errors
    /// `merchant_busy`: the merchant has all of its share in use.
    pub(crate) fn take(&self, merchant: &MerchantId, kind: Kind) -> Result<Share, Problem> {
        let key = (merchant.clone(), kind);
        let mut taken = self.taken();
        let in_use = taken.entry(key.clone()).or_default();
        let most = self.most(kind);
        if *in_use >= most {
            drop(taken);
            return Err(refused(kind, most));
        }
        *in_use = in_use.saturating_add(1);
        drop(taken);
        Ok(Share {
            shares: self.clone(),
            key,
        })
    }

    fn most(&self, kind: Kind) -> usize {
        match kind {
            Kind::Wait | Kind::Turn => self.waits_max,
            Kind::Stream => self.streams_max,
        }
    }

    // A panic elsewhere leaves the counts whole.
    fn taken(&self) -> MutexGuard<'_, HashMap<(MerchantId, Kind), usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a merchant is told that has all of its share in use.
pub(super) fn refused(kind: Kind, most: usize) -> Problem {
    metrics::counter!("gateway_share_refusals_total", "of" => kind.name()).increment(1);
    Problem::new(
        Code::MerchantBusy,
        format!(
            "This merchant has {most} {} at this gateway already, as many as one merchant may have. \
             Nothing comes of this request. Wait as Retry-After says, then send the very same \
             request again.",
            kind.plural()
        ),
    )
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Turn => "turns",
            Self::Wait => "waits",
            Self::Stream => "streams",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Turn => "requests to pay under way",
            Self::Wait => "waiting requests",
            Self::Stream => "event streams",
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        let left = taken.get_mut(&self.key).map(|in_use| {
            *in_use = in_use.saturating_sub(1);
            *in_use
        });
        // A merchant without any is forgotten, so that the map does not grow by those who left.
        if left == Some(0) {
            taken.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merchant(name: &str) -> MerchantId {
        MerchantId::parse(name).unwrap()
    }

    fn shares() -> Shares {
        Shares::of(&Limits {
            merchant_waits_max: 2,
            merchant_streams_max: 1,
            ..Limits::default()
        })
    }

    #[test]
    fn a_merchant_that_has_its_share_in_use_is_told_so_and_another_is_not_touched() {
        let shares = shares();
        let (crowd, quiet) = (merchant("crowd"), merchant("quiet"));
        let _first = shares.take(&crowd, Kind::Wait).unwrap();
        let second = shares.take(&crowd, Kind::Wait).unwrap();
        let third = shares.take(&crowd, Kind::Wait).err().unwrap();
        assert_eq!(third.code, Code::MerchantBusy);
        assert!(shares.take(&quiet, Kind::Wait).is_ok());
        drop(second);
        assert!(shares.take(&crowd, Kind::Wait).is_ok());
    }

    #[test]
    fn waits_and_streams_are_counted_apart_and_forgotten_when_given_back() {
        let shares = shares();
        let crowd = merchant("crowd");
        let waits = [
            shares.take(&crowd, Kind::Wait).unwrap(),
            shares.take(&crowd, Kind::Wait).unwrap(),
        ];
        let stream = shares.take(&crowd, Kind::Stream).unwrap();
        assert!(shares.take(&crowd, Kind::Wait).is_err());
        assert!(shares.take(&crowd, Kind::Stream).is_err());
        drop((waits, stream));
        assert!(shares.taken().is_empty());
    }
}
