//! What every store must do with histories, views, the index and wake-ups.

use crate::world::{all_events, approved, at, merchant, pay, sell, take_in, terms};
use payment::{
    AlipayPaymentId, Event, Fact, Input, MerchantId, Order, OrderNumber, PaymentRequestId,
    Reference, Standing, TerminalId, evolve,
};
use store::{Append, Error, Find, Store};

fn append<'a>(order: &'a Order, events: &'a [Event], expected_version: u64) -> Append<'a> {
    Append {
        order: terms("O-1", "R-1").order(),
        expected_version,
        events,
        after: order,
        wake_at: None,
        partition: 0,
    }
}

pub(crate) async fn an_order_is_what_its_events_made_it(store: Store) {
    let sale = terms("O-1", "R-1");
    assert_eq!(store.load(sale.order()).await.unwrap(), Order::default());
    let first = pay(&store, &sale).await;
    let second = take_in(&store, &sale, approved(&sale), 2).await;
    let loaded = store.load(sale.order()).await.unwrap();
    assert_eq!(loaded, second.order);
    assert_eq!(loaded.version, 4, "accepted, begun, answered, approved");
    assert_ne!(first.order, second.order);
    let history = store
        .history(sale.order(), sale.payment(), 0)
        .await
        .unwrap();
    let folded = history.iter().map(|recorded| &recorded.event);
    assert_eq!(folded.fold(Order::default(), evolve), loaded);
    let later = store
        .history(sale.order(), sale.payment(), 2)
        .await
        .unwrap();
    assert_eq!(later.len(), 2);
}

pub(crate) async fn of_many_appends_on_one_version_exactly_one_wins(store: Store) {
    let sale = terms("O-1", "R-1");
    let before = pay(&store, &sale).await.order;
    let release = |fact| Event {
        payment: sale.payment(),
        at: at(5),
        fact,
    };
    let events = [release(Fact::CancelRequested)];
    let after = events.iter().fold(before.clone(), evolve);
    let tries = (0..16).map(|_| {
        let (store, after, events) = (store.clone(), after.clone(), events.clone());
        let version = before.version;
        tokio::spawn(async move { store.append(append(&after, &events, version)).await })
    });
    let tries: Vec<_> = tries.collect();
    let mut won = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert!(matches!(error, Error::Conflict), "{error}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(
        store.load(sale.order()).await.unwrap().version,
        before.version + 1
    );
}

pub(crate) async fn an_append_on_a_wrong_version_writes_nothing_at_all(store: Store) {
    let sale = terms("O-1", "R-1");
    let before = pay(&store, &sale).await.order;
    let events = [Event {
        payment: sale.payment(),
        at: at(5),
        fact: Fact::CancelRequested,
    }];
    let after = events.iter().fold(before.clone(), evolve);
    for wrong in [0, before.version - 1, before.version + 1] {
        let refused = store.append(append(&after, &events, wrong)).await;
        assert!(matches!(refused, Err(Error::Conflict)), "{wrong}");
    }
    assert_eq!(store.load(sale.order()).await.unwrap(), before);
    let view = store
        .payment(&merchant(), sale.payment())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.version, before.version);
}

pub(crate) async fn a_view_is_never_behind_its_history_and_never_another_merchants(store: Store) {
    let sale = terms("O-1", "R-1");
    let mine = merchant();
    assert_eq!(store.payment(&mine, sale.payment()).await.unwrap(), None);
    pay(&store, &sale).await;
    let view = store.payment(&mine, sale.payment()).await.unwrap().unwrap();
    assert_eq!((view.standing, view.version), (Standing::Processing, 2));
    take_in(&store, &sale, approved(&sale), 2).await;
    let view = store.payment(&mine, sale.payment()).await.unwrap().unwrap();
    assert_eq!((view.standing, view.version), (Standing::Approved, 4));
    assert_eq!(view.alipay_payment_id, AlipayPaymentId::parse("A-R-1").ok());
    let other = MerchantId::parse("other-shop").unwrap();
    assert_eq!(store.payment(&other, sale.payment()).await.unwrap(), None);
}

