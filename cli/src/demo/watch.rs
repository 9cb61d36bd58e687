//! Looks at the metrics every so often while a chapter plays, for those who watch; no result rests on it.

use std::{sync::Arc, time::Duration};

use driftline_testbed::scrape::Scrape;
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use super::stage::Stage;

/// Rare enough not to disturb what is timed.
const EVERY: Duration = Duration::from_millis(500);

/// A look every half second, until this is dropped.
pub(super) struct Watch {
    looking: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Watch {
    /// Hands every scrape to `look`. A scrape that fails is left out: the chapter itself will meet the reason.
    pub(super) fn start(
        stage: &Arc<Stage>,
        look: impl Fn(&Scrape) + Send + Sync + 'static,
    ) -> Watch {
        let stage = Arc::clone(stage);
        let (stop, mut stopping) = watch::channel(false);
        let looking = tokio::spawn(async move {
            loop {
                if let Ok(scrape) = stage.scrape().await {
                    look(&scrape);
                }
                tokio::select! {
                    () = sleep(EVERY) => {}
                    _ = stopping.wait_for(|&stop| stop) => break,
                }
            }
        });
        Watch { looking, stop }
    }

    /// Stops, and waits until a look that had begun is over, so that it cannot overwrite a later one.
    pub(super) async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.looking).await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.looking.abort();
    }
}
