//! The principal branch of Lambert's W at an exponential: the root of `w + ln w = y`.
//!
//! In: y. Out: W0(e^y), for any y without overflow. Hot path: eight steps at most, three as a rule.
//!
//! 1. An error of e becomes one below e^2 with the next step, so that the step after one below
//!    1e-8 would change nothing.

use super::det;

/// A step after which no other is needed.
const LAST_STEP: f64 = 1e-8;

/// W0(e^y): the w > 0 with `w + ln w = y`. Newton in w for large y, in ln w for small.
#[must_use]
pub fn w0_exp(y: f64) -> f64 {
    if y > 1.0 {
        // g(w) = w + ln w - y is concave and increasing: Newton from the left overshoots never.
        let mut w = y - det::ln(y);
        for _ in 0..8 {
            let step = (w + det::ln(w) - y) * w / (w + 1.0);
            w -= step;
            if step.abs() <= LAST_STEP * w {
                break;
            }
        }
        w
    } else {
        // v = ln w: e^v + v = y, convex and increasing.
        let mut v = if y < -1.0 { y } else { 0.5 * (y - 1.0) };
        for _ in 0..8 {
            let e = det::exp(v);
            let step = (e + v - y) / (1.0 + e);
            v -= step;
            if step.abs() <= LAST_STEP {
                break;
            }
        }
        det::exp(v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_multi_precision_oracle() {
        for (y, w) in [
            (-50.0, 1.928_749_847_963_917_8e-22),
            (-3.0, 0.047_478_491_024_865_476),
            (0.0, 0.567_143_290_409_784),
            (1.0, 1.0),
            (5.0, 3.693_441_358_960_65),
            (700.0, 693.458_308_879_025_5),
        ] {
            assert!((w0_exp(y) / w - 1.0).abs() < 1e-12, "{y}: {}", w0_exp(y));
        }
        for i in -60..60 {
            let y = f64::from(i) * 0.5;
            let w = w0_exp(y);
            assert!((w + det::ln(w) - y).abs() < 1e-12 * y.abs().max(1.0), "{y}");
        }
    }
}
