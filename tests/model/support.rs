//! The checker, and its verdicts.

use stateright::{Checker, HasDiscoveries, Model};

use crate::{
    history::History,
    protocol::{ALWAYS, END, GHOSTS, LIVELY, Protocol},
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
    let found = [END, ALWAYS, GHOSTS, LIVELY].map(|name| checker.discovery(name));
    let found = found.into_iter().flatten().next();
    let path = found.expect("without the rule, something goes wrong");
    println!("without {rule:?}: {path}");
}

/// Proves that without a rule some path leaves a ghost, who would be back once the room's item has
/// expired.
pub fn leaves_a_ghost(without: Rule, history: History) {
    holds([history.clone()]);
    let protocol = Protocol { histories: vec![history], without: Some(without) };
    let wanted = HasDiscoveries::AnyOf([GHOSTS].into());
    let checker = protocol.checker().finish_when(wanted).spawn_bfs().join();
    let path = checker.discovery(GHOSTS).expect("without the rule, somebody would be back");
    println!("without {without:?}: {path}");
}

/// Shows a limit: on some path the table does not become the end state, although everything else
/// holds on every path, so that readers are told the truth.
pub fn only_misses_the_end(history: History) {
    let protocol = Protocol { histories: vec![history], without: None };
    let checker = protocol.checker().spawn_bfs().join();
    let path = checker.discovery(END).expect("the limit is no more");
    println!("{path}");
    for name in [ALWAYS, GHOSTS, LIVELY] {
        checker.assert_no_discovery(name);
    }
}
