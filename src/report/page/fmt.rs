//! Figures and words as the page writes them.
//!
//! In: numbers, text. Out: HTML-safe text. Cold path.

/// Text safe between tags and in attributes.
pub fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A number with thousands set apart and a true minus.
pub fn number(v: f64, decimals: usize) -> String {
    if !v.is_finite() {
        return "–".into();
    }
    let text = format!("{:.decimals$}", v.abs());
    let (whole, rest) = text.split_once('.').map_or((&text[..], None), |(w, r)| (w, Some(r)));
    let mut out = String::new();
    if v < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if let Some(r) = rest {
        out.push('.');
        out.push_str(r);
    }
    out
}

/// A number that always shows its sign.
pub fn signed(v: f64, decimals: usize) -> String {
    let text = number(v, decimals);
    if v > 0.0 { format!("+{text}") } else { text }
}

/// Decimals that show about three digits of `size`.
pub fn decimals_for(size: f64) -> usize {
    match size.abs() {
        s if s >= 100.0 => 0,
        s if s >= 10.0 => 1,
        s if s >= 1.0 => 2,
        s if s >= 0.1 => 3,
        s if s >= 0.01 => 4,
        s if s > 0.0 => 6,
        _ => 2,
    }
}

/// A count.
pub fn count(n: u64) -> String {
    number(crate::report::stats::count(n), 0)
}

/// A figure that stands at `key` of the JSON form, too.
pub fn data(key: &str, value: f64, text: &str) -> String {
    format!("<data data-k=\"{key}\" value=\"{value}\">{text}</data>")
}

/// A length of time, in the unit that suits it.
pub fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{} s", number(s, if s < 10.0 { 1 } else { 0 })),
        s if s < 7_200.0 => format!("{} min", number(s / 60.0, 1)),
        s if s < 172_800.0 => format!("{} h", number(s / 3_600.0, 1)),
        s => format!("{} d", number(s / 86_400.0, 1)),
    }
}

/// Nanoseconds, in the unit that suits them.
pub fn nanos(ns: u64) -> String {
    let v = crate::report::stats::count(ns);
    match ns {
        0..1_000 => format!("{} ns", number(v, 0)),
        1_000..1_000_000 => format!("{} µs", number(v / 1e3, decimals_for(v / 1e3).min(2))),
        _ => format!("{} ms", number(v / 1e6, decimals_for(v / 1e6).min(2))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(number(-0.004, 2), "0.00");
        assert_eq!(signed(-12.5, 1), "−12.5");
        assert_eq!(signed(999.0, 0), "+999");
        assert_eq!(number(f64::NAN, 2), "–");
        assert_eq!(nanos(42_751), "42.8 µs");
        assert_eq!(span(600.0), "10.0 min");
    }

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(esc("<b a=\"1\">&'"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    }
}
