//! Signals that end the server.

use tracing::{error, info};

/// Resolves at the first SIGTERM or Ctrl-C. A second one ends the process at once.
pub(crate) async fn asked_to_stop() {
    signal().await;
    info!("stopping; a second signal ends at once");
    tokio::spawn(async {
        signal().await;
        // What is interrupted here reads as interrupted at the next start, like after any other sudden death.
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(error) => {
            error!(%error, "SIGTERM cannot be listened for");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn signal() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        error!(%error, "Ctrl-C cannot be listened for");
        std::future::pending::<()>().await;
    }
}
