//! Elementary functions from the crate `libm` (software, version pinned): equal bits everywhere.
//!
//! In: floats. Out: floats. Hot path. `sqrt`, `+ - * /` and `mul_add` of the standard library are
//! exact by IEEE 754 and need no replacement; its `exp`, `ln`, `powf` ... are not.

/// e^x: the algorithm of the crate's `exp` (FreeBSD `e_exp.c`) with the same bits for every argument,
/// but one multiplication by a power of two in place of its general scaling, and no branch that
/// depends on the argument where the result is a normal number.
///
/// # Cost
/// A third of the crate's instructions.
#[inline]
pub fn exp(x: f64) -> f64 {
    const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN2_LO: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    const P1: f64 = f64::from_bits(0x3fc5_5555_5555_553e);
    const P2: f64 = f64::from_bits(0xbf66_c16c_16be_bd93);
    const P3: f64 = f64::from_bits(0x3f11_566a_af25_de2c);
    const P4: f64 = f64::from_bits(0xbebb_bd41_c5d2_6bf1);
    const P5: f64 = f64::from_bits(0x3e66_3769_72be_a4d0);
    let high = (x.to_bits() >> 32) as u32 & 0x7fff_ffff;
    // Beyond |x| = 708 the result may overflow or be subnormal; so for infinities and NaN.
    if high >= 0x4086_2000 {
        return libm::exp(x);
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 708 / ln 2 = 1,022")]
    let k = (std::f64::consts::LOG2_E * x + f64::copysign(0.5, x)) as i32;
    let k = if high > 0x3fd6_2e42 { k } else { 0 };
    let (hi, lo) = (x - f64::from(k) * LN2_HI, f64::from(k) * LN2_LO);
    let r = hi - lo;
    let rr = r * r;
    let c = r - rr * (P1 + rr * (P2 + rr * (P3 + rr * (P4 + rr * P5))));
    let y = 1.0 + (r * c / (2.0 - c) - lo + hi);
    let y = if high > 0x3e30_0000 { y } else { 1.0 + x };
    #[expect(clippy::cast_sign_loss, reason = "1 to 2,045")]
    let scale = f64::from_bits(((1_023 + k) as u64) << 52);
    y * scale
}

/// e^x - 1, accurate near zero.
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// Natural logarithm: the algorithm of the crate's `log` (FreeBSD `e_log.c`) with the same bits for
/// every argument, in line and without its branches where the argument is positive and normal.
#[inline]
pub fn ln(x: f64) -> f64 {
    const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN2_LO: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    const L: [f64; 7] = [
        f64::from_bits(0x3fe5_5555_5555_5593),
        f64::from_bits(0x3fd9_9999_9997_fa04),
        f64::from_bits(0x3fd2_4924_9422_9359),
        f64::from_bits(0x3fcc_71c5_1d8e_78af),
        f64::from_bits(0x3fc7_4664_96cb_03de),
        f64::from_bits(0x3fc3_9a09_d078_c69f),
        f64::from_bits(0x3fc2_f112_df3e_5244),
    ];
    /// The high word of the square root of one half.
    const ROOT: u32 = 0x3fe6_a09e;
    let bits = x.to_bits();
    let high = (bits >> 32) as u32;
    if !(0x0010_0000..0x7ff0_0000).contains(&high) {
        return libm::log(x);
    }
    // x = 2^k (1 + f) with 1 + f between the roots of one half and of two.
    let high = high + (0x3ff0_0000 - ROOT);
    let k = f64::from((high >> 20) as i32 - 0x3ff);
    let f = f64::from_bits(u64::from((high & 0x000f_ffff) + ROOT) << 32 | bits & 0xffff_ffff) - 1.0;
    let half = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (L[1] + w * (L[3] + w * L[5]));
    let odd = z * (L[0] + w * (L[2] + w * (L[4] + w * L[6])));
    s * (half + (odd + even)) + k * LN2_LO - half + f + k * LN2_HI
}

/// ln(1 + x), accurate near zero.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// x^y.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// ln |Gamma(x)|.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The complementary error function 1 - erf(x), accurate in the right tail.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_has_the_bits_of_the_crate() {
        let edges = [
            0.0,
            1e-9,
            3.7e-9,
            0.346_573_5,
            0.346_573_7,
            1.039_720_6,
            1.039_720_8,
            707.9,
            708.1,
            709.7,
            710.0,
            745.0,
            746.0,
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        for x in edges.iter().flat_map(|x| [*x, -*x]) {
            assert_eq!(exp(x).to_bits(), libm::exp(x).to_bits(), "{x}");
        }
        let mut rng = fastrand::Rng::with_seed(1);
        for i in 0..400_000 {
            let wide = f64::from_bits(rng.u64(..));
            let usual = (rng.f64() - 0.5) * [0.5, 2.0, 40.0, 1_500.0][i % 4];
            for x in [wide, usual] {
                assert_eq!(exp(x).to_bits(), libm::exp(x).to_bits(), "{x}");
            }
        }
    }

    #[test]
    fn ln_has_the_bits_of_the_crate() {
        let edges = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::from_bits(1),
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
            std::f64::consts::SQRT_2,
            std::f64::consts::FRAC_1_SQRT_2,
        ];
        let near = |x: f64| [x.to_bits().wrapping_sub(1), x.to_bits(), x.to_bits().wrapping_add(1)];
        for x in edges.into_iter().flat_map(near).map(f64::from_bits) {
            assert_eq!(ln(x).to_bits(), libm::log(x).to_bits(), "{x}");
        }
        let mut rng = fastrand::Rng::with_seed(2);
        for _ in 0..400_000 {
            for x in [f64::from_bits(rng.u64(..)), 0.5 + rng.f64(), rng.f64() * 1e-3] {
                assert_eq!(ln(x).to_bits(), libm::log(x).to_bits(), "{x}");
            }
        }
    }

    #[test]
    fn bits_are_pinned() {
        // Committed constants: a machine or crate version that differs here breaks replay.
        for (name, got, bits) in [
            ("exp", exp(-1.3), 0x3fd1_7129_308c_e281),
            ("exp, large", exp(230.0), 0x54ac_3e65_f5f6_f8e0),
            ("exp_m1", exp_m1(1e-9), 0x3e11_2e0b_e84b_bb51),
            ("ln", ln(7.7), 0x4000_546b_52e3_0f62),
            ("ln, near one", ln(0.999_999), 0xbeb0_c6f8_2d74_d230),
            ("ln_1p", ln_1p(1e-7), 0x3e7a_d7f2_8438_13db),
            ("pow", pow(1.37, -2.5), 0x3fdd_21ef_0a8a_d15d),
            ("ln_gamma", ln_gamma(4.2), 0x4000_6371_2346_41e9),
            ("ln_gamma, small", ln_gamma(0.01), 0x4012_65de_0d9b_33c4),
            ("erfc", erfc(3.1), 0x3ee8_6dd3_4724_92c4),
        ] {
            assert_eq!(got.to_bits(), bits, "{name}: {got:e} is {:#018x}", got.to_bits());
        }
    }
}
