//! Resident memory of this process, as Linux counts it; `None` elsewhere.

use std::fs;

/// The most that was resident since the start, or since [`restart_peak`].
pub fn peak_bytes() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// What is resident now.
pub fn resident_bytes() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Lets the peak begin at what is resident now. Where that is not allowed the peak stays that of the whole process.
pub fn restart_peak() {
    // Value 5 is the peak alone, see proc_pid_clear_refs(5).
    fs::write("/proc/self/clear_refs", "5").ok();
}

/// A line such as `VmHWM:     1234 kB`, in bytes.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t     3 kB\n";
        assert_eq!(field(status, "VmHWM:"), Some(2 << 20));
        assert_eq!(field(status, "VmRSS:"), Some(3072));
        assert_eq!(field(status, "VmSwap:"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peak_sees_what_came_and_went() {
        restart_peak();
        let before = peak_bytes().unwrap();
        drop(std::hint::black_box(vec![1u8; 64 << 20]));
        assert!(peak_bytes().unwrap() >= before + (60 << 20));
    }
}
