//! What an operator reads: any name leads to a payment, whatever can't be read is told as such and
//! stops nothing, and nothing is written.

use crate::world::{approved, at, merchant, needing_attention, pay, receipt, sell, take_in, terms};
use payment::{Fact, Input, MerchantId, PaymentId, Refusal, Resolution, Standing};
use sqlx::{Connection, SqliteConnection};
use store::{Listed, ListedStanding, Onlooker, ReceiptState, Resolved, Store};

async fn owed(store: &Store) -> Vec<String> {
    let listed = store.onlooker().owed().await.unwrap();
    listed.into_iter().map(|listed| listed.payment).collect()
}

pub(crate) async fn what_stands_open_is_listed_and_what_rests_is_not(store: Store) {
    let (open, sold, taken) = (
        terms("O-1", "R-1"),
        terms("O-2", "R-2"),
        terms("O-3", "R-3"),
    );
    receipt(&store, &taken, "d").await;
    pay(&store, &open).await;
    sell(&store, &sold).await;
    let mut expected = [open.payment().to_string(), taken.payment().to_string()];
    expected.sort();
    assert_eq!(owed(&store).await, expected, "{}", sold.payment());
    let standing = |listed: &Listed| match listed.standing.as_ref().unwrap() {
        ListedStanding::Taken(_) => "taken",
        ListedStanding::Seen(view) if view.standing == Standing::Processing => "processing",
        ListedStanding::Seen(_) => "other",
    };
    for listed in store.onlooker().owed().await.unwrap() {
        let is_taken = listed.payment == taken.payment().to_string();
        let expected = if is_taken { "taken" } else { "processing" };
        assert_eq!(standing(&listed), expected);
        assert_eq!(listed.merchant, merchant().as_str());
    }
}

pub(crate) async fn rule_a15_what_an_operator_resolved_is_still_listed_with_the_mark(store: Store) {
    let (resolved, open) = (terms("O-1", "R-1"), terms("O-2", "R-2"));
    let ms = needing_attention(&store, &resolved).await;
    needing_attention(&store, &open).await;
    let resolution = Resolution::new("ops-1", "case 4711").unwrap();
    let input = Input::Resolve {
        payment: resolved.payment(),
        resolution: resolution.clone(),
    };
    take_in(&store, &resolved, input, ms + 7).await;
    let listed = store.onlooker().owed().await.unwrap();
    assert_eq!(listed.len(), 2, "nothing is owed, and a person still looks");
    for listed in listed {
        let is_resolved = listed.payment == resolved.payment().to_string();
        let mark = is_resolved.then(|| {
            let at = at(ms + 7);
            let resolution = Ok(resolution.clone());
            Resolved { at, resolution }
        });
        assert_eq!(listed.resolved, mark);
        let Ok(ListedStanding::Seen(view)) = listed.standing else {
            panic!("it can be read");
        };
        assert!(matches!(view.standing, Standing::NeedsAttention(_)));
    }
}

pub(crate) async fn the_account_that_open_payments_need_is_told(store: Store) {
    assert_eq!(store.onlooker().account().await.unwrap(), None);
    store.adopt_account("2188").await.unwrap();
    let told = store.onlooker().account().await.unwrap();
    assert_eq!(told.as_deref(), Some("2188"));
}

pub(crate) async fn a_payment_is_found_by_any_of_its_names_and_only_under_its_merchant(
    store: Store,
) {
    let sale = terms("O-1", "R-1");
    receipt(&store, &sale, "d").await;
    let again = terms("O-2", "R-2");
    receipt(&store, &again, "d").await;
    sell(&store, &sale).await;
    let onlooker = store.onlooker();
    let found = async |name: &str, of: Option<&MerchantId>| {
        let found: Vec<PaymentId> = onlooker.named(name, of).await.unwrap();
        found
    };
    for name in [
        sale.payment().to_string().as_str(),
        sale.order().to_string().as_str(),
        "P-R-1",
        "A-R-1",
        "O-1",
        "R-1",
    ] {
        assert_eq!(found(name, None).await, [sale.payment()], "{name}");
        assert_eq!(found(name, Some(&merchant())).await, [sale.payment()]);
    }
    // Taken only: there is no event yet.
    for name in [again.payment().to_string().as_str(), "P-R-2", "R-2"] {
        assert_eq!(found(name, None).await, [again.payment()], "{name}");
    }
    let other = MerchantId::parse("another").unwrap();
    assert_eq!(found("R-1", Some(&other)).await, []);
    assert_eq!(found("nothing of the kind'; --", None).await, []);
}

