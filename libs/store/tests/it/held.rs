//! Lists of one merchant that stand still before an event that can't be read: all others' go on, and
//! they go on from there once it can be read.

use crate::database::{Database, on_postgres};
use crate::projection::catch_up;
use crate::world::{all_events, sell, take_back, terms};
use payment::{MerchantId, Terms};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::path::PathBuf;
use store::{DailyTotals, Error, Recorded, Store};

/// One database, and the ways to it.
#[derive(Clone)]
enum House {
    Sqlite(PathBuf),
    Postgres(Database),
}

impl House {
    /// A store on it; a second one is a second process.
    async fn store(&self) -> Store {
        match self {
            Self::Sqlite(path) => Store::open(path).await.unwrap(),
            Self::Postgres(database) => database.store().await,
        }
    }

    /// Changes rows past the store.
    async fn change(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(path) => {
                let url = format!("sqlite://{}", path.display());
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                sql.execute(&mut connection).await.unwrap();
            }
            Self::Postgres(database) => {
                let mut connection: PgConnection = database.connection().await;
                sql.execute(&mut connection).await.unwrap();
            }
        }
    }

    /// The sale's event of this version is of a later release from now on.
    async fn spoil(&self, sale: &Terms, version: u32) {
        self.set_schema(sale, version, 99).await;
    }

    /// It is one of this release again.
    async fn mend(&self, sale: &Terms, version: u32) {
        self.set_schema(sale, version, 1).await;
    }

    async fn set_schema(&self, sale: &Terms, version: u32, schema: u32) {
        self.change(&format!(
            "UPDATE events SET schema_version = {schema} WHERE {}",
            place(sale, version)
        ))
        .await;
    }
}

fn place(sale: &Terms, version: u32) -> String {
    format!("order_id = '{}' AND version = {version}", sale.order())
}

fn merchant(name: &str) -> MerchantId {
    MerchantId::parse(name).unwrap()
}

fn sale_of(name: &str, number: u32) -> Terms {
    Terms {
        merchant: merchant(name),
        ..terms(&format!("O-{number}"), &format!("R-{name}-{number}"))
    }
}

/// What the merchant is shown, and its totals.
async fn lists(store: &Store, name: &str) -> (Vec<Recorded>, Vec<DailyTotals>) {
    let merchant = merchant(name);
    let feed = store.feed(&merchant, 0, 1_000).await.unwrap();
    let totals = store.totals(&merchant, "2026-11-23", "2026-11-23").await;
    (feed, totals.unwrap())
}

async fn paid(store: &Store, name: &str) -> u64 {
    let totals = lists(store, name).await.1;
    totals.iter().map(|totals| totals.paid_count).sum()
}

/// How many merchants' lists stand still.
async fn held(store: &Store) -> u32 {
    let standing = store.projection().catch_up_held(100).await.unwrap();
    standing.merchants
}

/// Everything is as a projector would have made it that could always read everything.
async fn nothing_was_missed(store: &Store) {
    catch_up(store).await;
    assert_eq!(held(store).await, 0);
    let before = (lists(store, "tea").await, lists(store, "shop").await);
    assert!(store.projection().rebuild(|_| {}).await.unwrap().agrees());
    let after = (lists(store, "tea").await, lists(store, "shop").await);
    assert_eq!(after, before);
}

async fn an_event_of_a_later_release_stops_its_merchants_lists_and_no_others(house: House) {
    let place = place(&sale_of("tea", 2), 4);
    let spoil = format!("UPDATE events SET schema_version = 99 WHERE {place}");
    let mend = format!("UPDATE events SET schema_version = 1 WHERE {place}");
    one_unreadable_event_stops_its_merchants_lists_alone(house, &spoil, &mend).await;
}

