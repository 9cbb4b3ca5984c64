//! Medians, and straight lines through measured points.
//!
//! In: numbers. Out: a median, a slope. Cold path.

/// The median, the upper one of two; sorts. `None` of nothing.
pub fn median<T: Copy + PartialOrd>(x: &mut [T]) -> Option<T> {
    x.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    x.get(x.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(&mut [9u64, 1, 5]), Some(5));
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), Some(3.0));
        assert_eq!(median::<u64>(&mut []), None);
    }
}
