//! The optimal ladder's universal constants.
//!
//! In: the number of levels. Out: depths in units of the closed form. Hot path: tables.
//!
//! One taker with penetration D ~ Exp(kappa) fills every level with d <= D. With edge e = d - c,
//! cumulative size F, inventory cost theta per lot, the value rate per taker is
//! sum p (s e - theta/2 (F^2 - F_prev^2)), p = e^{-kappa d}; its optimum over depths and sizes
//! depends on nothing but the number of levels when written as x = kappa (d - c), S = kappa theta s.

/// Optimal depths x = kappa (d - c) for 1 to 8 levels, nearest first: the fixed point of
/// x_i = 1 + (F_i + F_(i-1))/2, where the derivative of the value in each depth vanishes.
pub const DEPTHS: [&[f64]; 8] = [
    &[2.000_000_000],
    &[1.593_624_260, 3.187_248_520],
    &[1.423_953_550, 2.441_531_359, 4.035_155_619],
    &[1.330_078_742, 2.084_111_033, 3.101_688_843, 4.695_313_103],
    &[1.270_350_769, 1.870_780_281, 2.624_812_572, 3.642_390_382, 5.236_014_642],
    &[1.228_969_040, 1.728_288_850, 2.328_718_362, 3.082_750_653, 4.100_328_463, 5.693_952_723],
    &[
        1.198_593_222,
        1.626_155_484,
        2.125_475_293,
        2.725_904_805,
        3.479_937_096,
        4.497_514_906,
        6.091_139_166,
    ],
    &[
        1.175_342_676,
        1.549_278_574,
        1.976_840_836,
        2.476_160_646,
        3.076_590_157,
        3.830_622_449,
        4.848_200_258,
        6.441_824_519,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::det::exp;

    /// Value of a ladder in units of 1/(kappa^2 theta) e^{-kappa c}, sizes by the closed form.
    fn value(x: &[f64]) -> f64 {
        let p: Vec<f64> = x.iter().map(|x| exp(-x)).collect();
        let mut total = 0.0;
        let mut before = 0.0;
        for i in 0..x.len() {
            let (pn, en) = if i + 1 < x.len() { (p[i + 1], x[i + 1]) } else { (0.0, 0.0) };
            let f = ((p[i] * x[i] - pn * en) / (p[i] - pn)).max(before);
            total += p[i] * ((f - before) * x[i] - 0.5 * (f * f - before * before));
            before = f;
        }
        total
    }

    #[test]
    fn depths_are_a_maximum_and_reach_the_published_share_of_the_continuum() {
        let published = [0.735_8, 0.880_2, 0.931_9, 0.956_1, 0.969_4, 0.977_5, f64::NAN, 0.986_3];
        for (depths, share) in DEPTHS.iter().zip(published) {
            let best = value(depths);
            if !share.is_nan() {
                assert!((best * std::f64::consts::E - share).abs() < 1e-4, "{best} {share}");
            }
            for i in 0..depths.len() {
                for step in [-1e-3, 1e-3] {
                    let mut moved = depths.to_vec();
                    moved[i] += step;
                    assert!(value(&moved) < best, "{depths:?} level {i} by {step}");
                }
            }
        }
    }
}
