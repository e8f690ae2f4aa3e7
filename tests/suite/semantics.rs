//! The promises of `docs/semantics.md`, each of which names the tests that prove it.

use std::{collections::BTreeSet, fs, path::Path};

/// The promises, each the text of a list item and the tests that it names.
fn promises() -> Vec<(String, Vec<String>)> {
    let page = include_str!("../../docs/semantics.md");
    let items = page.split("\n- ").skip(1).map(|item| item.split("\n\n").next().unwrap());
    let promise = |item: &str| {
        let (text, tests) = item.split_once('[').unwrap_or((item, ""));
        let tests = tests.split(['[', ']']).map(str::trim).filter(|name| !name.is_empty());
        (text.to_owned(), tests.map(str::to_owned).collect())
    };
    items.map(promise).collect()
}

/// The tests of this suite, as `module::name`.
fn tests() -> BTreeSet<String> {
    let files = fs::read_dir("tests/suite").unwrap().map(|file| file.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources.flat_map(|path| tests_in(&path)).collect()
}

fn tests_in(path: &Path) -> Vec<String> {
    let module = path.file_stem().unwrap().to_str().unwrap();
    let source = fs::read_to_string(path).unwrap();
    let (mut tests, mut is_test) = (Vec::new(), false);
    for line in source.lines().map(str::trim) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            tests.push(format!("{module}::{}", rest.split('(').next().unwrap()));
            is_test = false;
        }
    }
    tests
}

#[test]
fn every_promise_names_tests_that_exist() {
    let (promises, tests) = (promises(), tests());
    assert!(promises.len() > 25 && tests.len() > 100);
    for (text, names) in promises {
        assert!(!names.is_empty(), "no test proves: {text}");
        for name in names {
            assert!(tests.contains(&name), "{name} is no test, but is to prove: {text}");
        }
    }
}
