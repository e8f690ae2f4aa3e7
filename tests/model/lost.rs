//! Sweeps that are lost or die, and the callbacks that make good for it.

use crate::{
    every::{every_history, every_history_with_dead_sweeps},
    history::{ANN, BOB, Callback, History, callback, create, destroy, history, join, leave},
    support::{all_hold, holds, only_misses_the_end},
};

#[test]
fn whoever_meets_a_destroyed_room_ten_minutes_later_makes_good_for_every_dead_sweep() {
    all_hold((1..=2).flat_map(every_history_with_dead_sweeps).collect());
}

#[test]
#[ignore = "some seconds"]
fn whoever_meets_a_room_ten_minutes_after_three_events_makes_good_for_every_dead_sweep() {
    all_hold(every_history_with_dead_sweeps(3));
}

#[test]
fn a_late_join_asks_for_a_lost_sweep_that_the_others_need() {
    let told = [
        callback([create(1), join(1, BOB)]),
        callback([destroy(3)]).with_a_dead_sweep(),
        callback([join(2, ANN)]).ten_minutes_later(),
    ];
    holds([history(told)]);
}

#[test]
fn a_repeated_destroy_asks_for_a_lost_sweep_whenever_it_comes() {
    let told = [
        callback([join(1, ANN), join(1, BOB)]),
        callback([destroy(2)]).with_a_dead_sweep(),
        callback([destroy(2)]),
    ];
    holds([history(told)]);
}

#[test]
fn an_older_destroy_asks_for_the_lost_sweep_of_a_newer_one() {
    let told = [
        callback([join(1, ANN)]),
        callback([join(3, BOB)]),
        callback([destroy(4)]).with_a_dead_sweep(),
        callback([destroy(2)]).ten_minutes_later(),
    ];
    holds([history(told)]);
}

#[test]
fn a_newer_destroy_makes_good_for_the_lost_sweep_of_an_older_one() {
    let told = [
        callback([join(1, ANN)]),
        callback([destroy(2)]).with_a_dead_sweep(),
        callback([create(3)]),
        callback([destroy(4)]),
    ];
    holds([history(told)]);
}

#[test]
fn a_callback_that_revives_a_room_ends_its_old_life_however_soon_it_comes() {
    let lost = |next: Callback| {
        let old_life = callback([create(1), join(1, ANN), join(1, BOB)]);
        history([old_life, callback([destroy(2)]).without_its_sweep(), next])
    };
    holds([
        lost(callback([create(3)]).afterwards()),
        lost(callback([create(3)]).ten_minutes_later()),
        lost(callback([join(3, ANN)]).afterwards()),
        lost(callback([join(3, BOB)]).ten_minutes_later()),
        lost(callback([create(3), join(3, BOB)]).afterwards()),
    ]);
}

#[test]
fn of_two_callbacks_that_revive_a_room_one_ends_its_old_life() {
    let told = [
        callback([join(1, BOB)]),
        callback([destroy(2)]).without_its_sweep(),
        callback([create(3)]).afterwards(),
        callback([join(4, ANN)]).afterwards(),
    ];
    holds([history(told)]);
}

#[test]
fn the_sweep_of_an_older_destroy_does_not_do_for_a_newer_one_whose_sweep_is_lost() {
    let told = [
        callback([destroy(1), create(2)]),
        callback([join(3, ANN)]),
        callback([destroy(4)]).with_a_dead_sweep(),
        callback([join(2, BOB)]).ten_minutes_later(),
    ];
    holds([history(told)]);
}

#[test]
fn a_sweep_that_is_asked_for_too_soon_does_no_harm() {
    all_hold((1..=3).flat_map(|size| every_history(size, 1)).map(History::told_late).collect());
    let ended =
        [callback([create(1), join(1, BOB)]), callback([join(2, ANN)]), callback([destroy(3)])];
    let revived = [callback([join(1, ANN)]), callback([destroy(2)]), callback([join(3, BOB)])];
    let left = [
        callback([create(1)]),
        callback([destroy(2)]),
        callback([join(3, ANN)]),
        callback([leave(4, ANN)]),
    ];
    holds([history(ended), history(revived), history(left)].map(History::told_late));
}

#[test]
fn a_dead_sweep_beside_crashed_handlers_leaves_no_ghost() {
    let told = [
        callback([join(1, ANN)]),
        callback([join(1, ANN)]).abandoned(),
        callback([destroy(2)]).with_a_dead_sweep(),
        callback([destroy(2)]).abandoned(),
        callback([join(1, ANN)]).ten_minutes_later(),
    ];
    holds([history(told)]);
}

// The room's item shows that a sweep is missing only while the room is destroyed. Where it is active
// all the same, members of its old life say `joined` until it ends again. Readers are told the truth
// throughout, because the item keeps its newest destroy and does not expire.

#[test]
fn limit_the_lost_sweep_of_a_destroy_that_was_told_late_into_a_living_room() {
    let told = [
        callback([join(1, ANN)]),
        callback([create(3)]),
        callback([destroy(2)]).without_its_sweep(),
        callback([join(4, BOB)]).ten_minutes_later(),
    ];
    only_misses_the_end(history(told));
}

#[test]
fn limit_the_lost_sweep_of_a_room_that_a_crashed_handler_revived() {
    let told = [
        callback([join(1, ANN)]),
        callback([destroy(2)]).without_its_sweep(),
        callback([create(3)]).abandoned(),
        callback([create(3)]).ten_minutes_later(),
    ];
    only_misses_the_end(history(told));
}

#[test]
fn limit_a_sweep_that_dies_after_it_revived_the_room() {
    let told = [
        callback([join(1, BOB)]),
        callback([destroy(2)]).with_a_dead_sweep(),
        callback([create(3)]).afterwards(),
        callback([join(4, ANN)]).afterwards(),
    ];
    only_misses_the_end(history(told));
}
