//! What the venue refuses, with its own reasons.
//!
//! In: an order as it arrives, the book then. Out: the reason of a refusal. Hot path: integers.

use super::order::NewOrder;
use crate::book::Book;
use crate::event::own::OrderReason;
use crate::units::rules::Rules;

/// The venue's own checks, against the book as it is when the order arrives; without `rules` only
/// whether it would match at once.
pub(super) fn refusal(new: &NewOrder, book: &Book, rules: Option<Rules>) -> Option<OrderReason> {
    if let Some(other) = book.best(new.side.opposite())
        && !new.side.better(other.px, new.px)
    {
        return Some(OrderReason::PostOnly);
    }
    let rules = rules?;
    if !rules.valid_px(new.px) {
        return Some(OrderReason::Tick);
    }
    if !rules.valid_sz(new.sz) {
        return Some(OrderReason::Lot);
    }
    if !rules.valid_value(new.px, new.sz) {
        return Some(OrderReason::MinValue);
    }
    let far = book.mid().is_some_and(|m| {
        let (p, m) = (2 * i128::from(new.px.0), i128::from(m.0));
        (p - m).abs() * 100 > m * 95
    });
    far.then_some(OrderReason::TooFar)
}
