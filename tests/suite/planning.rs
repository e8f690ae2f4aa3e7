//! Plans, which fold events into one change for each item.

use chatroom_status_sync::{
    domain::{
        event::{Kind, Version},
        plan::Plan,
        time::Timestamp,
    },
    local::im_server::WireEvent,
};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::support::{
    EventBuilder, NOBODY, at, create, destroy,
    history::{History, history},
    join, leave, read,
};

fn plan(events: &[WireEvent]) -> Plan {
    Plan::of(events.iter().map(read))
}

#[test]
fn at_the_same_millisecond_destroy_beats_leave_beats_join_beats_create() {
    let kinds = [Kind::Create, Kind::Join, Kind::Leave, Kind::Destroy];
    assert!(kinds.map(|kind| Version::new(at(0), kind, 0)).is_sorted());
    assert!(Version::new(at(0), Kind::Destroy, 9) < Version::new(at(1), Kind::Create, 0));
}

#[test]
fn a_version_is_time_then_type_then_status_in_decimal_digits() {
    let version = Version::new(at(0), Kind::Leave, 12);
    assert_eq!(version.number(), 170_000_000_000_029);
    assert_eq!(Version::from_number(version.number()), Some(version));
    assert_eq!(Version::from_number(170_000_000_000_049), None, "there is no type 4");
}

#[test]
fn several_events_about_one_member_are_one_change() {
    let plan = plan(&[
        join("room", ["ann", "ann"]).at(1),
        leave("room", "ann").auto_exit().at(5),
        join("room", "ann").at(3),
    ]);
    assert_eq!(plan.len(), 1);
    let facts = plan.rooms.values().next().unwrap().members.values().next().unwrap();
    assert_eq!(facts.newest(), Version::new(at(5), Kind::Leave, 1));
    assert_eq!(facts.of_kind(Kind::Join), Some(Version::new(at(3), Kind::Join, 0)));
}

#[test]
fn users_of_a_create_or_destroy_say_nothing_about_members() {
    let plan = plan(&[create("room").naming("ann").at(1), destroy("room").naming("ann").at(2)]);
    assert!(plan.rooms.values().all(|room| room.members.is_empty()));
    assert_eq!(plan.len(), 1);
}

#[test]
fn a_join_or_leave_without_users_changes_nothing() {
    let plan = plan(&[join("room", NOBODY).at(1), leave("room", NOBODY).at(2)]);
    assert!(plan.is_empty());
}

fn order_and_repetition_never_change_a_plan_in(cases: u32) {
    let property = |history: History| {
        let events = history.events();
        let reversed: Vec<_> = events.iter().rev().cloned().collect();
        let repeated = [&events[..], &reversed].concat();
        let once = plan(&events);
        prop_assert_eq!(&once, &plan(&reversed));
        prop_assert_eq!(&once, &plan(&repeated));
        Ok(())
    };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&history(), property).unwrap();
}

#[test]
fn order_and_repetition_never_change_a_plan() {
    order_and_repetition_never_change_a_plan_in(5_000);
}

#[test]
#[ignore = "slow: a hundred thousand cases"]
fn order_and_repetition_never_change_a_plan_in_a_hundred_thousand_cases() {
    order_and_repetition_never_change_a_plan_in(100_000);
}

proptest! {
    #[test]
    fn every_version_can_be_read_back_from_its_number(
        time in 0..9_999_999_999_999_u64,
        kind in 0..4_u64,
        status: u64,
    ) {
        let time = Timestamp::from_millis(time).unwrap();
        let version = Version::new(time, Kind::from_type(kind).unwrap(), status);
        prop_assert_eq!(Version::from_number(version.number()), Some(version));
    }
}
