//! The line through points.
//!
//! In: points. Out: its slope. Cold path.

/// The slope of the line through `points` by least squares. `None` where they are fewer than two or
/// all at one place.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count of points")]
    let n = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xx, mut xy) = (0.0, 0.0);
    for p in points {
        xx += (p.0 - x) * (p.0 - x);
        xy += (p.0 - x) * (p.1 - y);
    }
    (xx > 0.0).then(|| xy / xx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_of_the_line_and_of_noise_around_it() {
        let line: Vec<_> = (0..9).map(f64::from).map(|x| (x, 7.0 - 2.5 * x)).collect();
        assert!((slope(&line).expect("a line") + 2.5).abs() < 1e-12);
        // 0, 1, 0, 1 … over 0..=9: by hand, 2.5 / 82.5.
        let steps: Vec<_> = (0..10).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        assert!((slope(&steps).expect("a line") - 2.5 / 82.5).abs() < 1e-12);
        assert_eq!((slope(&[]), slope(&[(1.0, 2.0), (1.0, 3.0)])), (None, None));
    }
}
