//! A standalone whose disk is full for a while, or fails: it says so, and goes on by itself when
//! there is room. Full is a small file system, which needs the right to mount one; failing is a
//! limit to the size of the process's files, which needs no right.

use crate::merchant::{answer, charged_minor, ledger};
use crate::process::Standalone;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;

/// How long until the process notices, or is well again.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// Past the close (38 s) and what a reversal takes.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// A lost answer: approved at Alipay, and the gateway must ask.
const LOST: &str = "28040100000000000";

/// Waits until `/readyz` says that the process is ready, or names the database.
async fn until_ready_is(standalone: &Standalone, ready: bool) {
    let deadline = Instant::now() + NOTICED_WITHIN;
    loop {
        let (status, told) = answer(reqwest::Client::new().get(&standalone.health)).await;
        let reasons = told["reasons"].as_array();
        let database = reasons
            .into_iter()
            .flatten()
            .find(|reason| reason["check"] == "database");
        let named =
            database.is_some_and(|down| down.to_string().contains("nothing can be written"));
        if status.is_success() == ready && named != ready {
            return;
        }
        assert!(Instant::now() < deadline, "{status}: {told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The simulated Alipay keeps its books in the same directory, and needs a start after a write that
/// failed: what it is to charge, it has charged before.
async fn until_charged(standalone: &Standalone, order: &str) {
    let deadline = Instant::now() + NOTICED_WITHIN;
    while charged_minor(&ledger(&standalone.simulator, order).await) == 0 {
        assert!(Instant::now() < deadline, "{order} is not charged");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A sale whose answer is lost is under way when the disk goes, another is asked for without room,
/// and all ends as if nothing had been.
async fn goes_on(standalone: &Standalone, go: impl FnOnce(), come_back: impl FnOnce()) {
    let merchant = &standalone.merchant;
    assert_eq!(
        merchant.sell("before", "280000000000000001").await["outcome"],
        "paid"
    );
    let (_, begun) = answer(merchant.scan("under-way", &format!("{LOST}2"))).await;
    let under_way = begun["id"].as_str().unwrap().to_owned();
    until_charged(standalone, "order-under-way").await;
    go();
    let (status, told) = answer(merchant.scan("without-room", "280000000000000003")).await;
    assert_eq!(status, 503, "{told}");
    until_ready_is(standalone, false).await;
    come_back();
    until_ready_is(standalone, true).await;
    assert_eq!(
        merchant.sell("after", "280000000000000004").await["outcome"],
        "paid"
    );
    // The same key again: it was untouched, or it is what it became.
    let again = merchant.sell("without-room", "280000000000000003").await;
    let settled = merchant.settled(&under_way, SETTLED_WITHIN).await;
    for (reference, payment) in [("under-way", settled), ("without-room", again)] {
        let at_alipay = ledger(&standalone.simulator, &format!("order-{reference}")).await;
        let due_minor = if payment["outcome"] == "paid" {
            1280
        } else {
            0
        };
        assert_eq!(
            charged_minor(&at_alipay),
            due_minor,
            "{payment}: {at_alipay:?}"
        );
        assert_ne!(payment["outcome"], "pending", "{payment}");
    }
}

/// A file system of a few megabytes, unmounted when the test ends.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where nothing may be mounted.
    fn mount(place: &Path) -> Option<Self> {
        std::fs::create_dir(place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tidegate-test"])
            .arg(place)
            .stderr(Stdio::null())
            .status();
        let mounted = mounted.is_ok_and(|status| status.success());
        mounted.then(|| Self(place.to_owned()))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// To the last byte.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is just being killed may still be on it.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x36_a_disk_that_was_full_loses_nothing_and_sales_go_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&dir.path().join("disk")) else {
        let mut told = std::io::stderr();
        writeln!(
            told,
            "SKIPPED, not passed: no file system may be mounted here"
        )
        .unwrap();
        return;
    };
    let standalone = Standalone::start(&disk.0.join("data")).await;
    let free = || std::fs::remove_file(disk.filler()).unwrap();
    goes_on(&standalone, || disk.fill(), free).await;
    assert_eq!(standalone.stop().await, Some(0));
}

/// The size that this process's files may reach; beyond, its writes fail.
fn limit(pid: u32, bytes: &str) {
    let status = Command::new("prlimit")
        .arg(format!("--pid={pid}"))
        .arg(format!("--fsize={bytes}:"))
        .status();
    assert!(status.unwrap().success(), "prlimit of util-linux");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x36_writes_that_failed_lose_nothing_and_sales_go_on_when_they_work_again() {
    let dir = tempfile::tempdir().unwrap();
    let standalone = Standalone::start_deaf_to_file_sizes(&dir.path().join("data")).await;
    let pid = standalone.pid();
    let (fail, work) = (|| limit(pid, "1"), || limit(pid, "unlimited"));
    goes_on(&standalone, fail, work).await;
    assert_eq!(standalone.stop().await, Some(0));
}
