//! Reads the event source mappings of the template: as much YAML as stands there.

use std::path::Path;

use serde::Serialize;

use crate::{Result, deployment::QUEUES};

/// The behaviour of Lambda in front of a queue.
#[derive(Debug, Clone, Serialize)]
pub struct Mapping {
    /// The name of the local queue.
    pub queue: &'static str,
    /// The most messages of a batch.
    pub batch: u16,
    /// The most batches at once.
    pub concurrency: u16,
    /// The seconds after which a message comes back that was neither deleted nor hidden.
    pub visibility_seconds: u16,
}

/// Reads the mappings of all queues that the template has.
pub fn mappings(template: &Path) -> Result<Vec<Mapping>> {
    let text = std::fs::read_to_string(template)?;
    let mut mappings = Vec::new();
    for (variable, queue) in QUEUES {
        let Some(resource) = value(&text, variable).and_then(reference) else {
            continue;
        };
        let source = format!("EventSourceArn: !GetAtt {resource}.Arn");
        let mapping = blocks(&text).find(|block| block.contains(&source)).ok_or_else(|| {
            format!("{}: no event source mapping of {resource}", template.display())
        })?;
        let queue_block = blocks(&text).find(|block| block.starts_with(&format!("  {resource}:")));
        let visibility = queue_block.and_then(|block| number(&text, block, "VisibilityTimeout"));
        mappings.push(Mapping {
            queue,
            // Without these, Lambda takes ten messages at once, and 1,000 batches.
            batch: number(&text, mapping, "BatchSize").unwrap_or(10),
            concurrency: number(&text, mapping, "MaximumConcurrency").unwrap_or(1000),
            visibility_seconds: visibility.unwrap_or(30),
        });
    }
    Ok(mappings)
}

/// Splits the template into its parameters and resources: each begins two spaces from the margin.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let begins_block = |line: &str| line.starts_with("  ") && !line.starts_with("   ");
    let mut starts: Vec<_> = text
        .split_inclusive('\n')
        .scan(0, |end, line| {
            let start = *end;
            *end += line.len();
            Some((start, line))
        })
        .filter(|(_, line)| begins_block(line))
        .map(|(start, _)| start)
        .collect();
    starts.push(text.len());
    starts.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect::<Vec<_>>().into_iter()
}

/// Finds the value of the first line that has this name.
fn value<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let values = block.lines().filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    values.map(str::trim).find(|value| !value.is_empty())
}

/// Reads a number, or the default of the parameter that stands in its place.
fn number(text: &str, block: &str, name: &str) -> Option<u16> {
    let value = value(block, name)?;
    let Some(parameter) = reference(value) else {
        return value.parse().ok();
    };
    let block = blocks(text).find(|block| block.starts_with(&format!("  {parameter}:")))?;
    self::value(block, "Default")?.parse().ok()
}

fn reference(value: &str) -> Option<&str> {
    value.strip_prefix("!Ref ")
}
