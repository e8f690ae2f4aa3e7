//! Escapes characters that a terminal obeys instead of showing them, in text from outside.
//!
//! An id may hold any character. A control character clears the screen or fakes a row, a
//! bidirectional one turns the text after it around, and one without a width hides in a name.

use std::fmt::Write;

/// Tells whether a character acts on a terminal, or cannot be seen in it.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

/// Escapes all such characters, line breaks included, as Rust does: `\n`, `\u{202e}`.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hidden(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Escapes all such characters except line breaks, in a text of several lines.
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Escapes such characters in JSON, as JSON does: `\u202e`. Outside of strings it has none but
/// line breaks, and inside of them a line break is escaped already.
pub fn escape_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_hidden(letter) && letter != '\n' {
            // Writing to a string cannot fail, and all of these have four digits.
            let _ = write!(shown, "\\u{:04x}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    shown
}
