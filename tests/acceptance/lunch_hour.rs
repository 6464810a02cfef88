//! The demo, as CI sees it.

use crate::process::tidegate;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_ends_within_ninety_seconds_with_every_row_agreeing() {
    let demo = tidegate().arg("demo").env_remove("COLUMNS").output();
    let output = tokio::time::timeout(Duration::from_secs(90), demo).await;
    let output = output.expect("it takes longer than 90 seconds").unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{table}");
    assert!(table.contains("16 of 16 sales agree"), "{table}");
    // A heading, a line for each of 16 sales, and the sum.
    assert_eq!(table.lines().count(), 18, "{table}");
    let log = String::from_utf8_lossy(&output.stderr);
    for line in table.lines().chain(log.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(log.contains("about 50 seconds"), "{log}");
}
