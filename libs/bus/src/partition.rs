//! Which partition an order's commands go to. Fixed for ever: an order that moved would be worked
//! on in two places.

use payment::OrderId;

/// How many partitions the command log has, numbered from 0.
pub const PARTITIONS: u16 = 12;

/// The partition of an order's commands; the same in every process and release.
pub fn partition_of(order: OrderId) -> u16 {
    // Order ids are UUIDv5: their bits are as good as a hash's.
    let rest = order.as_uuid().as_u128() % u128::from(PARTITIONS);
    u16::try_from(rest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{PARTITIONS, partition_of};
    use payment::{MerchantId, OrderId, OrderNumber};

    fn order(number: &str) -> OrderId {
        let merchant = MerchantId::parse("m-1").unwrap();
        OrderId::of(&merchant, &OrderNumber::parse(number).unwrap())
    }

    #[test]
    fn an_order_keeps_its_partition_from_release_to_release() {
        let partitions = ["O-1", "O-2", "O-3", "O-4"].map(|number| partition_of(order(number)));
        assert_eq!(partitions, [6, 2, 11, 11]);
    }

    #[test]
    fn orders_spread_over_all_partitions() {
        let mut counts = [0_u32; 12];
        for number in 0..12_000 {
            counts[usize::from(partition_of(order(&format!("O-{number}"))))] += 1;
        }
        assert_eq!(counts.len(), usize::from(PARTITIONS));
        assert!(
            counts.iter().all(|count| (850..1_150).contains(count)),
            "{counts:?}"
        );
    }
}
