//! A task that ends with its owner.

use std::future::Future;

use tokio::task::JoinHandle;

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// Ends it and waits until all that it held is gone.
    pub(crate) async fn stop(mut self) {
        self.0.abort();
        // An error says that it was aborted, which is the point.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
