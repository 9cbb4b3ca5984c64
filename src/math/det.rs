//! Elementary functions from the crate `libm` (software, version pinned): equal bits everywhere.
//!
//! In: floats. Out: floats. Hot path. `sqrt`, `+ - * /` and `mul_add` of the standard library are
//! exact by IEEE 754 and need no replacement; its `exp`, `ln`, `powf` ... are not.

/// e^x.
#[must_use]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// e^x - 1, accurate near zero.
#[must_use]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// Natural logarithm.
#[must_use]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// ln(1 + x), accurate near zero.
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// x^y.
#[must_use]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// ln |Gamma(x)|.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The complementary error function 1 - erf(x), accurate in the right tail.
#[must_use]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// The error function.
#[must_use]
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("erf", erf(0.7), 0x3fe5_b08c_2117_1646),
            ("erfc", erfc(3.1), 0x3ee8_6dd3_4724_92c4),
        ] {
            assert_eq!(got.to_bits(), bits, "{name}: {got:e} is {:#018x}", got.to_bits());
        }
    }
}
