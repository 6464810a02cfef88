//! Redis forgets everything while inquiries and notifications bring the same results.

use super::{audited, engines, fleet, load};
use std::time::Duration;
use trials::load::Mix;

#[tokio::test(flavor = "multi_thread")]
async fn case_x6_on_the_real_engines_one_result_is_taken_in_once_while_redis_forgets_every_lease() {
    let Some((engines, _turn)) = engines("Redis forgets every lease").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let fleet = fleet(dir.path(), &engines).await;
    // The customer confirms as an inquiry comes, and the notification follows at once, some twice.
    let race = Mix::new(vec![("0101", 2), ("0102", 1), ("0301", 1)]);
    let (load, tills) = load(&fleet, 12, race);
    for _ in 0..100 {
        engines.forget(fleet.place.prefix()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let sales = load.stop().await.unwrap();
    let paid = audited(&fleet, &tills, &sales).await;
    assert!(
        paid > sales.len() / 2,
        "only {paid} of {} were sold",
        sales.len()
    );
    fleet.stop().await.unwrap();
}