async fn a_damaged_event_stops_its_merchants_lists_and_no_others(house: House) {
    let place = place(&sale_of("tea", 2), 4);
    let spoil = format!("UPDATE events SET body = '...' || body WHERE {place}");
    let mend = format!("UPDATE events SET body = substr(body, 4) WHERE {place}");
    one_unreadable_event_stops_its_merchants_lists_alone(house, &spoil, &mend).await;
}

async fn one_unreadable_event_stops_its_merchants_lists_alone(
    house: House,
    spoil: &str,
    mend: &str,
) {
    let store = house.store().await;
    let first = sale_of("tea", 1);
    sell(&store, &first).await;
    catch_up(&store).await;
    let stood = lists(&store, "tea").await;
    for number in 2..5 {
        sell(&store, &sale_of("tea", number)).await;
        sell(&store, &sale_of("shop", number)).await;
    }
    house.change(spoil).await;
    catch_up(&store).await;
    let last = store.last_position().await.unwrap();
    assert_eq!(store.projection().cursor().await.unwrap(), last);
    assert_eq!(held(&store).await, 1);
    assert_eq!(paid(&store, "shop").await, 3);
    assert_eq!(lists(&store, "shop").await.0.len(), 6);
    let (feed, totals) = lists(&store, "tea").await;
    assert_eq!(feed[..2], stood.0);
    assert_eq!(feed.len(), 3, "the next was accepted");
    assert_eq!(totals, stood.1);
    // What comes later of a payment that was there before stands still too.
    take_back(&store, &first).await;
    sell(&store, &sale_of("shop", 5)).await;
    catch_up(&store).await;
    assert_eq!(lists(&store, "tea").await, (feed, totals));
    assert_eq!(paid(&store, "shop").await, 4);
    house.change(mend).await;
    nothing_was_missed(&store).await;
    assert_eq!(
        (paid(&store, "tea").await, paid(&store, "shop").await),
        (4, 4)
    );
    assert_eq!(lists(&store, "tea").await.1[0].reversed_count, 1);
}

async fn a_reader_that_holds_a_cursor_misses_nothing_whatever_breaks_off_between(house: House) {
    let store = house.store().await;
    for number in 1..4 {
        sell(&store, &sale_of("tea", number)).await;
        sell(&store, &sale_of("shop", number)).await;
    }
    take_back(&store, &sale_of("tea", 1)).await;
    all_events(&store).await;
    house.spoil(&sale_of("tea", 2), 3).await;
    house.spoil(&sale_of("tea", 3), 1).await;
    let (mut seen, mut cursor, mut mended) = (Vec::new(), 0, 0);
    loop {
        // Each batch is another process's, which ends after it.
        let other = house.store().await;
        let projection = other.projection();
        let standing = projection.catch_up_held(1).await.unwrap();
        let at = projection.cursor().await.unwrap();
        let batch = other.events_after(at, 1).await.unwrap();
        projection.apply(&batch).await.unwrap();
        for recorded in other.feed(&merchant("tea"), cursor, 100).await.unwrap() {
            cursor = recorded.position;
            seen.push(recorded);
        }
        other.close().await;
        if batch.is_empty() && !standing.more {
            match mended {
                0 => house.mend(&sale_of("tea", 2), 3).await,
                1 => house.mend(&sale_of("tea", 3), 1).await,
                _ => break,
            }
            assert_eq!(standing.merchants, 1);
            mended += 1;
        }
    }
    nothing_was_missed(&store).await;
    assert_eq!(seen, lists(&store, "tea").await.0);
    assert_eq!(seen.len(), 3 * 2 + 3, "all sold, and one taken back");
}

