//! The letters of a queue, each whole: a content that was too large came in parts, one a message.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    letter::{Heading, Kind, Letter},
    queue::Received,
};

/// A letter, and the messages that it stands in.
#[derive(Debug)]
pub struct Entry {
    pub letter: Letter,
    /// One, or one for each part, the first part first.
    pub messages: Vec<Received>,
    /// How many parts are there, and how many there should be.
    pub parts: Option<(usize, usize)>,
}

impl Entry {
    /// The id of its first message names it.
    pub fn id(&self) -> &str {
        self.messages.first().map_or("", |message| &message.id)
    }

    /// Whether one of its messages has this id.
    pub fn has(&self, id: &str) -> bool {
        self.messages.iter().any(|message| message.id == id)
    }

    /// When it came in, in Unix milliseconds: the callback if the letter says so, else the message.
    pub fn received_at(&self) -> Option<u64> {
        let sent = || self.messages.first().and_then(|message| message.sent);
        self.letter.heading.received_at.or_else(sent)
    }

    /// Why it is here.
    pub fn reason(&self) -> &str {
        match (&self.letter.heading.reason, &self.letter.kind) {
            (Some(reason), _) => reason,
            (None, Kind::Events(_) | Kind::Sweep(_)) => "failed too often",
            (None, _) => "unknown origin",
        }
    }

    /// What it holds.
    pub fn content(&self) -> String {
        let content = match &self.letter.kind {
            Kind::Events(1) => "1 event".to_owned(),
            Kind::Events(count) => format!("{count} events"),
            Kind::Sweep(room) => format!("sweep of room {room}"),
            Kind::Body | Kind::Part { .. } | Kind::Broken(_) => "body".to_owned(),
            Kind::Unknown(_) => "unknown".to_owned(),
        };
        let whole = match self.letter.kind {
            Kind::Broken(_) => "incomplete",
            _ => "complete",
        };
        match self.parts {
            Some((there, parts)) => format!("{content}, {there} of {parts} parts, {whole}"),
            None => content,
        }
    }
}

/// A part with its number.
type Part = (usize, Letter, Received);

/// Makes letters of messages, the oldest first.
pub fn entries(messages: Vec<Received>) -> Vec<Entry> {
    let mut in_parts: BTreeMap<(Heading, usize), Vec<Part>> = BTreeMap::new();
    let mut entries = Vec::new();
    for message in messages {
        let letter = Letter::read(&message.body);
        if let Kind::Part { part, parts } = letter.kind {
            let whole = in_parts.entry((letter.heading.clone(), parts)).or_default();
            whole.push((part, letter, message));
        } else {
            entries.push(Entry { letter, messages: vec![message], parts: None });
        }
    }
    let joined = in_parts.into_iter();
    entries.extend(joined.map(|((heading, parts), found)| join(heading, parts, found)));
    entries.sort_by_cached_key(|entry| (entry.received_at(), entry.id().to_owned()));
    entries
}

/// One letter of the parts with one heading. The same part may be there twice, because a send may
/// be repeated.
fn join(heading: Heading, parts: usize, mut found: Vec<Part>) -> Entry {
    found.sort_by_key(|(part, ..)| *part);
    let there: BTreeSet<_> = found.iter().map(|(part, ..)| *part).collect();
    let (mut contents, mut messages) = (Vec::new(), Vec::new());
    for (part, letter, message) in found {
        contents.push((part, letter.content));
        messages.push(message);
    }
    contents.dedup();
    let kind = if contents.len() > there.len() {
        let why = "its parts are of several letters that cannot be told apart";
        Kind::Broken(why.to_owned())
    } else if there.len() < parts {
        Kind::Broken(format!("{} of its {parts} parts are missing", parts - there.len()))
    } else {
        Kind::Body
    };
    let content = contents.into_iter().flat_map(|(_, content)| content);
    Entry {
        letter: Letter { heading, content: content.collect(), kind },
        messages,
        parts: Some((there.len(), parts)),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde_json::json;

    use super::*;

    fn part(id: &str, request: &str, part: usize, parts: usize, content: &str) -> Received {
        let body = json!({
            "appKey": "a", "requestId": request, "receivedAt": 7, "reason": "no JSON",
            "bodyBase64": BASE64_STANDARD.encode(content), "part": part, "parts": parts,
        });
        Received { id: id.to_owned(), body: body.to_string(), ..Received::default() }
    }

    #[test]
    fn parts_are_joined_in_their_order_and_a_repeated_one_counts_once() {
        let messages = vec![
            part("m3", "q", 2, 2, "b"),
            part("m1", "q", 1, 2, "a"),
            part("m2", "q", 2, 2, "b"),
            part("m4", "other", 1, 1, "c"),
        ];
        let entries = entries(messages);
        let told: Vec<_> =
            entries.iter().map(|entry| (entry.id(), &*entry.letter.content, entry.parts)).collect();
        assert_eq!(told, [("m1", &b"ab"[..], Some((2, 2))), ("m4", b"c", Some((1, 1)))]);
        assert_eq!(entries[0].letter.kind, Kind::Body);
        assert_eq!(entries[0].messages.len(), 3);
        assert!(entries[0].has("m3") && !entries[0].has("m4"));
        assert_eq!(entries[0].content(), "body, 2 of 2 parts, complete");
    }

    #[test]
    fn parts_that_make_no_whole_say_so() {
        let missing = entries(vec![part("m", "q", 3, 3, "c")]);
        assert_eq!(missing[0].content(), "body, 1 of 3 parts, incomplete");
        let two = entries(vec![part("m", "q", 1, 1, "a"), part("n", "q", 1, 1, "b")]);
        assert!(matches!(&two[0].letter.kind, Kind::Broken(why) if why.contains("several")));
    }
}
