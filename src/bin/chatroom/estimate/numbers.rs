//! Figures for people.

/// An amount of money, in cents.
pub fn dollars(usd: f64) -> String {
    format!("${}", grouped(&format!("{usd:.2}")))
}

/// A figure with three digits that count, or all of those before the point.
pub fn figure(value: f64) -> String {
    let text = match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.1.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    grouped(&text)
}

/// Commas between thousands.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_shows_three_digits_that_count_and_commas() {
        let shown = [0.0, 0.0495, 4.25, 14.286, 20.0, 999.6, 1e6, 12_345_678.9].map(figure);
        let expected = ["0", "0.0495", "4.25", "14.3", "20", "1,000", "1,000,000", "12,345,679"];
        assert_eq!(shown, expected);
        assert_eq!(dollars(1234.5), "$1,234.50");
    }
}
