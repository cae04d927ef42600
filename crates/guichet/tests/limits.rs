//! The rate of a key, as eight clients get it out of one server.

mod common;

use std::time::{Duration, Instant};

use common::{Folder, get};

const CLIENTS: u32 = 8;
const TIME: Duration = Duration::from_secs(6);
/// A second, and what there is at once.
const RATE: u32 = 100;

#[test]
fn eight_clients_are_admitted_within_a_hundredth_of_the_ideal() {
    let folder = Folder::new();
    let mut running = folder.start(&["serve", "--listen", "127.0.0.1:0"]);
    let text = running.lines_until("gch_");
    let word = |begin: &str| {
        let found = text.split_whitespace().find(|word| word.starts_with(begin));
        found.map(str::to_owned)
    };
    let (key, url) = (word("gch_").unwrap(), word("http://").unwrap());
    let url = format!("{}/api/tools/uuid", url.trim_end_matches('/'));
    let limit = format!("{RATE} requests per second");
    folder.run(&["limit", "set", "--each-key", &limit]).ended(0);
    common::eventually("the server has heard of it", || {
        (0..2 * RATE).any(|_| get(&url, &key).0 == 429)
    });
    // All of it is there again.
    std::thread::sleep(Duration::from_millis(1_200));

    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (url, key) = (url.clone(), key.clone());
            std::thread::spawn(move || {
                let mut counts = (0_u32, 0_u32);
                while began.elapsed() < TIME {
                    match get(&url, &key).0 {
                        200 => counts.0 += 1,
                        429 => counts.1 += 1,
                        other => panic!("{other}"),
                    }
                }
                counts
            })
        })
        .collect();
    let counts = clients.into_iter().map(|client| client.join().unwrap());
    let (admitted, refused) = counts.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    let seconds = began.elapsed().as_secs_f64();
    let ideal = f64::from(RATE) * (1.0 + seconds);
    println!("{admitted} admitted, {refused} refused, ideal {ideal:.1} in {seconds:.2} s");
    assert!(refused > 0, "they asked for more than there is");
    assert!(
        (f64::from(admitted) / ideal - 1.0).abs() < 0.01,
        "{admitted} admitted, ideal {ideal:.1}"
    );
}
