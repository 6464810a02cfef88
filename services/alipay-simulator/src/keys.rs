//! The keys of both parties, each with its version, and which of them are in force. They begin as
//! the configuration has them, and change by the simulator's own calls (ADR 43): a key that is made
//! here is made in memory, and a restart begins anew with those of the configuration.

use alipay::signature::{Bound, FreshKeys, KeyFault, SignatureFault, Signer, Verifier, version_in};
use serde::Deserialize;
use std::sync::{Arc, PoisonError, RwLock};

/// The version of the keys that the configuration names.
const FIRST: u32 = 1;

/// Who holds keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Party {
    /// Alipay, which signs answers and notifications.
    Alipay,
    /// The account, whose requests are verified.
    Account,
}

/// Why keys stay as they are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unchanged {
    #[error("{0}")]
    Key(#[from] KeyFault),
    #[error("a list of versions, such as [1,2], is wanted, and {0} is none of this party's")]
    NoSuchVersion(u32),
    #[error("at least one version must be in force")]
    None,
    #[error("no key could be made")]
    NotMade,
}

/// Signs as Alipay, or as a stranger, and verifies the account. Clones share the keys.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) client_id: String,
    pub(crate) stranger: Signer,
    alipay: Arc<RwLock<Versions<Signer>>>,
    account: Arc<RwLock<Versions<Verifier>>>,
}

/// Keys in the order of their versions, which count from [`FIRST`].
struct Versions<K> {
    all: Vec<K>,
    in_force: Vec<u32>,
    /// How often one was taken by its turn.
    turn: usize,
}

impl<K: Clone> Versions<K> {
    fn of(first: K) -> Self {
        Self {
            all: vec![first],
            in_force: vec![FIRST],
            turn: 0,
        }
    }

    /// The version of the next key.
    fn next(&self) -> u32 {
        let count = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        FIRST.saturating_add(count)
    }

    fn get(&self, version: u32) -> Option<&K> {
        let place = usize::try_from(version.checked_sub(FIRST)?).ok()?;
        self.all.get(place)
    }

    fn put_in_force(&mut self, versions: Vec<u32>) -> Result<(), Unchanged> {
        if versions.is_empty() {
            return Err(Unchanged::None);
        }
        for version in &versions {
            if self.get(*version).is_none() {
                return Err(Unchanged::NoSuchVersion(*version));
            }
        }
        self.in_force = versions;
        Ok(())
    }

    /// Those in force take turns.
    fn by_turn(&mut self) -> Option<K> {
        let place = self.turn.checked_rem(self.in_force.len())?;
        self.turn = self.turn.wrapping_add(1);
        self.get(*self.in_force.get(place)?).cloned()
    }

    /// The key of this version, or the newest if none is said; nothing if it is not in force.
    fn said(&self, version: Option<u32>) -> Option<&K> {
        let newest = self.in_force.iter().max().copied();
        let version = version.or(newest)?;
        let in_force = self.in_force.contains(&version);
        self.get(version).filter(|_| in_force)
    }
}

impl Keys {
    /// Both parties with one key each.
    pub(crate) fn new(
        client_id: &str,
        alipays: &str,
        accounts: &str,
    ) -> Result<Self, (Party, KeyFault)> {
        let of = |party| move |fault| (party, fault);
        let signer = |pem: &str| Signer::from_pem(pem, FIRST).map_err(of(Party::Alipay));
        let verifier = Verifier::from_pem(accounts).map_err(of(Party::Account))?;
        let stranger = FreshKeys::make().map_err(of(Party::Alipay))?;
        Ok(Self {
            client_id: client_id.to_owned(),
            stranger: signer(&stranger.private_pem)?,
            alipay: Arc::new(RwLock::new(Versions::of(signer(alipays)?))),
            account: Arc::new(RwLock::new(Versions::of(verifier))),
        })
    }

    /// Makes Alipay one more pair, with which nothing is signed yet. Gives its version and its
    /// public half in PEM.
    pub(crate) fn make_alipays(&self) -> Result<(u32, String), Unchanged> {
        let fresh = FreshKeys::make()?;
        let mut alipay = self.alipay.write().unwrap_or_else(PoisonError::into_inner);
        let version = alipay.next();
        let signer = Signer::from_pem(&fresh.private_pem, version)?;
        alipay.all.push(signer);
        Ok((version, fresh.public_pem))
    }

    /// Believes one more key of the account's, and says which version it has.
    pub(crate) fn take_accounts(&self, pem: &str) -> Result<u32, Unchanged> {
        let verifier = Verifier::from_pem(pem)?;
        let mut account = self.account.write().unwrap_or_else(PoisonError::into_inner);
        let version = account.next();
        account.all.push(verifier);
        account.in_force.push(version);
        Ok(version)
    }

    /// Only these are in force from now on.
    pub(crate) fn put_in_force(&self, party: Party, versions: Vec<u32>) -> Result<(), Unchanged> {
        match party {
            Party::Alipay => {
                let mut alipay = self.alipay.write().unwrap_or_else(PoisonError::into_inner);
                alipay.put_in_force(versions)
            }
            Party::Account => {
                let mut account = self.account.write().unwrap_or_else(PoisonError::into_inner);
                account.put_in_force(versions)
            }
        }
    }

    /// Who signs next as Alipay: the keys in force take turns.
    pub(crate) fn alipay(&self) -> Result<Signer, KeyFault> {
        let mut alipay = self.alipay.write().unwrap_or_else(PoisonError::into_inner);
        alipay.by_turn().ok_or(KeyFault::DoesNotSign)
    }

    /// Whether the account signed these bytes, with a key in force that has the version it says.
    pub(crate) fn verify(
        &self,
        bound: &Bound<'_>,
        body: &[u8],
        header: &str,
    ) -> Result<(), SignatureFault> {
        let account = self.account.read().unwrap_or_else(PoisonError::into_inner);
        let key = account.said(version_in(header)).cloned();
        drop(account);
        let key = key.ok_or(SignatureFault::Wrong)?;
        key.verify(bound, body, header)
    }
}