pub(crate) async fn a_payment_is_found_by_every_word_that_is_on_a_receipt(store: Store) {
    let (first, second) = (terms("O-1", "R-1"), terms("O-2", "R-2"));
    sell(&store, &first).await;
    sell(&store, &second).await;
    let mine = merchant();
    let other = MerchantId::parse("other-shop").unwrap();
    for (find, expected) in [
        (Find::Order(OrderNumber::parse("O-1").unwrap()), vec!["R-1"]),
        (
            Find::Reference(Reference::parse("R-2").unwrap()),
            vec!["R-2"],
        ),
        (
            Find::Terminal(TerminalId::parse("till-1").unwrap()),
            vec!["R-2", "R-1"],
        ),
        (
            Find::PaymentRequestId(PaymentRequestId::parse("P-R-1").unwrap()),
            vec!["R-1"],
        ),
        (
            Find::AlipayPaymentId(AlipayPaymentId::parse("A-R-2").unwrap()),
            vec!["R-2"],
        ),
        (Find::Reference(Reference::parse("R-9").unwrap()), vec![]),
    ] {
        let found = store.find(&mine, &find, 10).await.unwrap();
        let references = found.iter().map(|view| view.terms.reference.as_str());
        assert_eq!(references.collect::<Vec<_>>(), expected, "{find:?}");
        assert!(
            store.find(&other, &find, 10).await.unwrap().is_empty(),
            "{find:?}"
        );
    }
    let last = Find::Terminal(TerminalId::parse("till-1").unwrap());
    assert_eq!(store.find(&mine, &last, 1).await.unwrap().len(), 1);
}

pub(crate) async fn rule_d1_a_payment_request_id_leads_to_its_payment_and_is_never_another_ones(
    store: Store,
) {
    let sale = terms("O-1", "R-1");
    assert_eq!(store.locate(&sale.payment_request_id).await.unwrap(), None);
    pay(&store, &sale).await;
    let located = store
        .locate(&sale.payment_request_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (located.order, located.payment),
        (sale.order(), sale.payment())
    );
    let mut thief = terms("O-2", "R-2");
    thief.payment_request_id = sale.payment_request_id.clone();
    let input = Input::Pay(Box::new(thief.clone()));
    let refused = store::execute(&store, thief.order(), input, at(2), 0)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("already used"), "{refused}");
    assert_eq!(store.load(thief.order()).await.unwrap().version, 0);
}

pub(crate) async fn a_wake_up_is_there_while_something_is_owed_and_gone_when_nothing_is(
    store: Store,
) {
    let sale = terms("O-1", "R-1");
    pay(&store, &sale).await;
    assert!(
        store
            .wake_ups_before(at(5_000), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let waiting = store.wake_ups_before(at(60_000), 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].order, waiting[0].partition), (sale.order(), 3));
    take_in(&store, &sale, approved(&sale), 2).await;
    let payment = sale.payment();
    take_in(&store, &sale, Input::Release { payment }, 3).await;
    assert!(
        store
            .wake_ups_before(at(1_000_000_000), 10)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn positions_only_grow_and_leave_nothing_out(store: Store) {
    let sales: Vec<_> = (0..8)
        .map(|n| terms(&format!("O-{n}"), &format!("R-{n}")))
        .collect();
    let selling = sales.iter().map(|sale| {
        let (store, sale) = (store.clone(), sale.clone());
        tokio::spawn(async move { sell(&store, &sale).await })
    });
    for one in selling.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    all_events(&store).await;
    let mut position = 0;
    let mut seen = 0;
    loop {
        let page = store.events_after(position, 7).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        assert!(
            page.windows(2)
                .all(|pair| pair[0].position() < pair[1].position())
        );
        seen += page.len();
        position = last.position();
    }
    assert_eq!(seen, 8 * 5, "accepted, begun, answered, approved, released");
    assert_eq!(store.last_position().await.unwrap(), position);
    assert_eq!(store.events_behind(0, 1_000).await.unwrap(), 40);
    assert_eq!(store.events_behind(0, 7).await.unwrap(), 7, "no more");
    assert_eq!(store.events_behind(position, 1_000).await.unwrap(), 0);
}
