//! Where budget comes from: a bucket in this process, or the one that all processes draw from in
//! Redis. Who gets it is `turns`' to say.

use crate::count;
use crate::link::Link;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use redis::Script;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// Takes up to ARGV[3] out of a bucket that fills by ARGV[1] per second up to ARGV[2], by Redis's
/// own clock. Tells how many it was, and after how many microseconds there is one more. A bucket
/// that is not there is full.
const DRAW: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local per_second, most, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(bucket[1]) or most, tonumber(bucket[2]) or now
level = math.min(most, level + math.max(0, now - at) * per_second / 1000000)
local drawn = math.min(wanted, math.floor(level))
level = level - drawn
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 60000)
return {drawn, math.ceil(math.max(0, 1 - level) * 1000000 / per_second)}
";

/// How much of a second's budget may be spent at once, as its divisor: a tenth.
const BURST_DIVISOR: u32 = 10;

/// Between two draws that got nothing, at least: what comes in meanwhile is drawn together.
const DRAW_AGAIN_MS: u64 = 5;

/// What a draw came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Drawn {
    /// So many.
    Some(u32),
    /// None; there is no use in asking again before this.
    NoneFor(Duration),
}

/// A bucket in this process.
pub(crate) struct LocalBucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticking, NoOpMiddleware<Duration>>,
    clock: Ticking,
}

/// The bucket of all processes, and this one's share while Redis is away.
pub(crate) struct FleetBucket {
    link: Link,
    key: String,
    per_second: NonZeroU32,
    script: Script,
    share: LocalBucket,
}

impl LocalBucket {
    pub(crate) fn new(per_second: NonZeroU32) -> Self {
        let clock = Ticking(Instant::now());
        let quota = Quota::per_second(per_second).allow_burst(burst(per_second));
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
        }
    }

    pub(crate) fn draw(&self) -> Drawn {
        match self.limiter.check() {
            Ok(()) => Drawn::Some(1),
            Err(not_yet) => Drawn::NoneFor(not_yet.wait_time_from(self.clock.now())),
        }
    }
}

impl FleetBucket {
    /// The bucket of this Alipay account.
    pub(crate) fn new(
        link: &Link,
        client_id: &str,
        per_second: NonZeroU32,
        workers: NonZeroU32,
    ) -> Self {
        let share = per_second.get().checked_div(workers.get()).unwrap_or(0);
        Self {
            link: link.clone(),
            key: format!("{}:budget:{client_id}", link.line.prefix),
            per_second,
            script: Script::new(DRAW),
            share: LocalBucket::new(NonZeroU32::new(share).unwrap_or(NonZeroU32::MIN)),
        }
    }

    pub(crate) async fn draw(&self, wanted: u32) -> Drawn {
        let mut asked = self.script.key(&self.key);
        let asked = asked
            .arg(self.per_second.get())
            .arg(burst(self.per_second).get())
            .arg(wanted);
        let answer: Result<(u32, u64), _> = self
            .link
            .line
            .ask(|mut connection| async move { asked.invoke_async(&mut connection).await })
            .await;
        match answer {
            Ok((0, wait_us)) => {
                let apart = fastrand::u64(DRAW_AGAIN_MS..=2 * DRAW_AGAIN_MS);
                Drawn::NoneFor(Duration::from_micros(wait_us).max(Duration::from_millis(apart)))
            }
            Ok((drawn, _)) => Drawn::Some(drawn),
            Err(_) => {
                let drawn = self.share.draw();
                if drawn == Drawn::Some(1) {
                    count::budget_share();
                }
                drawn
            }
        }
    }
}

/// What may be spent at once.
pub(crate) fn burst(per_second: NonZeroU32) -> NonZeroU32 {
    let burst = per_second.get().checked_div(BURST_DIVISOR).unwrap_or(0);
    NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)
}

/// The runtime's clock, which tests pause.
#[derive(Clone)]
struct Ticking(Instant);

impl Clock for Ticking {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
