//! Plans: order and repetition of the events do not matter, and a plan holds the newest event of
//! each kind about each member and each room, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Result, Unstructured};

use super::story;
use crate::domain::{
    event::{Event, Kind, Version},
    plan::{Facts, Plan},
};

/// A room, with a member or by itself.
type Item = (String, Option<String>);

pub fn check(bytes: &[u8]) {
    let mut bytes = Unstructured::new(bytes);
    let Ok((events, again)) = events_and_again(&mut bytes) else {
        return;
    };
    let plan = Plan::of(events.clone());
    assert_eq!(changes(&plan), told(&events));
    assert_eq!(plan.len(), told(&events).len());
    assert_eq!(Plan::of(again), plan, "order or repetition mattered");
    assert_eq!(Plan::of(plan.clone().into_events()), plan);
}

/// Makes events, and the same events in another order, some of them twice.
fn events_and_again(bytes: &mut Unstructured<'_>) -> Result<(Vec<Event>, Vec<Event>)> {
    let (rotate, repeat) = (bytes.arbitrary::<u8>()?, bytes.arbitrary::<u8>()?);
    let events = story::events(bytes)?;
    let mut again = events.clone();
    let repeated = events.iter().skip(repeat.into()).cloned();
    again.extend(repeated);
    if !again.is_empty() {
        let places = usize::from(rotate) % again.len();
        again.rotate_left(places);
    }
    if rotate % 2 == 1 {
        again.reverse();
    }
    Ok((events, again))
}

/// The newest version of each kind about each item, without the library's folding.
fn told(events: &[Event]) -> BTreeMap<Item, BTreeSet<Version>> {
    let mut all: BTreeMap<Item, BTreeMap<Kind, Version>> = BTreeMap::new();
    for Event { room, users, version } in events {
        let subjects = match version.kind() {
            Kind::Create | Kind::Destroy => vec![None],
            Kind::Join | Kind::Leave => users.iter().map(|user| Some(user.to_string())).collect(),
        };
        for subject in subjects {
            let kinds = all.entry((room.to_string(), subject)).or_default();
            let newest = kinds.entry(version.kind()).or_insert(*version);
            *newest = (*newest).max(*version);
        }
    }
    let newest = |(item, kinds): (_, BTreeMap<_, _>)| (item, kinds.into_values().collect());
    all.into_iter().map(newest).collect()
}

fn changes(plan: &Plan) -> BTreeMap<Item, BTreeSet<Version>> {
    let mut changes = BTreeMap::new();
    let versions = |facts: &Facts| facts.versions().collect();
    for (room, plan) in &plan.rooms {
        if let Some(facts) = &plan.room {
            changes.insert((room.to_string(), None), versions(facts));
        }
        for (user, facts) in &plan.members {
            let newest = facts.versions().max();
            assert_eq!(newest, Some(facts.newest()), "the newest decides");
            changes.insert((room.to_string(), Some(user.to_string())), versions(facts));
        }
    }
    changes
}
