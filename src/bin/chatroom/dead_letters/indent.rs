//! JSON for people, with every token as it came: a parser would drop a field that is named twice
//! and round a number, and either may be what is wrong with a letter.

/// Deeper lines are indented no further: nobody signs the body, and it may be nothing but brackets.
const DEEPEST: usize = 20;

/// Indents a JSON text.
pub fn indented(json: &str) -> String {
    let mut shown = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        if in_string {
            shown.push(letter);
            in_string = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            continue;
        }
        match letter {
            _ if letter.is_ascii_whitespace() => {}
            '[' | '{' => {
                shown.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                if letters.peek().is_some_and(|next| !matches!(next, ']' | '}')) {
                    depth += 1;
                    new_line(&mut shown, depth);
                } else {
                    shown.extend(letters.next());
                }
            }
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                new_line(&mut shown, depth);
                shown.push(letter);
            }
            ',' => {
                shown.push(letter);
                new_line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            _ => {
                in_string = letter == '"';
                shown.push(letter);
            }
        }
    }
    shown
}

fn new_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_stays_as_it_came() {
        let json = r#"[ {"a":1.0,"a":18446744073709551616,"b":{ },"c":"x, [\"y\\"},[ ] ]"#;
        let shown = r#"[
  {
    "a": 1.0,
    "a": 18446744073709551616,
    "b": {},
    "c": "x, [\"y\\"
  },
  []
]"#;
        assert_eq!(indented(json), shown);
    }

    #[test]
    fn json_of_any_depth_is_shown_in_lines_of_some_length() {
        let json = "[".repeat(100_000) + &"]".repeat(100_000);
        let shown = indented(&json);
        assert!(shown.ends_with("\n]") && shown.lines().all(|line| line.len() < 50));
    }
}
