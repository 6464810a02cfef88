//! The contract, on each engine. What SQLite alone has stands below it.

use crate::commands;
use store::Store;

macro_rules! on_both_engines {
    ($($room:ident :: $name:ident),* $(,)?) => {
        mod on_sqlite {
            use crate::{contract, letters, onlooking, projection, receipts};
            use store::Store;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    let dir = tempfile::tempdir().unwrap();
                    let store = Store::open(&dir.path().join("store.sqlite3")).await.unwrap();
                    $room::$name(store).await;
                }
            )*
        }

        mod on_postgres {
            use crate::database::on_postgres;
            use crate::{contract, letters, onlooking, projection, receipts};
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    on_postgres(async |database| {
                        $room::$name(database.store().await).await;
                    })
                    .await;
                }
            )*
        }
    };
}

on_both_engines! {
    contract::an_order_is_what_its_events_made_it,
    contract::of_many_appends_on_one_version_exactly_one_wins,
    contract::an_append_on_a_wrong_version_writes_nothing_at_all,
    contract::a_view_is_never_behind_its_history_and_never_another_merchants,
    contract::a_payment_is_found_by_every_word_that_is_on_a_receipt,
    contract::rule_d1_a_payment_request_id_leads_to_its_payment_and_is_never_another_ones,
    contract::a_wake_up_is_there_while_something_is_owed_and_gone_when_nothing_is,
    contract::positions_only_grow_and_leave_nothing_out,
    letters::a_parked_command_is_kept_once_in_its_place_until_it_is_carried_out,
    letters::a_dead_letter_is_listed_and_replayed_once_and_who_asked_is_kept,
    letters::an_account_that_open_payments_need_is_not_given_up,
    letters::a_process_that_beats_is_no_newer_than_this_one,
    receipts::case_x18_a_key_is_taken_once_and_its_repeat_sees_what_became_of_it,
    receipts::case_x15_a_command_whose_request_was_refused_writes_nothing,
    receipts::case_x15_a_door_that_comes_second_may_not_say_503,
    receipts::case_x17_a_door_that_is_not_alone_may_not_refuse_what_another_has_taken,
    receipts::decision_12_a_declined_request_keeps_its_answer_and_its_command_writes_nothing,
    receipts::decision_12_of_a_decline_and_an_acceptance_at_once_the_first_wins,
    receipts::case_x16_a_request_without_a_command_is_found_and_only_while_it_is_pending,
    receipts::rule_d2_a_terminals_sequence_counts_each_new_key_once_even_at_once,
    onlooking::what_stands_open_is_listed_and_what_rests_is_not,
    onlooking::rule_a15_what_an_operator_resolved_is_still_listed_with_the_mark,
    onlooking::the_account_that_open_payments_need_is_told,
    onlooking::a_payment_is_found_by_any_of_its_names_and_only_under_its_merchant,
    onlooking::a_story_has_what_happened_to_this_payment_alone,
    projection::totals_count_what_was_released_and_what_was_given_back,
    projection::a_batch_that_was_applied_before_changes_nothing,
    projection::a_batch_that_would_skip_an_event_is_refused,
    projection::a_rebuild_agrees_with_what_was_live_and_takes_its_place,
}

macro_rules! on_sqlite_alone {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(&dir.path().join("store.sqlite3")).await.unwrap();
            commands::$name(store.embedded_commands().unwrap()).await;
        }
    )*};
}

on_sqlite_alone! {
    records_come_back_in_their_partitions_order_from_behind_any_offset,
    a_committed_offset_never_goes_back_and_no_offset_is_used_twice,
    case_x33_a_dead_letter_is_kept_once,
}
