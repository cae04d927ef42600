//! Two projects on one quota, through the running server: one floods, and the other is served as if it were alone.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{Folder, eventually, get};

/// What the quota holds, and what refills of it in a second.
const HELD: u32 = 120;
const REFILL: f64 = 12.0;
/// Each project's part.
const PART: u32 = HELD / 2;
const ALONE: Duration = Duration::from_secs(4);
const TOGETHER: Duration = Duration::from_secs(5);

/// A project's program: each call is for another place, so that none is answered from the cache.
#[derive(Clone)]
struct Program {
    url: String,
    key: String,
    asked: Arc<AtomicU32>,
    served: Arc<AtomicU32>,
}

impl Program {
    fn new(folder: &Folder, url: &str, project: &str) -> Self {
        folder.run(&["project", "create", project]).ended(0);
        let made = folder.run(&["key", "create", "--project", project]);
        let made = made.ended(0).json();
        Self {
            url: format!(
                "{url}/api/weather/current?providers=open-meteo&lon={}",
                project.len()
            ),
            key: made["key"].as_str().unwrap_or_default().to_owned(),
            asked: Arc::default(),
            served: Arc::default(),
        }
    }

    /// Asks once; says whether it was served.
    fn ask(&self) -> bool {
        let place = self.asked.fetch_add(1, Ordering::Relaxed);
        let (degrees, part) = (place / 1_000, place % 1_000);
        let (status, body) = get(&format!("{}&lat={degrees}.{part:03}", self.url), &self.key);
        assert!(matches!(status, 200 | 503), "{status}: {body}");
        self.served
            .fetch_add(u32::from(status == 200), Ordering::Relaxed);
        status == 200
    }

    fn served(&self) -> u32 {
        self.served.load(Ordering::Relaxed)
    }

    /// Asks without a pause until it is told to stop.
    fn flood(&self, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
        let (program, stop) = (self.clone(), Arc::clone(stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                if !program.ask() {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        })
    }
}

#[test]
fn one_floods_and_the_others_floor_is_served_and_what_is_idle_is_lent_and_taken_back() {
    let folder = Folder::new();
    let mut simulator = folder.start(&[
        "sim",
        "--listen",
        "127.0.0.1:0",
        "--overlay",
        "sim",
        "--no-quotas",
    ]);
    simulator.lines_until("guichet serve --catalogue-dir sim");
    let file = folder.path().join("sim/weather/open-meteo.toml");
    let quota = format!(
        "quota = [{{ limit = {HELD}, per = \"10s\", kind = \"bucket\", scope = \"ip\" }}]\n"
    );
    let text = std::fs::read_to_string(&file).unwrap() + &quota;
    folder.write("sim/weather/open-meteo.toml", &text);
    folder.write(
        "guichet.toml",
        "catalogue_dir = \"sim\"\n[shares.open-meteo]\nflood = \"50%\"\nsteady = \"50%\"\n",
    );
    let mut server = folder.start(&["serve", "--listen", "127.0.0.1:0"]);
    let text = server.lines_until("gch_");
    let url = text
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    let flood = Program::new(&folder, &url, "flood");
    let steady = Program::new(&folder, &url, "steady");
    eventually("the server knows both keys", || {
        let free = |program: &Program| get(&format!("{url}/api/tools/uuid"), &program.key).0;
        free(&flood) == 200 && free(&steady) == 200
    });

    let stop = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let flooding = flood.flood(&stop);
    std::thread::sleep(ALONE);
    let (alone, seconds) = (flood.served(), began.elapsed().as_secs_f64());
    let own = f64::from(PART) + REFILL / 2.0 * seconds;
    let lent = f64::from(alone) - own;
    println!("alone: {alone} served in {seconds:.1} s, of which {lent:.0} were lent");
    assert!(
        lent > REFILL / 4.0 * seconds,
        "what the other leaves idle is lent"
    );
    assert!(
        f64::from(alone) < f64::from(PART) + REFILL * seconds + 3.0,
        "no more than there is"
    );

    let answered = (0..PART).filter(|_| steady.ask()).count();
    assert_eq!(
        answered, PART as usize,
        "all of its part, as if nobody flooded"
    );

    let began = Instant::now();
    let before = (flood.served(), steady.served());
    let too = steady.flood(&stop);
    std::thread::sleep(TOGETHER);
    let taken = (flood.served() - before.0, steady.served() - before.1);
    let seconds = began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    flooding.join().unwrap();
    too.join().unwrap();
    println!("together: {taken:?} served in {seconds:.1} s");
    let each = REFILL / 2.0 * seconds;
    assert!(
        f64::from(taken.0) < each * 1.15 + 3.0,
        "nothing is lent any more"
    );
    assert!(f64::from(taken.1) > each * 0.85 - 2.0, "its refill");
}
