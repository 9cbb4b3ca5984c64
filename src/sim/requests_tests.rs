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
    assert!(w.sim.open().all(|v| v.id == id && v.live && !v.cancelling), "it may be changed again");
    w.sim.refuse_next();
    w.cancel(320, id);
    assert!(w.sim.open().all(|v| v.cancelling));
    w.book(430, &[(99, 10)], ASK);
    assert_eq!(last(&w, id), Some((OrderState::Live, OrderReason::Requests)));
    assert!(w.sim.open().all(|v| v.id == id && v.live && !v.cancelling));
    // The next ones are taken.
    w.sell(440, 1, &[(99, 12)]);
    assert_eq!(w.filled(id, C), 2);
    w.cancel(450, id);
    w.book(560, &[(99, 10)], ASK);
    assert_eq!(w.sim.open().count(), 0);
}
