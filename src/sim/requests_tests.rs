//! What the venue refuses because the account has no request left.

use super::*;

#[test]
fn refused_requests_come_back_after_the_way_and_leave_what_they_were_to_change() {
    let (mut w, id) = joined(Model::RiskAverse, 10);
    // Refused are a new order, a change and a cancel, each by itself.
    w.sim.refuse_next();
    let refused = w.place(200, Side::Buy, 98, 5);
    w.sim.refuse_next();
    let changed = w.modify(200, id, 97, 5);
    w.book(290, &[(99, 10)], ASK);
    let last = |w: &World, id| w.states(id).last().copied();
    let sent = Some((OrderState::Sent, OrderReason::None));
    assert_eq!((last(&w, refused), last(&w, changed)), (sent, sent), "still on the way");
    w.book(310, &[(99, 10)], ASK);
    let no = Some((OrderState::Rejected, OrderReason::Requests));
    assert_eq!((last(&w, refused), last(&w, changed)), (no, no));
    assert!(w.open().all(|v| v.id == id && v.live && !v.cancelling), "it may be changed again");
    w.sim.refuse_next();
    w.cancel(320, id);
    assert!(w.open().all(|v| v.cancelling));
    w.book(430, &[(99, 10)], ASK);
    assert_eq!(last(&w, id), Some((OrderState::Live, OrderReason::Requests)));
    assert!(w.open().all(|v| v.id == id && v.live && !v.cancelling));
    // The next ones are taken.
    w.sell(440, 1, &[(99, 12)]);
    assert_eq!(w.filled(id, C), 2);
    w.cancel(450, id);
    w.book(560, &[(99, 10)], ASK);
    assert_eq!(w.open().count(), 0);
}

#[test]
fn what_is_to_replace_an_order_that_is_gone_is_known_to_be_refused() {
    let mut w = World::new(Model::Touch);
    w.book(0, &[(99, 10)], ASK);
    let first = w.place(0, Side::Buy, 99, 5);
    let stays = w.place(0, Side::Buy, 98, 5);
    w.book(150, &[(99, 10)], ASK);
    let second = w.modify(150, first, 97, 5);
    let third = w.modify(160, second, 96, 5);
    let other = w.modify(160, stays, 95, 5);
    let open = |w: &World, id| w.open().find(|v| v.id == id).is_some_and(|v| !v.cancelling);
    assert!(open(&w, third) && open(&w, other));
    w.sell(200, 1, &[(99, 5)]);
    assert_eq!(w.filled(first, C), 5);
    assert!(!open(&w, second) && !open(&w, third), "both follow an order that is filled");
    assert!(open(&w, other), "this one does not");
    w.book(500, &[(99, 10)], ASK);
    let last = |id| *w.states(id).last().expect("known");
    assert_eq!(last(third), (OrderState::Rejected, OrderReason::Gone));
    assert_eq!(last(other).0, OrderState::Live);
}

#[test]
fn a_change_takes_its_own_order_away_and_no_other() {
    let mut w = World::new(Model::RiskAverse);
    w.book(0, &[(99, 10)], ASK);
    let [first, second] = [99, 98].map(|px| w.place(0, Side::Buy, px, 5));
    w.book(200, &[(99, 10)], ASK);
    let third = w.modify(200, second, 97, 5);
    w.book(400, &[(99, 10)], ASK);
    let is = |id| w.states(id).last().expect("known").0;
    assert_eq!(
        [first, second, third].map(is),
        [OrderState::Live, OrderState::Cancelled, OrderState::Live]
    );
}
