//! A record put into Kafka as no Tidegate would write it, by the protocol's own bytes: Produce,
//! version 3, one batch of one record. What Tidegate writes itself is never poison.

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Produce's number in the protocol.
const PRODUCE: i16 = 0;

/// The first version that Kafka 4 understands, and the last without tagged fields.
const VERSION: i16 = 3;

const ACKS_ALL: i16 = -1;

const TIMEOUT_MS: i32 = 5_000;

/// What stands before the error in an answer about one partition of a topic: the correlation, two
/// counts, a name with its length, a partition.
const BEFORE_THE_ERROR: usize = 4 + 4 + 2 + 4 + 4;

/// Puts this record into the topic's first partition.
///
/// # Errors
/// If the broker does not take it.
pub async fn put(broker: &str, topic: &str, record: &[u8]) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(broker).await?;
    stream.write_all(&request(topic, record)?).await?;
    let length = stream.read_i32().await?;
    let mut answer = vec![0; usize::try_from(length)?];
    stream.read_exact(&mut answer).await?;
    let at = BEFORE_THE_ERROR.saturating_add(topic.len());
    let error = answer.get(at..at.saturating_add(2));
    let error = error.context("the broker's answer is too short")?;
    ensure!(error == [0, 0], "the broker refuses the record: {error:?}");
    Ok(())
}

fn request(topic: &str, record: &[u8]) -> anyhow::Result<Vec<u8>> {
    let batch = batch(record)?;
    let mut body = Vec::new();
    body.extend(PRODUCE.to_be_bytes());
    body.extend(VERSION.to_be_bytes());
    // Correlation; no client id; no transaction.
    body.extend(1_i32.to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend(ACKS_ALL.to_be_bytes());
    body.extend(TIMEOUT_MS.to_be_bytes());
    // One topic, one partition, the first.
    body.extend(1_i32.to_be_bytes());
    body.extend(i16::try_from(topic.len())?.to_be_bytes());
    body.extend(topic.as_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend(0_i32.to_be_bytes());
    body.extend(i32::try_from(batch.len())?.to_be_bytes());
    body.extend(batch);
    let length = i32::try_from(body.len())?.to_be_bytes();
    Ok([length.as_slice(), &body].concat())
}

/// A batch of the format that Kafka calls v2.
fn batch(record: &[u8]) -> anyhow::Result<Vec<u8>> {
    // Attributes, the distances in time and offset, no key, the value, no headers.
    let mut entry = vec![0];
    entry.extend(varint(0));
    entry.extend(varint(0));
    entry.extend(varint(-1));
    entry.extend(varint(i32::try_from(record.len())?));
    entry.extend(record);
    entry.extend(varint(0));
    let mut checked = Vec::new();
    checked.extend(0_i16.to_be_bytes());
    checked.extend(0_i32.to_be_bytes());
    // No timestamps; a producer without an id, an epoch or a sequence.
    checked.extend((-1_i64).to_be_bytes());
    checked.extend((-1_i64).to_be_bytes());
    checked.extend((-1_i64).to_be_bytes());
    checked.extend((-1_i16).to_be_bytes());
    checked.extend((-1_i32).to_be_bytes());
    checked.extend(1_i32.to_be_bytes());
    checked.extend(varint(i32::try_from(entry.len())?));
    checked.extend(entry);
    let mut batch = Vec::new();
    batch.extend(0_i64.to_be_bytes());
    // The length counts from here on: epoch, magic, checksum, and what is checked.
    batch.extend(i32::try_from(checked.len().saturating_add(9))?.to_be_bytes());
    batch.extend((-1_i32).to_be_bytes());
    batch.push(2);
    batch.extend(crc32c(&checked).to_be_bytes());
    batch.extend(checked);
    Ok(batch)
}

/// A number in zigzag, seven bits a byte.
fn varint(number: i32) -> Vec<u8> {
    let mut left = ((number << 1) ^ (number >> 31)).cast_unsigned();
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = left.to_le_bytes();
        left >>= 7;
        if left == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Castagnoli's checksum, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
            crc = (crc >> 1) ^ carry;
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn numbers_are_written_as_kafka_writes_them() {
        assert_eq!(varint(0), [0]);
        assert_eq!(varint(-1), [1]);
        assert_eq!(varint(64), [0x80, 1]);
        assert_eq!(varint(300), [0xd8, 4]);
    }
}
