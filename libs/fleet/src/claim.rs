//! An order's lease as Redis keeps it: a key that holds its owner's token for as long as the lease
//! may stand, and for a while afterwards the version that the order was left at.

use crate::count;
use crate::link::Link;
use crate::redis_line::RedisLine;
use payment::OrderId;
use redis::Script;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

/// Takes the lease if nobody has it. Nothing: somebody has. Else the version that it was left at,
/// empty if that is not known.
const CLAIM: &str = "
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 5) ~= 'left:' then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if held then return string.sub(held, 6) end
return ''
";

/// Gives leases back, each only if it is still its owner's: what another took meanwhile stays.
/// ARGV: how long versions are kept, then for each key its owner's token and the version.
const GIVE_BACK: &str = "
for place, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[2 * place] then
    local version = ARGV[2 * place + 1]
    if version == '' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, 'left:' .. version, 'PX', ARGV[1])
    end
  end
end
return #KEYS
";

/// How long it is known at which version an order was left, in milliseconds: longer than any call
/// to Alipay, whose answer is what comes with an old version.
const VERSION_KEPT_MS: u64 = 10_000;

/// How many leases may wait to be given back; more end by themselves.
const WAITING_MAX: usize = 4_096;

/// How many are given back at once.
const AT_ONCE: usize = 128;

/// Between two looks at a lease that another process has: from this, up to twice as long.
const LOOK_AGAIN_MS: u64 = 5;

/// Takes leases in Redis.
pub(crate) struct Claims {
    link: Link,
    process: Uuid,
    asked: AtomicU64,
    script: Script,
    back: mpsc::Sender<Back>,
}

/// A lease that this process has in Redis. Dropping gives it back, without waiting.
pub(crate) struct Claim {
    /// The version its last holder left the order at.
    pub(crate) version: Option<u64>,
    // Empty once there is nothing to give back.
    back: Option<Back>,
    sender: mpsc::Sender<Back>,
    until: Instant,
    life: Duration,
}

/// A lease on its way back.
struct Back {
    key: String,
    token: String,
    version: Option<u64>,
}

impl Claims {
    pub(crate) fn new(link: &Link) -> Self {
        let (back, waiting) = mpsc::channel(WAITING_MAX);
        link.run(give_back(Arc::clone(&link.line), waiting));
        Self {
            link: link.clone(),
            process: Uuid::new_v4(),
            asked: AtomicU64::new(0),
            script: Script::new(CLAIM),
            back,
        }
    }

    /// Takes the order's lease for `life`, waiting for other processes until `until`. Nothing if
    /// it took too long, or Redis is away: the caller goes on without.
    pub(crate) async fn claim(
        &self,
        order: OrderId,
        life: Duration,
        until: Instant,
    ) -> Option<Claim> {
        let life = life.min(self.link.line.lease_longest);
        loop {
            let mut claim = self.new_claim(order, life);
            match self.ask(&claim).await {
                Answer::Yours(version) => {
                    count::lease("held");
                    claim.version = version;
                    return Some(claim);
                }
                // Nothing to give back.
                Answer::Others => claim.back = None,
                // It may have been granted all the same: dropping the claim gives it back.
                Answer::Away => {
                    count::lease("away");
                    return None;
                }
            }
            let pause = Duration::from_millis(fastrand::u64(LOOK_AGAIN_MS..=2 * LOOK_AGAIN_MS));
            let left = until.saturating_duration_since(Instant::now());
            if left <= pause {
                count::lease("late");
                tokio::time::sleep(left).await;
                return None;
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask(&self, claim: &Claim) -> Answer {
        let Some(Back { key, token, .. }) = &claim.back else {
            return Answer::Others;
        };
        let life_ms = u64::try_from(claim.life.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        let mut asked = self.script.key(key);
        let asked = asked.arg(token).arg(life_ms);
        let answer: Result<Option<String>, _> = self
            .link
            .line
            .ask(|mut connection| async move { asked.invoke_async(&mut connection).await })
            .await;
        match answer {
            Ok(Some(version)) => Answer::Yours(version.parse().ok()),
            Ok(None) => Answer::Others,
            Err(_) => Answer::Away,
        }
    }

    fn new_claim(&self, order: OrderId, life: Duration) -> Claim {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        Claim {
            version: None,
            back: Some(Back {
                key: format!("{}:lease:{order}", self.link.line.prefix),
                token: format!("{}:{asked}", self.process.simple()),
                version: None,
            }),
            sender: self.back.clone(),
            until: now.checked_add(life).unwrap_or(now),
            life,
        }
    }
}

/// What Redis said.
enum Answer {
    Yours(Option<u64>),
    Others,
    Away,
}

impl Claim {
    /// Whether enough of its life is left for another holder in this process. Never more than
    /// half a life is spent among ourselves, so that other processes get their turn.
    pub(crate) fn serves_another(&self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        left >= self.life.checked_div(2).unwrap_or_default()
    }

    /// Notes what version the order has now.
    pub(crate) fn left_at(&mut self, version: Option<u64>) {
        self.version = self.version.max(version);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(mut back) = self.back.take() else {
            return;
        };
        back.version = self.version;
        if self.sender.try_send(back).is_err() {
            count::leases_left_behind(1);
        }
    }
}

/// Gives leases back as they come, many at once when many come.
async fn give_back(line: Arc<RedisLine>, mut waiting: mpsc::Receiver<Back>) {
    let script = Script::new(GIVE_BACK);
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, AT_ONCE).await > 0 {
        let leases = batch.len();
        let mut asked = script.arg(VERSION_KEPT_MS);
        for Back {
            key,
            token,
            version,
        } in batch.drain(..)
        {
            let version = version.map(|version| version.to_string());
            asked.key(key).arg(token).arg(version.unwrap_or_default());
        }
        let answer: Result<usize, _> = line
            .ask(|mut connection| async move { asked.invoke_async(&mut connection).await })
            .await;
        if answer.is_err() {
            count::leases_left_behind(leases);
        }
    }
}
