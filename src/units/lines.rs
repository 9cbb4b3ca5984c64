//! Text for terminals in lines that are not broken by them.
//!
//! In: labels, words. Out: lines of at most [`WIDTH`] columns. Cold path.

use std::fmt::Write as _;

/// Columns of a line, at most, but for a word that is longer.
pub const WIDTH: usize = 100;
/// Columns before the text that a label stands in.
const LABEL: usize = 11;

/// `text` in lines, the first behind `label`, the others below its text. Empty where `text` is.
pub fn labelled(label: &str, text: &str) -> String {
    wrapped(&format!("{label:<LABEL$}"), LABEL, text)
}

/// The same below a heading: two columns further in.
pub fn below(label: &str, text: &str) -> String {
    wrapped(&format!("  {label:<LABEL$}"), LABEL + 2, text)
}

/// `text` in lines from the first column.
pub fn paragraph(text: &str) -> String {
    wrapped("", 0, text)
}

fn wrapped(first: &str, indent: usize, text: &str) -> String {
    let mut out = String::new();
    let (mut line, mut empty) = (first.to_owned(), true);
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{line}");
            (line, empty) = (" ".repeat(indent), true);
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    if !empty {
        let _ = writeln!(out, "{line}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_and_no_word_is_lost() {
        let words = "word ".repeat(60);
        for text in [labelled("label", &words), below("label", &words), paragraph(&words)] {
            assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
            assert_eq!(text.matches("word").count(), 60);
        }
        let second = labelled("label", &words).lines().nth(1).map(str::to_owned);
        assert!(second.is_some_and(|l| l.starts_with(&format!("{}word", " ".repeat(LABEL)))));
        assert_eq!(labelled("label", " "), "");
    }
}
