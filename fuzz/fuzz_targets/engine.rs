//! A market made of bytes through the engine, twice, every record judged; no step allocates.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    papermaker::laws::engine::sealed(bytes, &mut |step| {
        let used = allocation_counter::measure(&mut *step);
        assert_eq!((used.count_total, used.count_current), (0, 0), "the engine allocates");
    });
});
