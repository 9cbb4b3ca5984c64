//! What this process uses.
//!
//! In: the system's files about it. Out: counts. Cold path.

use std::fs;

/// Page faults of this process so far: minor ones, and major ones, which waited for a disk.
#[must_use]
pub fn page_faults() -> Option<(u64, u64)> {
    faults_of(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// Fields 10 and 12. The second field, the name, may hold blanks and brackets.
fn faults_of(stat: &str) -> Option<(u64, u64)> {
    let rest = stat.rsplit_once(')')?.1;
    let mut fields = rest.split_whitespace().skip(7).step_by(2).map(|f| f.parse().ok());
    Some((fields.next()??, fields.next()??))
}

/// Descriptors this process has open.
#[must_use]
pub fn open_descriptors() -> Option<u64> {
    let all = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
    // The folder itself is open while it is read.
    all.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 1001 1002 13 1004 15 16";
        assert_eq!(faults_of(stat), Some((1001, 13)));
        assert_eq!(faults_of("7 (x) S 1 2"), None);
    }

    #[test]
    fn this_process_has_files_open_and_faults() {
        // Other tests of this process open, close and touch meanwhile.
        let (files, faults) = (open_descriptors().expect("known"), page_faults().expect("known"));
        assert!(files > 2 && faults.0 > 100, "{files} {faults:?}");
        assert!(page_faults().expect("known").0 >= faults.0);
    }
}
