//! Equal calls at the same time are asked once. The work runs on its own, so no caller that leaves takes it along; if
//! it dies all the same, those who wait ask again, one of them for all.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Work under way, by key.
pub(crate) struct Flights<K, T> {
    under_way: Arc<Mutex<HashMap<K, watch::Receiver<Option<T>>>>>,
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The result of the work under way for this key, or of `work`, started now.
    pub(crate) async fn join<F, W>(&self, key: &K, mut work: F) -> T
    where
        F: FnMut() -> W,
        W: Future<Output = T> + Send + 'static,
    {
        loop {
            let mut result = self.board(key, &mut work);
            let arrived = result
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|value| value.clone());
            // None: the work died without a result. Whoever comes first starts it anew.
            if let Some(value) = arrived {
                return value;
            }
        }
    }

    /// Starts `work` unless it is under way, and does not wait for it.
    pub(crate) fn start<F, W>(&self, key: &K, mut work: F)
    where
        F: FnMut() -> W,
        W: Future<Output = T> + Send + 'static,
    {
        drop(self.board(key, &mut work));
    }

    fn board<F, W>(&self, key: &K, work: &mut F) -> watch::Receiver<Option<T>>
    where
        F: FnMut() -> W,
        W: Future<Output = T> + Send + 'static,
    {
        let mut under_way = self.under_way.lock();
        if let Some(result) = under_way.get(key) {
            return result.clone();
        }
        let (landed, result) = watch::channel(None);
        under_way.insert(key.clone(), result.clone());
        let place = Place {
            under_way: Arc::clone(&self.under_way),
            key: key.clone(),
        };
        let work = work();
        tokio::spawn(async move {
            let value = work.await;
            // Off the board first: a call that comes after the result is a new one.
            drop(place);
            landed.send_replace(Some(value));
        });
        result
    }
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self {
            under_way: Arc::default(),
        }
    }
}

/// A flight's place on the board; it leaves the board however the flight ends.
struct Place<K: Eq + Hash, T> {
    under_way: Arc<Mutex<HashMap<K, watch::Receiver<Option<T>>>>>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for Place<K, T> {
    fn drop(&mut self) {
        self.under_way.lock().remove(&self.key);
    }
}

impl<K, T> std::fmt::Debug for Flights<K, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Flights({})", self.under_way.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn equal_calls_at_the_same_time_are_asked_once() {
        let flights: Flights<u8, u32> = Flights::default();
        let asked = Arc::new(AtomicU32::new(0));
        let work = || {
            let asked = Arc::clone(&asked);
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                asked.fetch_add(1, Ordering::Relaxed)
            }
        };
        let (a, b, c) = tokio::join!(
            flights.join(&1, work),
            flights.join(&1, work),
            flights.join(&2, work)
        );
        assert_eq!((a, b), (a, a));
        assert_ne!(a, c);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert!(flights.under_way.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_leaves_leaves_the_work_to_those_who_wait() {
        let flights: Arc<Flights<u8, u32>> = Arc::default();
        let work = || async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            7
        };
        let leader = tokio::spawn({
            let flights = Arc::clone(&flights);
            async move { flights.join(&1, work).await }
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        leader.abort();
        let waited =
            tokio::time::timeout(Duration::from_secs(2), flights.join(&1, || async { 8 })).await;
        assert_eq!(waited, Ok(7), "the work that was begun went on");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_dies_is_begun_anew_by_one_of_those_who_wait() {
        let flights: Flights<u8, u32> = Flights::default();
        let begun = Arc::new(AtomicU32::new(0));
        let work = || {
            let begun = Arc::clone(&begun);
            async move {
                let round = begun.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert!(round > 0, "the first round dies");
                round
            }
        };
        let all = async {
            tokio::join!(
                flights.join(&1, work),
                flights.join(&1, work),
                flights.join(&1, work)
            )
        };
        let landed = tokio::time::timeout(Duration::from_secs(5), all).await;
        assert_eq!(landed, Ok((1, 1, 1)));
        assert_eq!(begun.load(Ordering::Relaxed), 2);
    }
}
