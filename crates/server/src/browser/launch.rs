//! Starts a Chromium and ends it, with every process of it.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::connection::Connection;
use super::profile::Profile;
use super::transport::Transport;
use super::{BrowserError, attach};

/// How long a Chromium may take until it answers for the first time; a cold start from a slow disk is slow.
const START: Duration = Duration::from_secs(30);
/// How long it may take to end when asked to.
const END: Duration = Duration::from_secs(3);

const FLAGS: [&str; 21] = [
    "--headless=new",
    "--no-first-run",
    "--no-default-browser-check",
    // Nothing is sent or fetched that no task asked for.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--no-service-autorun",
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
    // Containers give /dev/shm 64 MB, with which pages crash.
    "--disable-dev-shm-usage",
    // Every page of every task counts as the one in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--mute-audio",
    // No windows beyond the one page of a context.
    "--block-new-web-contents",
    "--hide-scrollbars",
    // A page out of the back-forward cache would appear without a load event.
    "--disable-features=BackForwardCache,Translate,MediaRouter,OptimizationHints",
];

/// A Chromium process that we started.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Its id, which is also that of its process group; the child forgets it once it has ended.
    leader: Option<u32>,
    profile: Profile,
}

/// Starts `executable` and waits until it answers. The second half is its product string.
pub(super) async fn start(executable: &Path) -> Result<(Process, Connection, String), BrowserError> {
    let failed = |why: String| {
        BrowserError::Missing(format!("Chromium ({}) did not start: {why}", executable.display()))
    };
    let profile = Profile::create().map_err(|error| failed(format!("no profile directory: {error}")))?;
    let mut command = Command::new(executable);
    command.args(FLAGS);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    {
        // A group of its own: Ctrl-C in a terminal must not end it before its tasks are put away, and the
        // group is how all of it is ended.
        command.process_group(0);
        // Chromium refuses to start its sandbox as root.
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
    }
    let wiring = Wiring::prepare(&mut command).map_err(|error| failed(error.to_string()))?;
    command.arg("about:blank");
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    // The command holds Chromium's ends of the pipes; while it does, their closing would go unnoticed.
    drop(command);
    let last_words = LastWords::listen(&mut child);

    let mut process = Process { leader: child.id(), child, profile };
    let connected = async {
        let connection = Connection::new(wiring.connect(process.profile.path()).await?);
        let product = attach::product(&connection).await?;
        Ok((connection, product))
    };
    let why = tokio::select! {
        connected = timeout(START, connected) => match connected {
            Ok(Ok((connection, product))) => return Ok((process, connection, product)),
            Ok(Err(BrowserError::Gone(_))) => "it ended at once".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", START.as_secs()),
        },
        ended = process.child.wait() => match ended {
            Ok(status) => format!("it ended with {status}"),
            Err(error) => error.to_string(),
        },
    };
    process.kill().await;
    Err(failed(last_words.explain(&why)))
}

impl Process {
    /// Asks Chromium to end, ends it when it does not, and removes its profile.
    pub(super) async fn end(mut self, connection: &Connection) {
        // The answer does not matter, the end of the process does.
        let _ = timeout(END, connection.call(None, "Browser.close", json!({}))).await;
        let _ = timeout(END, self.child.wait()).await;
        self.kill().await;
    }

    /// Ends the whole process group at once, takes the exit status and removes the profile.
    pub(super) async fn kill(mut self) {
        // Also when the leader has ended by itself: its children outlive it by moments, in which they would
        // write into the profile that is being removed.
        #[cfg(unix)]
        if let Some(group) = self.leader.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            // Fails when everything has ended already, which is what is wanted.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill().await;
        let _ = self.child.wait().await;
        self.profile.remove().await;
    }

    /// The process id.
    pub(super) fn id(&self) -> Option<u32> {
        self.leader
    }
}

/// What Chromium last wrote to its standard error: the only place where it says why it does not start.
struct LastWords(Arc<Mutex<String>>);

impl LastWords {
    fn listen(child: &mut Child) -> Self {
        let words = Arc::new(Mutex::new(String::new()));
        if let Some(stderr) = child.stderr.take() {
            let words = Arc::clone(&words);
            tokio::spawn(async move {
                let mut lines = BufReader::new(stderr).lines();
                // Reading goes on for the whole life of Chromium: a full pipe would make it stand still.
                while let Ok(Some(line)) = lines.next_line().await {
                    if line.contains("ERROR") || line.contains("FATAL") || line.contains("annot") {
                        *words.lock().unwrap_or_else(PoisonError::into_inner) = line;
                    }
                }
            });
        }
        Self(words)
    }

    fn explain(&self, why: &str) -> String {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if words.is_empty() { why.to_owned() } else { format!("{why}; it says: {}", words.trim()) }
    }
}

/// How commands reach the process.
///
/// Over two pipes: no debugging port that other programs of this machine could use, and a Chromium whose
/// server was killed reads the end of its pipe and ends too.
#[cfg(unix)]
struct Wiring {
    from_chromium: std::io::PipeReader,
    to_chromium: std::io::PipeWriter,
}

#[cfg(unix)]
impl Wiring {
    fn prepare(command: &mut Command) -> std::io::Result<Self> {
        use command_fds::{CommandFdExt, FdMapping};
        let (chromium_reads, to_chromium) = std::io::pipe()?;
        let (from_chromium, chromium_writes) = std::io::pipe()?;
        command.arg("--remote-debugging-pipe");
        // Chromium expects to read commands from 3 and to write answers to 4.
        command
            .fd_mappings(vec![
                FdMapping { parent_fd: chromium_reads.into(), child_fd: 3 },
                FdMapping { parent_fd: chromium_writes.into(), child_fd: 4 },
            ])
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(Self { from_chromium, to_chromium })
    }

    async fn connect(self, _profile: &Path) -> Result<Transport, BrowserError> {
        use tokio::net::unix::pipe;
        let broken = |error: std::io::Error| BrowserError::Missing(format!("no pipe to Chromium: {error}"));
        let read = pipe::Receiver::from_owned_fd(self.from_chromium.into()).map_err(broken)?;
        let write = pipe::Sender::from_owned_fd(self.to_chromium.into()).map_err(broken)?;
        Ok(super::transport::over_pipes(read, write))
    }
}

/// How commands reach the process: over a port of its own choice, which it writes into its profile. Handing
/// over pipes needs unsafe code on this system.
#[cfg(not(unix))]
struct Wiring;

#[cfg(not(unix))]
impl Wiring {
    fn prepare(command: &mut Command) -> std::io::Result<Self> {
        command.arg("--remote-debugging-port=0");
        Ok(Self)
    }

    async fn connect(self, profile: &Path) -> Result<Transport, BrowserError> {
        loop {
            if let Ok(text) = tokio::fs::read_to_string(profile.join("DevToolsActivePort")).await
                && let Some((port, path)) = text.trim().split_once('\n')
            {
                return super::transport::over_websocket(&format!("ws://127.0.0.1:{port}{path}")).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
