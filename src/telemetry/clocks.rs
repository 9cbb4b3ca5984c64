//! How the recorder's clock stands to the venue's, for people.
//!
//! In: the newest [`Clocks`] record. Out: sentences. Cold path.

use crate::record::Clocks;
use crate::units::Ns;

/// Seconds by which the clocks may differ without a word: delays of networks are below.
pub const SAID_S: f64 = 1.0;

/// What is worth saying of a recording; nothing where the clocks agree.
pub fn notes(c: &Clocks) -> Vec<String> {
    let said = !(0.0..=SAID_S).contains(&Ns::seconds(c.offset));
    said.then(|| offset(c, "the recorder's")).into_iter().chain(breaks(c)).collect()
}

/// By how much the venue's clock and that of `whose` differ.
pub fn offset(c: &Clocks, whose: &str) -> String {
    let s = Ns::seconds(c.offset);
    let (by, which) = (s.abs(), if s < 0.0 { "behind" } else { "ahead of" });
    format!(
        "{whose} clock is {by:.3} s {which} the venue's (delay of the network included); \
         results do not depend on it, but set it right"
    )
}

/// What was inconsistent between them.
pub fn breaks(c: &Clocks) -> Vec<String> {
    let steps = (c.steps > 0)
        .then(|| format!("{} receive stamps contradicted their blocks, which counted", c.steps));
    let jumps = (c.jumps > 0)
        .then(|| format!("the clocks jumped against each other {} times: gaps", c.jumps));
    steps.into_iter().chain(jumps).collect()
}
