//! Reports what a run comes to, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::{
    audit::Audit,
    run::Run,
    tally::{Callbacks, Tally},
};
use crate::result::Result;

/// A run that is over.
#[derive(Serialize)]
pub struct Report<'a> {
    pub run: &'a Run<'a>,
    pub interrupted: bool,
    #[serde(flatten)]
    pub tally: &'a Tally,
    pub table: &'a Audit,
}

impl Report<'_> {
    /// Judges whether the deployment did what it promises.
    pub fn verdict(&self) -> Result {
        let (Callbacks { lost, sent, .. }, wrong) = (&self.tally.callbacks, self.table.wrong);
        let faults = [
            (*lost > 0).then(|| format!("{lost} of {sent} callbacks were never accepted")),
            (wrong > 0).then(|| format!("the table is wrong about {wrong} members")),
            self.table.failure.as_ref().map(|_| "the table was not audited".to_owned()),
            self.interrupted.then(|| "interrupted".to_owned()),
        ];
        let faults: Vec<_> = faults.into_iter().flatten().collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ").into()) }
    }
}

/// Words it for people.
impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\ntable      {}", self.tally, self.table)
    }
}
