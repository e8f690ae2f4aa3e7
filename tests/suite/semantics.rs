//! The promises of `docs/semantics.md`, each of which names the tests that prove it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

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
    tests_below(Path::new("tests/suite"), "")
}

/// The tests of a module's folder. `prefix` is the path of the module, with `::` at its end.
fn tests_below(folder: &Path, prefix: &str) -> BTreeSet<String> {
    let paths = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let tests_at = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            return tests_below(&path, &format!("{prefix}{name}::"));
        }
        let module = if name == "mod" { prefix.to_owned() } else { format!("{prefix}{name}::") };
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        let tests = if is_source { tests_in(&path) } else { Vec::new() };
        tests.into_iter().map(|test| format!("{module}{test}")).collect()
    };
    paths.flat_map(tests_at).collect()
}

/// The names of the tests in a file.
fn tests_in(path: &Path) -> Vec<String> {
    let source = fs::read_to_string(path).unwrap();
    let (mut tests, mut is_test) = (Vec::new(), false);
    for line in source.lines().map(str::trim) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            tests.push(rest.split('(').next().unwrap().to_owned());
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