pub(crate) async fn a_story_has_what_happened_to_this_payment_alone(store: Store) {
    let sale = terms("O-1", "R-1");
    receipt(&store, &sale, "d").await;
    sell(&store, &sale).await;
    let refused = terms("O-1", "R-2");
    receipt(&store, &refused, "d").await;
    let why = Refusal::OrderAlreadyPaid;
    store.decline_receipt(refused.payment(), why).await.unwrap();
    let before = store.last_position().await.unwrap();
    let story = store.onlooker().story(sale.payment()).await.unwrap();
    let story = story.unwrap();
    let view = story.view.unwrap().unwrap();
    assert!(matches!(view.standing, Standing::Paid { .. }));
    assert_eq!(view.terms, sale);
    assert_eq!(
        story.receipt.unwrap().unwrap().state,
        ReceiptState::Accepted
    );
    let facts = story.entries.iter().map(|entry| entry.event.as_ref());
    let facts: Vec<&Fact> = facts.map(|event| &event.unwrap().fact).collect();
    assert!(matches!(facts[..], [Fact::Accepted(_), .., Fact::Released]));
    let other = store.onlooker().story(refused.payment()).await.unwrap();
    let other = other.unwrap();
    assert!(other.view.is_none());
    let state = other.receipt.unwrap().unwrap().state;
    assert_eq!(state, ReceiptState::Declined(why));
    assert_eq!(other.entries.len(), 0);
    let nobody = terms("O-9", "R-9").payment();
    assert_eq!(store.onlooker().story(nobody).await.unwrap(), None);
    assert_eq!(store.last_position().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_release_wrote_is_told_as_such_and_hides_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    let store = Store::open(&path).await.unwrap();
    let (newer, broken, ours) = (
        terms("O-1", "R-1"),
        terms("O-2", "R-2"),
        terms("O-3", "R-3"),
    );
    for sale in [&newer, &broken, &ours] {
        pay(&store, sale).await;
    }
    let mut shell = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    for (table, set, of) in [
        ("events", "schema_version = 9", &newer),
        ("payments", "schema_version = 9", &newer),
        ("events", "body = '{'", &broken),
        ("payments", "body = '{'", &broken),
    ] {
        let sql = format!(
            "UPDATE {table} SET {set} WHERE payment_id = '{}'",
            of.payment()
        );
        let sql = sqlx::AssertSqlSafe(sql);
        sqlx::query(sql).execute(&mut shell).await.unwrap();
    }
    // Beside the process that writes, over a connection of its own.
    let onlooker = Onlooker::of_file(&path).await.unwrap();
    let listed = onlooker.owed().await.unwrap();
    let of = |sale: &payment::Terms| {
        let id = sale.payment().to_string();
        listed.iter().find(|listed| listed.payment == id).unwrap()
    };
    assert!(of(&ours).standing.is_ok());
    let why = of(&newer).standing.as_ref().unwrap_err();
    assert!(why.contains("schema version 9"), "{why}");
    assert!(of(&broken).standing.is_err());
    for sale in [&newer, &broken] {
        let story = onlooker.story(sale.payment()).await.unwrap().unwrap();
        assert!(story.view.unwrap().is_err());
        assert!(!story.entries.is_empty());
        assert!(story.entries.iter().all(|entry| entry.event.is_err()));
        assert_eq!(story.entries[0].version, 1);
    }
    // The writer goes on, and what it writes is seen.
    take_in(&store, &ours, approved(&ours), 2).await;
    let payment = ours.payment();
    take_in(&store, &ours, Input::Release { payment }, 3).await;
    let story = onlooker.story(payment).await.unwrap().unwrap();
    assert_eq!(story.view.unwrap().unwrap().released_at, Some(at(3)));
}

#[tokio::test]
async fn an_onlooker_makes_no_database_where_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    assert!(Onlooker::of_file(&path).await.is_err());
    assert!(!path.exists());
}

#[tokio::test]
async fn an_operators_own_writing_makes_no_database_and_changes_no_tables() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    assert!(Store::of_file(&path).await.is_err());
    assert!(!path.exists());
    // A file of another release, whose tables this one would bring up to date.
    std::fs::write(&path, "").unwrap();
    let store = Store::of_file(&path).await.unwrap();
    let asked = store.onlooker().owed().await;
    assert!(asked.unwrap_err().to_string().contains("no such table"));
    store.close().await;
    let mut shell = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema")
        .fetch_one(&mut shell)
        .await
        .unwrap();
    assert_eq!(tables, 0);
}
