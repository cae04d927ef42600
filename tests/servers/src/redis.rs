//! A Redis server (or Valkey, which speaks the same): in memory only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{PATIENCE, Process, bound, free_port};

/// A server.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

const PASSWORD: &str = "a-password-of-the-tests";

impl Redis {
    /// Starts a server.
    ///
    /// # Panics
    /// When there is none on this machine, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let mut server = Self {
            folder,
            port: free_port(),
            process: None,
        };
        server.resume_from_stop();
        server
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}/0", self.port)
    }

    /// Runs a command behind the back of whoever is tested; says what came back.
    ///
    /// # Panics
    /// When it cannot be asked.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> String {
        let output = self.asking(words).output();
        let output = output.unwrap_or_else(|error| panic!("redis-cli: {error}"));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Stops it. Everything that it knew is gone.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end("TERM");
        }
    }

    /// Starts it again after [`Redis::stop`].
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume_from_stop(&mut self) {
        let log = self.folder.path().join("log");
        let mut command = bound(&program());
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--requirepass", PASSWORD]);
        command.args(["--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(self.folder.path());
        let process = self.process.insert(Process::start(command, &log));
        let began = Instant::now();
        let port = self.port;
        while asking(port, &["ping"])
            .output()
            .is_ok_and(|said| said.stdout != b"PONG\n")
        {
            let words = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(!process.has_ended(), "Redis ended: {}", words());
            assert!(began.elapsed() < PATIENCE, "Redis: {}", words());
            sleep(Duration::from_millis(10));
        }
    }

    /// Stands still: connections are accepted, nothing is answered.
    pub fn pause(&self) {
        if let Some(process) = &self.process {
            process.signal_all("STOP");
        }
    }

    /// Goes on after [`Redis::pause`].
    pub fn go_on(&self) {
        if let Some(process) = &self.process {
            process.signal_all("CONT");
        }
    }

    /// Has no room for anything more, or has again.
    ///
    /// # Panics
    /// When it does not obey.
    pub fn fill(&self, full: bool) {
        let most = if full { "1" } else { "0" };
        for (name, value) in [("maxmemory-policy", "noeviction"), ("maxmemory", most)] {
            assert_eq!(self.command(&["config", "set", name, value]), "OK");
        }
    }

    fn asking(&self, words: &[&str]) -> Command {
        asking(self.port, words)
    }
}

fn asking(port: u16, words: &[&str]) -> Command {
    let mut command = Command::new("redis-cli");
    command
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(words)
        .env("REDISCLI_AUTH", PASSWORD);
    command
}

fn program() -> PathBuf {
    let known = ["/usr/bin/redis-server", "/usr/bin/valkey-server"];
    let found = known.iter().find(|path| Path::new(path).exists());
    let Some(found) = found else {
        panic!("these tests need a Redis server: apt-get install redis-server")
    };
    PathBuf::from(found)
}
