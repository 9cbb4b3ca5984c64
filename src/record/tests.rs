use super::field::HEADER_BYTES;
use super::*;

#[test]
fn encode_then_decode_is_identity() {
    let r = Record {
        seq: 7,
        at: Ns(1_757_015_216_673_878_000),
        coin: CoinId(2),
        body: Fill {
            id: 9,
            lane: Lane::Configured,
            reason: FillReason::Queue,
            side: Side::Sell,
            unknown_queue: true,
            level: 3,
            px: Px(1),
            sz: Sz(2),
            open: Sz(3),
            ahead: Sz(4),
            age: -5,
            time: Ns(6),
            tid: 7,
            mid: Mid2(8),
            fee_e8: -9,
            sight_age: -1,
        }
        .into(),
    };
    let b = r.encode();
    assert_eq!(Record::decode(&b), Ok(r));
    assert_eq!(r.body.fields().len(), 16);
    let mut wrong = b;
    wrong[4] = 200;
    assert_eq!(Record::decode(&wrong), Err(Malformed::Kind(200)));
    let mut code = b;
    code[HEADER_BYTES + 8] = 77;
    assert_eq!(Record::decode(&code), Err(Malformed::Code));
}

#[test]
fn floats_keep_their_bits() {
    let body: Body =
        Regimes { p: [-0.0, f64::MIN_POSITIVE, 1.0 / 3.0, 1.0], sigma_bps: [0.0; 4] }.into();
    let r = Record { seq: 0, at: Ns(0), coin: NO_COIN, body };
    let back = Record::decode(&r.encode()).expect("a record");
    assert_eq!(back.encode(), r.encode());
}
