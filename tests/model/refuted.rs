//! Failures without one of the rules: each rule is needed.

use crate::{
    history::{ANN, BOB, callback, create, destroy, history, join},
    rules::Rule,
    support::{leaves_a_ghost, needs},
};

#[test]
fn a_join_that_does_not_read_its_room_leaves_a_room_without_create_unknown() {
    needs(Rule::JoinsReadTheirRoom, history([callback([join(1, ANN)])]));
}

#[test]
fn a_late_join_that_does_not_read_its_room_stays_in_a_destroyed_room() {
    let told = [callback([create(1)]), callback([join(2, ANN)]), callback([destroy(3)])];
    needs(Rule::JoinsReadTheirRoom, history(told));
}

#[test]
fn a_sweep_that_does_not_wait_misses_a_join() {
    let told = [callback([create(1)]), callback([join(2, ANN)]), callback([destroy(3)])];
    needs(Rule::SweepsWait, history(told));
}

#[test]
fn a_sweep_that_does_not_wait_misses_the_life_of_a_room() {
    let told = [callback([create(1)]), callback([destroy(2)]), callback([join(3, ANN)])];
    needs(Rule::SweepsWait, history(told));
}

#[test]
fn a_sweep_that_is_queued_before_the_write_misses_a_join() {
    let told = [callback([create(1)]), callback([join(2, ANN)]), callback([destroy(3)])];
    needs(Rule::SweepsAreQueuedAfterTheWrite, history(told));
}

#[test]
fn a_destroy_whose_first_handler_crashed_before_queueing_is_never_swept() {
    let told =
        [callback([join(1, ANN)]), callback([destroy(2)]).abandoned(), callback([destroy(2)])];
    needs(Rule::StaleDestroysAreSwept, history(told));
}

#[test]
fn a_destroy_that_is_older_than_a_create_is_never_swept() {
    let told = [callback([join(1, ANN)]), callback([destroy(2)]), callback([create(3)])];
    needs(Rule::StaleDestroysAreSwept, history(told));
}

#[test]
fn an_ending_without_a_condition_removes_somebody_who_joined_again() {
    let told = [callback([join(1, ANN)]), callback([destroy(2)]), callback([join(3, ANN)])];
    needs(Rule::EndingsAreConditional, history(told));
}

#[test]
fn a_sweep_that_does_not_heal_leaves_a_living_room_destroyed() {
    let told = [callback([create(1)]), callback([destroy(2)]), callback([join(3, ANN)])];
    needs(Rule::SweepsHeal, history(told));
}

#[test]
fn a_revival_without_a_condition_brings_back_a_room_that_was_destroyed_again() {
    let told = [callback([destroy(1)]), callback([join(2, ANN)]), callback([destroy(3)])];
    needs(Rule::RevivalsAreConditional, history(told));
}

#[test]
fn a_cached_room_dated_later_than_its_request_hides_a_destroy() {
    let told = [
        callback([create(1)]),
        callback([join(2, ANN)]),
        callback([join(3, ANN)]),
        callback([destroy(4)]),
    ];
    needs(Rule::CachedRoomsAreDatedByTheirRequest, history(told));
}

#[test]
fn a_cached_room_without_its_last_destroy_keeps_a_late_join() {
    let told = [callback([join(1, ANN)]), callback([destroy(2)]), callback([create(3)])];
    needs(Rule::CachedRoomsKeepTheDestroy, history(told));
}

#[test]
fn a_room_that_expires_from_its_destroy_on_vanishes_before_its_members_know() {
    let told = [callback([join(1, ANN)]), callback([destroy(2)])];
    leaves_a_ghost(Rule::OnlySweepsLetRoomsExpire, history(told));
}

#[test]
fn a_room_that_expires_before_the_last_member_is_done_leaves_a_ghost() {
    let told = [callback([join(1, ANN), join(1, BOB)]), callback([destroy(2)])];
    leaves_a_ghost(Rule::SweepsFinishLast, history(told));
}

#[test]
fn a_sweep_that_finishes_for_a_newer_destroy_leaves_a_ghost() {
    let told =
        [callback([destroy(1), create(2)]), callback([join(3, ANN)]), callback([destroy(4)])];
    leaves_a_ghost(Rule::SweepsFinishTheirOwnDestroy, history(told));
}

#[test]
fn a_sweep_that_does_not_look_whether_the_room_lives_lets_it_vanish() {
    let told = [callback([destroy(1)]), callback([create(2)])];
    leaves_a_ghost(Rule::OnlyDestroyedRoomsExpire, history(told));
}

#[test]
fn an_expiry_that_outlives_a_newer_destroy_hides_its_lost_sweep() {
    let told = [
        callback([destroy(1)]),
        callback([destroy(2)]).without_its_sweep(),
        callback([destroy(2)]).ten_minutes_later(),
    ];
    needs(Rule::DestroysStopTheExpiry, history(told));
}

#[test]
fn an_expiry_that_outlives_a_revival_lets_a_living_room_vanish() {
    let told = [callback([destroy(1)]), callback([create(2)])];
    leaves_a_ghost(Rule::RevivalsStopTheExpiry, history(told));
}

#[test]
fn a_lost_sweep_that_nobody_asks_for_again_never_comes() {
    let told = [
        callback([join(1, BOB)]),
        callback([destroy(2)]).without_its_sweep(),
        callback([join(1, ANN)]).ten_minutes_later(),
    ];
    needs(Rule::UnsweptRoomsAreAskedForAgain, history(told));
}

#[test]
fn a_revival_that_does_not_ask_for_a_lost_sweep_hides_it() {
    let told = [
        callback([join(1, ANN)]),
        callback([destroy(2)]).without_its_sweep(),
        callback([create(3)]).afterwards(),
    ];
    needs(Rule::RevivalsAskForTheSweep, history(told));
}
