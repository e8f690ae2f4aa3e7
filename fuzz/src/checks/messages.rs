//! Messages: deferred changes become as few messages as can hold them, SQS takes each message, and
//! the events in them give the same plan again.

use arbitrary::Unstructured;

use super::{app, assert_sendable, now, story};
use crate::{
    callback::{Verified, body::parse},
    domain::{event::Event, plan::Plan},
    wire::{
        deferred::{DeferredMessage, Work},
        limits::MAX_BYTES,
        packing::event_messages,
    },
};

pub fn check(bytes: &[u8]) {
    let Ok(events) = story::events(&mut Unstructured::new(bytes)) else {
        return;
    };
    let plan = Plan::of(events);
    let messages = event_messages(&app(), plan.clone().into_events());
    let mut back = Vec::new();
    for message in &messages {
        assert_sendable(message);
        back.push(events_of(message));
    }
    for (pair, events) in messages.windows(2).zip(&back) {
        // Packing counts a comma too many for each event, and one for the end.
        let spared = events.len() + 1;
        let both = pair[0].len() + pair[1].len() + spared;
        assert!(both > MAX_BYTES, "two messages would fit into one");
    }
    assert_eq!(Plan::of(back.concat()), plan);
}

/// A message's events, as the worker reads them.
fn events_of(message: &str) -> Vec<Event> {
    let message = DeferredMessage::read(message).expect("a message");
    assert_eq!(message.app, app());
    let Work::Events(events) = message.work else { panic!("a sweep") };
    let verified = Verified::from_queue(message.app, events.get().as_bytes().into());
    let parsed = parse(&verified, now()).expect("a list");
    assert_eq!(parsed.faulty, 0, "{:?}", parsed.faults);
    parsed.events
}
