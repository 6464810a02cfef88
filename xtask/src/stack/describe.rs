//! The one question this tool asks a Kafka broker in its own protocol: which brokers work? It is
//! DescribeCluster (key 60), version 0; a whole client would be a large dependency for one answer.

/// The request, with its length: key, version, correlation id, no client id, no tags, no operations.
pub(crate) const REQUEST: [u8; 17] = [0, 0, 0, 13, 0, 60, 0, 0, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0];

/// How many brokers an answer names. None if it is no sound answer.
pub(crate) fn brokers(answer: &[u8]) -> Option<u32> {
    let mut rest = answer;
    // The correlation id and the header's tags.
    if take(&mut rest, 4)? != [0, 0, 0, 7] || take(&mut rest, 1)? != [0] {
        return None;
    }
    let _throttled = take(&mut rest, 4)?;
    if take(&mut rest, 2)? != [0, 0] {
        return None;
    }
    let _message = compact(&mut rest)?;
    let _cluster = compact(&mut rest)?;
    let _controller = take(&mut rest, 4)?;
    // A compact array's length is one more than its members, and zero for none at all.
    varint(&mut rest)?.checked_sub(1)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

/// A text whose length is told as one more than it is; zero is no text.
fn compact<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = varint(rest)?.saturating_sub(1);
    take(rest, usize::try_from(length).ok()?)
}

/// Seven bits in each byte, the lowest first; the eighth says that more follow.
fn varint(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21] {
        let [byte] = *take(rest, 1)? else {
            return None;
        };
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a broker of version 4.4.0 answered.
    const ANSWER: &[u8] =
        b"\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x17JHvviRs_QzapXnmRGebodg\
        \x00\x00\x00\x01\x02\x00\x00\x00\x01\x0a127.0.0.1\x00\x00J\xf8\x00\x00\x80\x00\x00\x00\x00";

    #[test]
    fn a_brokers_answer_names_one_broker() {
        assert_eq!(brokers(ANSWER), Some(1));
    }

    #[test]
    fn a_broker_that_its_cluster_does_not_let_work_yet_is_not_named() {
        let mut none = ANSWER.to_vec();
        none[39] = 1;
        assert_eq!(brokers(&none), Some(0));
    }

    #[test]
    fn a_failure_another_answer_and_a_broken_one_are_no_answers() {
        let mut failed = ANSWER.to_vec();
        failed[10] = 1;
        assert_eq!(brokers(&failed), None);
        let mut another = ANSWER.to_vec();
        another[3] = 8;
        assert_eq!(brokers(&another), None);
        for length in 0..40 {
            assert_eq!(brokers(&ANSWER[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn a_long_number_is_read_and_an_endless_one_refused() {
        assert_eq!(varint(&mut &[0x80, 0x01][..]), Some(128));
        assert_eq!(varint(&mut &[0x80; 9][..]), None);
    }
}