async fn of_two_releases_projectors_none_applies_twice_what_the_other_has(house: House) {
    let (old, new) = (house.store().await, house.store().await);
    let sale = sale_of("tea", 1);
    sell(&old, &sale).await;
    sell(&old, &sale_of("shop", 1)).await;
    all_events(&old).await;
    house.spoil(&sale, 1).await;
    let unread = old.events_after(0, 100).await.unwrap();
    house.mend(&sale, 1).await;
    let read = new.events_after(0, 100).await.unwrap();
    // The older comes second.
    new.projection().apply(&read).await.unwrap();
    old.projection().apply(&unread).await.unwrap();
    assert_eq!(held(&new).await, 0);
    nothing_was_missed(&new).await;
    // The older comes first.
    sell(&old, &sale_of("tea", 2)).await;
    all_events(&old).await;
    let cursor = old.projection().cursor().await.unwrap();
    house.spoil(&sale_of("tea", 2), 1).await;
    let unread = old.events_after(cursor, 100).await.unwrap();
    house.mend(&sale_of("tea", 2), 1).await;
    old.projection().apply(&unread).await.unwrap();
    assert_eq!(paid(&new, "tea").await, 1);
    // A rebuild brings them level before it compares.
    assert!(new.projection().rebuild(|_| {}).await.unwrap().agrees());
    assert_eq!(paid(&new, "tea").await, 2);
    nothing_was_missed(&new).await;
}

