//! The outcome of a callback, in one word.

use chatroom_status_sync::wire::answer::{Answer, Counts};

/// The fate of a callback: the word for that part of it that needs most attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    Stale,
    Deferred,
    Quarantined,
    Refused,
    Unavailable,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Applied,
        Self::Stale,
        Self::Deferred,
        Self::Quarantined,
        Self::Refused,
        Self::Unavailable,
    ];

    pub fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Accepted(counts, _) if counts.quarantined > 0 => Self::Quarantined,
            Answer::Accepted(counts, _) if counts.deferred > 0 => Self::Deferred,
            Answer::Accepted(counts, _) if counts.applied > 0 => Self::Applied,
            Answer::Accepted(..) => Self::Stale,
            Answer::InvalidBody => Self::Quarantined,
            Answer::Refused(_) | Answer::Forbidden => Self::Refused,
            Answer::Unavailable => Self::Unavailable,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::Deferred => "deferred",
            Self::Quarantined => "quarantined",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// Says in sentences what an answer means, and `error`, which the log says of it, where it adds to
/// that.
pub fn meaning(answer: &Answer, error: Option<&str>) -> Vec<String> {
    let mut sentences = match answer {
        Answer::Accepted(counts, _) => accepted(*counts),
        Answer::InvalidBody => {
            vec![
                "It is signed, but the body is no JSON array or object of events. It is kept in \
                  the dead-letter queue."
                    .to_owned(),
            ]
        }
        Answer::Refused(_) => vec!["Nothing of it was read or stored.".to_owned()],
        Answer::Forbidden => vec!["This address is not in ALLOWED_SOURCES.".to_owned()],
        Answer::Unavailable => vec![
            "Neither the table nor a queue could take it in time. The sender tries again."
                .to_owned(),
        ],
    };
    sentences.extend(error.map(str::to_owned));
    sentences
}

fn accepted(counts: Counts) -> Vec<String> {
    let changes = |number: usize, one: &str, more: &str| match number {
        0 => None,
        1 => Some(format!("1 change {one}.")),
        _ => Some(format!("{number} changes {more}.")),
    };
    let sentences: Vec<_> = [
        changes(counts.applied, "is in the table", "are in the table"),
        changes(
            counts.stale,
            "was known already, or is older than what the table shows",
            "were known already, or are older than what the table shows",
        ),
        changes(
            counts.deferred,
            "waits in the deferred queue and is written later",
            "wait in the deferred queue and are written later",
        ),
        (counts.quarantined > 0).then(|| {
            let number = counts.quarantined;
            let (noun, verb) = if number == 1 { ("event", "is") } else { ("events", "are") };
            format!(
                "{number} {noun} cannot be understood and {verb} kept in the dead-letter queue."
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if sentences.is_empty() { vec!["It holds no change.".to_owned()] } else { sentences }
}
