//! Doors that are about to say `paid` around the last instant at which a release may begin, and around
//! the last release, when the reversal of the undelivered approval begins.

use super::{engines, fleet, merchants, scanned};
use crate::merchant::{Merchant, charged_minor, ledger};
use std::time::Duration;
use tokio::time::Instant;

const SALES: u64 = 60;

/// The last instant at which a release may begin, counted from the scan: its limit of 2 s ends at the
/// last release.
const LAST_BEGIN: Duration = Duration::from_secs(41);

/// The last instant at which `paid` may be said, counted from the scan.
const LAST_RELEASE: Duration = Duration::from_secs(43);

/// The doors are asked from so long before it to so long after it.
const AROUND: Duration = Duration::from_millis(150);

/// What two doors said, asked at once; a third is asked when it is all over.
async fn asked_at(at: Instant, doors: [Merchant; 2], id: String) -> [String; 2] {
    tokio::time::sleep_until(at).await;
    let (one, other) = tokio::join!(doors[0].look(&id), doors[1].look(&id));
    [one, other].map(|told| told["outcome"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn case_x24_on_the_real_engines_whatever_wins_at_the_last_release_is_what_every_door_tells() {
    let Some((engines, _turn)) = engines("doors at the last release").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let fleet = fleet(dir.path(), &engines).await;
    let merchants = merchants(&fleet);
    let simulator = fleet.simulator();
    let mut doors = Vec::new();
    for number in 0..SALES {
        let before = Instant::now();
        // Paid at once, and nobody asks.
        let code = format!("280000{number:012}");
        let id = scanned(&merchants[0], &format!("x24-{number}"), &code).await;
        let step = AROUND * 2 * u32::try_from(number).unwrap() / u32::try_from(SALES).unwrap();
        // By turns around the one instant and the other.
        let last = if number.is_multiple_of(2) {
            LAST_BEGIN
        } else {
            LAST_RELEASE
        };
        let at = before + last - AROUND + step;
        let both = [merchants[0].clone(), merchants[1].clone()];
        doors.push((id.clone(), tokio::spawn(asked_at(at, both, id))));
    }
    let (mut paid, mut not_paid) = (0, 0);
    for (number, (id, door)) in doors.into_iter().enumerate() {
        let [one, other] = door.await.unwrap();
        let settled = merchants[1].settled(&id, Duration::from_secs(30)).await;
        let at_alipay = ledger(&simulator, &format!("order-x24-{number}")).await;
        let all = format!("{one} and {other}, then {settled} {at_alipay:?}");
        // A door that can't release any more says `pending`; what is said for good holds at every
        // door, and nothing is sold that no door released.
        let said = |word: &str| one == word || other == word;
        assert!(!(said("paid") && said("not_paid")), "{all}");
        let (count, due_minor, outcome) = if said("paid") {
            (&mut paid, 1280, "paid")
        } else {
            assert!(said("pending") || said("not_paid"), "{all}");
            (&mut not_paid, 0, "not_paid")
        };
        assert_eq!(settled["outcome"], outcome, "{all}");
        *count += 1;
        assert_eq!(charged_minor(&at_alipay), due_minor, "{all}");
    }
    eprintln!("{paid} were sold, {not_paid} given back");
    assert!(
        paid > 0 && not_paid > 0,
        "{paid} sold, {not_paid} given back"
    );
    fleet.stop().await.unwrap();
}