/// A projector like the service's, for so many rounds.
async fn follow(store: Store, rounds: u32) {
    let projection = store.projection();
    for round in 0..rounds {
        match projection.catch_up_held(1 + round % 4).await {
            Ok(_) | Err(Error::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
        let cursor = projection.cursor().await.unwrap();
        let batch = store.events_after(cursor, 1 + round % 5).await.unwrap();
        match projection.apply(&batch).await {
            Ok(_) | Err(Error::Conflict) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn two_projectors_at_once_while_events_become_readable_and_unreadable(house: House) {
    let store = house.store().await;
    for number in 1..9 {
        sell(&store, &sale_of("tea", number)).await;
        sell(&store, &sale_of("shop", number)).await;
    }
    all_events(&store).await;
    let projectors = [house.store().await, house.store().await];
    let following = projectors.map(|store| tokio::spawn(follow(store, 60)));
    for number in 1..9 {
        house.spoil(&sale_of("tea", number), 1 + number % 5).await;
        house.spoil(&sale_of("shop", 9 - number), 1).await;
        tokio::task::yield_now().await;
        house.mend(&sale_of("tea", number), 1 + number % 5).await;
        house.mend(&sale_of("shop", 9 - number), 1).await;
    }
    for projector in following {
        projector.await.unwrap();
    }
    nothing_was_missed(&store).await;
    assert_eq!(
        (paid(&store, "tea").await, paid(&store, "shop").await),
        (8, 8)
    );
}

async fn a_rebuild_holds_what_is_held_and_never_sets_a_merchant_back(house: House) {
    let store = house.store().await;
    let sale = sale_of("tea", 1);
    sell(&store, &sale).await;
    sell(&store, &sale_of("shop", 1)).await;
    all_events(&store).await;
    house.spoil(&sale, 3).await;
    catch_up(&store).await;
    let held_back = lists(&store, "tea").await;
    for _ in 0..2 {
        assert!(store.projection().rebuild(|_| {}).await.unwrap().agrees());
        assert_eq!(held(&store).await, 1);
        assert_eq!(lists(&store, "tea").await, held_back);
        assert_eq!(paid(&store, "shop").await, 1);
    }
    house.mend(&sale, 3).await;
    nothing_was_missed(&store).await;
    let whole = lists(&store, "tea").await;
    // What a projector has read once a rebuild that can't must not take back.
    house.spoil(&sale, 3).await;
    let refused = store.projection().rebuild(|_| {}).await;
    assert!(matches!(refused, Err(Error::Newer(_))), "{refused:?}");
    house.mend(&sale, 3).await;
    assert_eq!(lists(&store, "tea").await, whole);
    nothing_was_missed(&store).await;
}

async fn each_merchant_goes_on_when_its_own_event_can_be_read(house: House) {
    let store = house.store().await;
    for number in 1..4 {
        sell(&store, &sale_of("tea", number)).await;
        sell(&store, &sale_of("shop", number)).await;
    }
    all_events(&store).await;
    house.spoil(&sale_of("tea", 1), 1).await;
    house.spoil(&sale_of("shop", 2), 5).await;
    catch_up(&store).await;
    let standing = store.projection().catch_up_held(100).await.unwrap();
    assert_eq!((standing.merchants, standing.more), (2, false));
    assert!(standing.why.is_some());
    assert_eq!(
        (paid(&store, "tea").await, paid(&store, "shop").await),
        (0, 1)
    );
    house.mend(&sale_of("tea", 1), 1).await;
    catch_up(&store).await;
    assert_eq!(held(&store).await, 1);
    assert_eq!(
        (paid(&store, "tea").await, paid(&store, "shop").await),
        (3, 1)
    );
    house.mend(&sale_of("shop", 2), 5).await;
    nothing_was_missed(&store).await;
    assert_eq!(
        (paid(&store, "tea").await, paid(&store, "shop").await),
        (3, 3)
    );
}

async fn merchants_that_go_on_together_do_so_each_from_its_own_place(house: House) {
    let store = house.store().await;
    for number in 1..4 {
        sell(&store, &sale_of("tea", number)).await;
        sell(&store, &sale_of("shop", number)).await;
    }
    all_events(&store).await;
    house.spoil(&sale_of("tea", 1), 1).await;
    house.spoil(&sale_of("shop", 3), 2).await;
    catch_up(&store).await;
    assert_eq!(
        (paid(&store, "tea").await, paid(&store, "shop").await),
        (0, 2)
    );
    house.mend(&sale_of("tea", 1), 1).await;
    house.mend(&sale_of("shop", 3), 2).await;
    nothing_was_missed(&store).await;
    assert_eq!(
        (paid(&store, "tea").await, paid(&store, "shop").await),
        (3, 3)
    );
}

async fn an_unreadable_event_of_which_nobody_knows_whose_it_is_stops_all(house: House) {
    let store = house.store().await;
    sell(&store, &sale_of("shop", 1)).await;
    let sale = sale_of("tea", 1);
    sell(&store, &sale).await;
    all_events(&store).await;
    house.spoil(&sale, 1).await;
    let payment = format!("WHERE payment_id = '{}'", sale.payment());
    house
        .change(&format!("DELETE FROM payments {payment}"))
        .await;
    let projection = store.projection();
    let all = store.events_after(0, 100).await.unwrap();
    assert_eq!(projection.apply(&all).await.unwrap().events, 5);
    assert_eq!(paid(&store, "shop").await, 1);
    let behind = &all[5..];
    let stopped = projection.apply(behind).await;
    assert!(matches!(stopped, Err(Error::Newer(_))), "{stopped:?}");
    house.mend(&sale, 1).await;
    nothing_was_missed(&store).await;
}

macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            use super::House;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    let dir = tempfile::tempdir().unwrap();
                    super::$name(House::Sqlite(dir.path().join("store.sqlite3"))).await;
                }
            )*
        }

        mod on_postgres {
            use super::House;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::on_postgres(async |database| {
                        super::$name(House::Postgres(database)).await;
                    })
                    .await;
                }
            )*
        }
    };
}

on_both_engines! {
    an_event_of_a_later_release_stops_its_merchants_lists_and_no_others,
    a_damaged_event_stops_its_merchants_lists_and_no_others,
    a_reader_that_holds_a_cursor_misses_nothing_whatever_breaks_off_between,
    of_two_releases_projectors_none_applies_twice_what_the_other_has,
    two_projectors_at_once_while_events_become_readable_and_unreadable,
    a_rebuild_holds_what_is_held_and_never_sets_a_merchant_back,
    each_merchant_goes_on_when_its_own_event_can_be_read,
    merchants_that_go_on_together_do_so_each_from_its_own_place,
    an_unreadable_event_of_which_nobody_knows_whose_it_is_stops_all,
}
