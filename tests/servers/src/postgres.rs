//! A `PostgreSQL` server, as Debian installs it. As root it runs as somebody else: it refuses to be root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{PATIENCE, Process, bound, free_port, listens};

/// A server with a database for whoever asks.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    process: Option<Process>,
    databases: AtomicU32,
}

/// The only user, who comes in with a password, as over a network.
const USER: &str = "guichet";
const PASSWORD: &str = "a-password-of-the-tests";
/// Whom root runs it as.
const NOBODY: u32 = 65_534;

impl Postgres {
    /// Sets up a server and starts it.
    ///
    /// # Panics
    /// When there is none on this machine, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let mut server = Self {
            programs: programs(),
            port: free_port(),
            process: None,
            databases: AtomicU32::new(0),
            folder,
        };
        server.set_up();
        server.resume_from_stop();
        server
    }

    /// The address of a new, empty database.
    ///
    /// # Panics
    /// When the server does not make one.
    #[must_use]
    pub fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{name}",
            self.port
        )
    }

    /// Runs a statement behind the back of whoever is tested; says what came back, a line for each row.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, database: &str, text: &str) -> String {
        let port = self.port.to_string();
        let output = Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &port, "-U", USER, "-d", database])
            .args(["-X", "-q", "-A", "-t", "-c", text])
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap_or_else(|error| panic!("psql: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Stops it; who is connected is disconnected.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end("INT");
        }
    }

    /// Kills it in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again after [`Postgres::stop`] or [`Postgres::kill`].
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume_from_stop(&mut self) {
        let log = self.folder.path().join("log");
        let began = Instant::now();
        self.process = Some(self.begin(&log));
        // It listens before it is ready; `pg_isready` asks.
        while !(listens(self.port) && ready(&self.programs, self.port)) {
            let words = || fs::read_to_string(&log).unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "PostgreSQL: {}", words());
            sleep(Duration::from_millis(20));
            if self.process.as_mut().is_none_or(Process::has_ended) {
                // Processes of one that was killed may still be about to end.
                assert!(words().contains("still in use"), "PostgreSQL: {}", words());
                self.process = Some(self.begin(&log));
            }
        }
    }

    fn begin(&self, log: &Path) -> Process {
        let mut command = self.own(&self.programs.join("postgres"));
        command.arg("-D").arg(self.data());
        command.args(["-p", &self.port.to_string()]);
        Process::start(command, log)
    }

    /// Stands still: connections are accepted, nothing is answered.
    pub fn pause(&self) {
        if let Some(process) = &self.process {
            process.signal_all("STOP");
        }
    }

    /// Goes on after [`Postgres::pause`].
    pub fn go_on(&self) {
        if let Some(process) = &self.process {
            process.signal_all("CONT");
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn set_up(&self) {
        let password = self.folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap_or_else(|error| panic!("{error}"));
        if is_root(self.folder.path()) {
            for path in [self.folder.path(), &password] {
                let owned = std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY));
                owned.unwrap_or_else(|error| panic!("{error}"));
            }
        }
        let mut command = self.own(&self.programs.join("initdb"));
        command.arg("-D").arg(self.data());
        command.arg(format!("--pwfile={}", password.display()));
        command.args(["-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]);
        // A locale that sorts otherwise than by byte, where there is one.
        command.args(["--locale-provider=icu", "--icu-locale=en-US", "--locale=C"]);
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("initdb: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb: {said}");
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n\
             shared_buffers = 16MB\nmax_connections = 60\n",
            self.folder.path().display()
        );
        let own = self.data().join("postgresql.conf");
        let before = fs::read_to_string(&own).unwrap_or_else(|error| panic!("{error}"));
        fs::write(&own, before + &settings).unwrap_or_else(|error| panic!("{error}"));
    }

    /// A command that runs as who owns the folder.
    fn own(&self, program: &Path) -> Command {
        let mut command = bound(Path::new("env"));
        if is_root(Path::new("/proc/self")) {
            let user = NOBODY.to_string();
            command = Command::new("setpriv");
            command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
            command.args(["--pdeathsig", "KILL"]).arg("env");
        }
        command.arg("LC_ALL=C").arg(program);
        command.current_dir(self.folder.path());
        command
    }
}

/// Where Debian has put the programs of the newest version.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let Some(newest) = newest else {
        panic!("these tests need a PostgreSQL server: apt-get install postgresql")
    };
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}

fn ready(programs: &Path, port: u16) -> bool {
    let status = Command::new(programs.join("pg_isready"))
        .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
        .status();
    status.is_ok_and(|status| status.success())
}

fn is_root(ours: &Path) -> bool {
    fs::metadata(ours).is_ok_and(|about| about.uid() == 0)
}
