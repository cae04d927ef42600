//! A server's process and those that it has made: started, stopped, paused, killed.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Long enough for a loaded machine; nothing waits for it on a good day.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A process that ends with its handle.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts it with its words in a file, so that a test that fails can show them.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let words =
            fs::File::create(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let copy = words.try_clone().unwrap_or_else(|error| panic!("{error}"));
        let name = command.get_program().to_os_string();
        let child = command
            .stdin(Stdio::null())
            .stdout(words)
            .stderr(copy)
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("{} does not start: {error}", name.display())))
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)))
    }

    /// Signals it and all that it has made: a server that is paused with one process going on is not paused.
    pub(crate) fn signal_all(&self, name: &str) {
        let own = self.0.id();
        let family = children(own).into_iter().chain([own]);
        for id in family {
            signal(id, name);
        }
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(&mut self, with: &str) {
        signal(self.0.id(), with);
        let began = Instant::now();
        while !self.has_ended() {
            assert!(began.elapsed() < PATIENCE, "a server does not end");
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.has_ended() {
            self.signal_all("CONT");
            self.signal_all("KILL");
            let _reaped = self.0.wait();
        }
    }
}

/// A command whose process the kernel ends when the test's does, however that happens.
pub(crate) fn bound(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// A port where nobody listens at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|own| own.local_addr());
    listener.unwrap_or_else(|error| panic!("{error}")).port()
}

/// Whether somebody listens.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn signal(id: u32, name: &str) {
    // It may have ended meanwhile.
    let _gone = Command::new("kill")
        .args(["-s", name, &id.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// The processes that this one has made: the fourth word of `/proc/…/stat` is the parent.
fn children(of: u32) -> Vec<u32> {
    let Ok(all) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let parent = |id: &u32| -> Option<u32> {
        let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        line.rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()
    };
    ids.filter(|id| parent(id) == Some(of)).collect()
}
