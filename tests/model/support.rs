//! The checker, and its verdicts.

use stateright::{Checker, HasDiscoveries, Model};

use crate::{
    history::History,
    protocol::{ALWAYS, END, LIVELY, Protocol},
    rules::Rule,
};

/// Proves that the protocol holds, on every path of every history.
pub fn holds<const N: usize>(histories: [History; N]) {
    all_hold(histories.into());
}

/// Proves the same for a list of histories.
pub fn all_hold(histories: Vec<History>) {
    let count = histories.len();
    let protocol = Protocol { histories, without: None };
    let checker = protocol.checker().spawn_bfs().join();
    checker.assert_properties();
    println!("{count} histories, {} states", checker.unique_state_count());
}

/// Proves that a rule is needed: with it the history ends well, and without it some path does not.
pub fn needs(rule: Rule, history: History) {
    holds([history.clone()]);
    let protocol = Protocol { histories: vec![history], without: Some(rule) };
    let checker = protocol.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let found = [END, ALWAYS, LIVELY].map(|name| checker.discovery(name));
    let found = found.into_iter().flatten().next();
    let path = found.expect("without the rule, something goes wrong");
    println!("without {rule:?}: {path}");
}
