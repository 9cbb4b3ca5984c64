//! Recordings as other recorders leave them: what is odd costs itself, or is named with what helps.

use super::process::{Temporary, papermaker};
use super::sweep::recording;

const NOW: i64 = 1_790_000_000_050_000_000;

fn book(at: i64, coin: &str, sz: &str) -> String {
    format!(
        "{at} {{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"{coin}\",\"time\":1790000000000,\"levels\":\
         [[{{\"px\":\"100.0\",\"sz\":\"{sz}\",\"n\":3}}],[{{\"px\":\"101.0\",\"sz\":\"10.0\",\"n\":3}}]]}}}}\n"
    )
}

/// What `replay` says of a recording of these lines.
fn replayed(lines: &[String], more: &[&str]) -> (Option<i32>, String) {
    let dir = Temporary::new();
    std::fs::write(dir.join("r.frames"), lines.concat()).expect("written");
    let args = [&["replay", "r.frames", "--out", "x"], more].concat();
    let ended = papermaker(&dir.0, &args);
    (ended.code, ended.out + &ended.err)
}

#[test]
fn wild_stamps_cost_their_line_in_every_command() {
    let good = |n: i64| book(NOW + n, "ETH", "10.0");
    let pong = |at: i64| format!("{at} {{\"channel\":\"pong\"}}\n");
    for (lines, line) in [
        (vec![pong(0), good(1)], 1),
        (vec![good(1), pong(9_000_000_000_000_000_000), good(2)], 2),
        (vec![good(1), good(2), good(9_223_372_036_854_775_807 - NOW)], 3),
    ] {
        let (code, says) = replayed(&lines, &[]);
        assert_eq!(code, Some(0), "{says}");
        assert!(says.contains(&format!("the first is line {line}")), "{says}");
        let dir = Temporary::new();
        std::fs::write(dir.join("r.frames"), lines.concat()).expect("written");
        for args in [&["convert", "r.frames", "-o", "e"][..], &["compare", "r.frames"]] {
            papermaker(&dir.0, args).assert_code(0);
        }
        let size = std::fs::metadata(dir.join("e")).expect("a file").len();
        assert!(size < 10_000, "{size} bytes of {} lines", lines.len());
    }
}

#[test]
fn coins_that_cannot_be_followed_are_named() {
    let many: Vec<String> = (0..201).map(|i| book(NOW + i, &format!("C{i}"), "1.0")).collect();
    let (code, says) = replayed(&many, &[]);
    assert_eq!(code, Some(2), "{says}");
    assert!(says.contains("201 coins") && says.contains("--coin"), "{says}");
    assert_eq!(replayed(&many[..17], &[]).0, Some(0));
    assert_eq!(replayed(&many, &["--coin", "C3,C16"]).0, Some(0));
    let spot = [book(NOW, "PURR/USDC", "1.0"), book(NOW + 1, "@107", "1.0")];
    let (code, says) = replayed(&spot, &[]);
    assert_eq!(code, Some(5), "{says}");
    assert!(says.contains("perpetuals only"), "{says}");
    let (code, says) = replayed(&spot, &["--coin", "@107"]);
    assert_eq!(code, Some(2), "{says}");
    assert!(says.contains("perpetuals only"), "{says}");
    let both = [book(NOW, "ETH", "1.0"), book(NOW + 1, "@107", "1.0")];
    let (code, says) = replayed(&both, &[]);
    assert_eq!(code, Some(0), "{says}");
    assert!(says.contains("left out @107"), "{says}");
}

#[test]
fn noise_costs_its_frame_and_a_wrong_unit_is_named() {
    let noisy = [book(NOW, "ETH", "1.0"), book(NOW + 1, "ETH", "0.30000000000000004")];
    let (code, says) = replayed(&noisy, &[]);
    assert_eq!(code, Some(0), "{says}");
    assert!(says.contains("1 rejected (1 number_too_fine)"), "{says}");
    let ms = vec![book(NOW / 1_000_000, "ETH", "1.0"); 3];
    let (code, says) = replayed(&ms, &[]);
    assert_eq!(code, Some(5), "{says}");
    assert!(says.contains("milliseconds") && says.contains("sed"), "{says}");
}

#[test]
fn a_recording_that_is_not_fit_is_refused_unless_that_is_accepted() {
    let tape = |prints: bool| {
        let mut lines = Vec::new();
        for i in 0..70i64 {
            let (at, block) = (NOW + i * 1_000_000_000, 1_790_000_000_000 + i * 1_000);
            lines.push(book(at, "ETH", "10.0").replace("1790000000000", &block.to_string()));
            if prints && i > 0 {
                lines.push(format!(
                    "{at} {{\"channel\":\"trades\",\"data\":[{{\"coin\":\"ETH\",\"side\":\"B\",\"px\":\
                     \"101.0\",\"sz\":\"1.0\",\"time\":{block},\"hash\":\"0x0\",\"tid\":{i}}}]}}\n"
                ));
            }
        }
        lines
    };
    let (code, says) = replayed(&tape(true), &[]);
    assert_eq!(code, Some(0), "{says}");
    assert!(says.contains("recording  fit; best prices every 1.00 s"), "{says}");
    let silent = tape(false);
    let (code, says) = replayed(&silent, &[]);
    assert_eq!(code, Some(5), "{says}");
    assert!(says.contains("ETH has no trades") && says.contains("--accept-unfit"), "{says}");
    let (code, says) = replayed(&silent, &["--accept-unfit", "--json"]);
    assert_eq!(code, Some(0), "{says}");
    assert!(says.contains("\"unfit\":[\"ETH has no trades\"]"), "{says}");
}

#[test]
fn a_recording_that_was_cut_says_so_wherever_it_is_shown() {
    let dir = Temporary::new();
    recording(&dir.join("t.frames.gz"), 1, 120);
    let whole = std::fs::read(dir.join("t.frames.gz")).expect("a recording");
    std::fs::write(dir.join("cut.frames.gz"), &whole[..whole.len() / 2]).expect("written");
    for (file, is_cut) in [("t.frames.gz", false), ("cut.frames.gz", true)] {
        let run = &file[..3];
        papermaker(&dir.0, &["replay", file, "--once", "--out", run]).assert_code(0);
        let text = papermaker(&dir.0, &["report", run]).assert_code(0).out.clone();
        let page = std::fs::read_to_string(dir.join(run).join("report.html")).expect("a page");
        for shown in [text, page] {
            assert_eq!(shown.contains("NOT WHOLE: cut within gzip"), is_cut, "{file}: {shown}");
        }
    }
}
