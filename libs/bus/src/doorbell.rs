//! How a producer wakes the consumers of its own process, without a moment in which a ring is
//! missed. Not needed for being right: consumers also re-read by themselves.

use crate::PARTITIONS;
use std::sync::Arc;
use tokio::sync::watch;

/// Rings per partition. Clones are the same bell.
#[derive(Clone, Debug)]
pub struct Doorbell {
    rings: Arc<watch::Sender<Rings>>,
}

/// How often each partition was rung for.
pub(crate) type Rings = [u64; PARTITIONS_LEN];

/// [`PARTITIONS`] as a length.
pub(crate) const PARTITIONS_LEN: usize = 12;

const _: () = assert!(PARTITIONS == 12, "PARTITIONS_LEN must follow");

impl Doorbell {
    pub(crate) fn new() -> Self {
        Self {
            rings: Arc::new(watch::Sender::new([0; PARTITIONS_LEN])),
        }
    }

    pub(crate) fn ring(&self, partition: u16) {
        self.rings.send_modify(|rings| {
            if let Some(ring) = rings.get_mut(usize::from(partition)) {
                *ring = ring.wrapping_add(1);
            }
        });
    }

    pub(crate) fn listen(&self) -> watch::Receiver<Rings> {
        self.rings.subscribe()
    }
}
