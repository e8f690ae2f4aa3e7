//! Properties that hold on every path.

use crate::{
    every::{every_history, every_history_with_crashes},
    history::{
        ANN, BOB, Callback, Told, auto_destroy, callback, create, destroy, history, join, leave,
    },
    support::{all_hold, holds},
};

/// A callback, and the same callback with a handler that crashes.
fn twice(told: Told) -> [Callback; 2] {
    [callback([told]), callback([told]).abandoned()]
}

#[test]
fn every_history_of_up_to_three_events_ends_well() {
    all_hold((1..=3).flat_map(|size| every_history(size, 1)).collect());
}

#[test]
#[ignore = "half a minute; a few seconds with --release"]
fn every_history_of_four_events_ends_well() {
    all_hold(every_history(4, 1));
}

#[test]
fn every_history_of_two_users_and_up_to_three_events_ends_well() {
    all_hold((1..=3).flat_map(|size| every_history(size, 2)).collect());
}

#[test]
fn every_history_of_two_events_ends_well_though_handlers_crash() {
    all_hold(every_history_with_crashes(2));
}

#[test]
fn a_join_and_a_destroy_race_with_crashes_and_repeated_sweeps() {
    let [join, crashed_join] = twice(join(2, ANN));
    let [destroy, crashed_destroy] = twice(destroy(3));
    let told = [callback([create(1)]), join, crashed_join, destroy, crashed_destroy];
    holds([history(told).with_repeated_sweeps()]);
}

#[test]
fn a_destroy_and_a_later_join_race_with_crashes_and_repeated_sweeps() {
    let [join, crashed_join] = twice(join(3, ANN));
    let [destroy, crashed_destroy] = twice(destroy(2));
    let told = [callback([create(1)]), join, crashed_join, destroy, crashed_destroy];
    holds([history(told).with_repeated_sweeps()]);
}

#[test]
fn a_membership_expires_by_one_of_the_destroys_that_could_have_ended_it() {
    let told = [
        callback([join(2, ANN)]),
        callback([destroy(1)]),
        callback([destroy(3)]),
        callback([destroy(4)]),
    ];
    holds([history(told)]);
}

#[test]
fn two_destroys_around_a_join_end_it_whichever_comes_first() {
    let told = [callback([destroy(1)]), callback([join(2, ANN)]), callback([destroy(3)])];
    holds([history(told).with_repeated_sweeps()]);
}

#[test]
fn a_room_that_is_created_again_keeps_only_those_who_join_again() {
    let told = [
        callback([join(1, ANN)]),
        callback([destroy(2)]),
        callback([create(3)]),
        callback([join(4, ANN)]),
    ];
    holds([history(told)]);
}

#[test]
fn a_join_between_a_destroy_and_a_create_that_is_told_last_is_kept() {
    let told = [
        callback([create(1)]),
        callback([destroy(2)]),
        callback([join(3, ANN)]),
        callback([create(4)]),
        callback([destroy(5)]),
    ];
    holds([history(told)]);
}

#[test]
fn a_late_leave_still_tells_what_it_knows_about_an_ended_membership() {
    let told = [
        callback([join(1, ANN)]),
        callback([leave(2, ANN)]),
        callback([join(3, ANN)]),
        callback([destroy(4)]),
    ];
    holds([history(told)]);
}

#[test]
fn a_late_destroy_in_a_living_room_is_healed_though_the_member_who_proves_it_has_left() {
    let told = [
        callback([create(1)]),
        callback([destroy(2)]),
        callback([join(3, ANN)]),
        callback([leave(4, ANN)]),
    ];
    let in_one = [
        callback([create(1)]),
        callback([destroy(2)]),
        callback([leave(4, ANN), join(3, ANN)]),
        callback([destroy(5)]),
    ];
    holds([history(told).with_repeated_sweeps(), history(in_one)]);
}

#[test]
fn a_cached_active_room_hides_no_destroy_from_an_older_join() {
    let told = [
        callback([create(1)]),
        callback([join(2, ANN)]),
        callback([join(3, ANN)]),
        callback([destroy(4)]),
    ];
    holds([history(told)]);
}

#[test]
fn at_the_same_millisecond_destroy_beats_leave_beats_join_beats_create() {
    let told = [
        callback([create(1)]),
        callback([join(1, ANN)]),
        callback([leave(1, ANN)]),
        callback([destroy(1)]),
    ];
    let two_destroys = [
        callback([create(1)]),
        callback([join(1, ANN)]),
        callback([destroy(1)]),
        callback([auto_destroy(1)]),
    ];
    holds([history(told), history(two_destroys)]);
}

#[test]
fn events_folded_into_one_callback_end_as_if_they_came_one_by_one() {
    let lives_again = [
        callback([destroy(2), join(3, ANN)]),
        callback([create(1), join(1, ANN)]),
        callback([destroy(4)]),
    ];
    let created_again = [
        callback([create(3), destroy(2), join(1, ANN)]),
        callback([destroy(1)]),
        callback([leave(2, ANN)]),
    ];
    let came_and_went = [
        callback([join(2, ANN), leave(3, ANN)]),
        callback([destroy(4), create(1)]),
        callback([join(5, ANN), leave(1, ANN)]),
    ];
    holds([history(lives_again), history(created_again), history(came_and_went)]);
}

#[test]
fn a_callback_that_is_finished_in_parts_by_the_worker_ends_as_if_in_one() {
    let told = [
        callback([destroy(2), join(3, ANN), join(1, BOB)]).abandoned(),
        callback([destroy(2)]),
        callback([join(3, ANN)]),
        callback([join(1, BOB)]),
    ];
    holds([history(told)]);
}

#[test]
fn a_sweep_of_several_pages_ends_each_member_and_heals_the_room() {
    let ends = [
        callback([create(1)]),
        callback([join(2, ANN), join(2, BOB)]),
        callback([destroy(3)]),
        callback([join(4, BOB)]),
    ];
    holds([history(ends)]);
}

#[test]
fn healing_never_brings_back_a_room_that_was_destroyed_again() {
    let told = [
        callback([destroy(2)]),
        callback([join(3, ANN)]),
        callback([join(4, BOB)]),
        callback([destroy(4)]),
    ];
    holds([history(told)]);
}
