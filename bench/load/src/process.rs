//! CPU time and memory of a process and its descendants, as /proc tells them.

use std::collections::HashMap;
use std::fs;

/// Microseconds per clock tick: /proc counts in hundredths of a second on every Linux.
const TICK_US: u64 = 10_000;

/// What a process tree has used so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time, in microseconds.
    pub(crate) cpu_us: u64,
    /// Resident memory, in KiB.
    pub(crate) rss_kib: u64,
}

impl Usage {
    /// Reads the tree below `root`; an error when `root` does not run.
    pub(crate) fn of(root: u32) -> Result<Self, String> {
        let all = running();
        if !all.contains_key(&root) {
            return Err(format!("process {root} does not run"));
        }
        let mut usage = Self {
            cpu_us: 0,
            rss_kib: 0,
        };
        for pid in tree(root, &all) {
            usage.cpu_us += all[&pid].cpu_ticks * TICK_US;
            usage.rss_kib += resident_kib(pid);
        }
        Ok(usage)
    }
}

/// What matters in /proc/PID/stat.
struct Stat {
    parent: u32,
    cpu_ticks: u64,
}

fn running() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let text = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((pid, parse_stat(&text)?))
        })
        .collect()
}

/// Fields are counted behind the command's name, which stands in parentheses and may hold
/// spaces and parentheses itself: parent is field 4 of proc(5), utime 14 and stime 15.
fn parse_stat(text: &str) -> Option<Stat> {
    let behind_name = &text[text.rfind(')')? + 1..];
    let fields: Vec<&str> = behind_name.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: number(4)?.try_into().ok()?,
        cpu_ticks: number(14)? + number(15)?,
    })
}

fn tree(root: u32, all: &HashMap<u32, Stat>) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        let children = all.iter().filter(|(_, stat)| stat.parent == parent);
        found.extend(children.map(|(pid, _)| *pid));
        next += 1;
    }
    found
}

/// `VmRSS` of one process; 0 when it has just ended.
fn resident_kib(pid: u32) -> u64 {
    fs::read_to_string(format!("/proc/{pid}/status"))
        .ok()
        .and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = parse_stat("7 (a) b (c)) S 3 7 7 0 -1 4194560 1 2 3 4 50 25 0 0 20 0").unwrap();
        assert_eq!((stat.parent, stat.cpu_ticks), (3, 75));
    }

    #[test]
    fn this_process_has_memory_and_a_stranger_is_an_error() {
        assert!(Usage::of(std::process::id()).unwrap().rss_kib > 100);
        assert!(Usage::of(u32::MAX).is_err());
    }
}
