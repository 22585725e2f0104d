//! The command line and the environment.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::guard::AllowedOrigin;

const EXAMPLES: &str = "\
Examples:
  taskwright-server
      on http://127.0.0.1:8723, tasks kept in the data directory of the user
  taskwright-server --port 0 --ephemeral
      for a test: a free port (see the first line of output), nothing kept
  taskwright-server --allow-origin http://localhost:5173
      a web page served there may use it
  TASKWRIGHT_API_KEY=... taskwright-server --host 0.0.0.0 --allow-host build.example
      for other machines, with a key; put TLS in front of it, or give it a certificate
  taskwright-server --tls-cert cert.pem --tls-key key.pem
      on https://127.0.0.1:8723 too, for clients that speak nothing else

Durations are numbers with units: 500ms, 30s, 5m, 1h 30m, 7d.

On start one line goes to standard output, \"taskwright-server listening on http://ADDRESS:PORT\", with
\" and https://ADDRESS:PORT\" behind it when there is a certificate; logs go to standard error. SIGTERM or Ctrl-C lets running tasks end within --grace; a second one ends at once.";

/// Performs web tasks in a real Chromium on this machine, over the wires of Anchor Browser, Asteroid and AgentBay.
#[derive(Parser, Clone)]
#[command(name = "taskwright-server", version, after_help = EXAMPLES)]
pub struct Config {
    /// Address to listen on. Beyond loopback --api-key is needed
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", help_heading = "Network")]
    pub host: IpAddr,

    /// Port to listen on; 0 takes a free one
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8723,
        env = "TASKWRIGHT_PORT",
        help_heading = "Network"
    )]
    pub port: u16,

    /// Key that clients must send, in the header or field of the wire they speak or as "Authorization: Bearer KEY". Prefer the variable: other
    /// users of the machine can read command lines [default: none, every client on this machine may use the server]
    #[arg(
        long,
        value_name = "KEY",
        env = "TASKWRIGHT_API_KEY",
        hide_env_values = true,
        help_heading = "Network"
    )]
    pub api_key: Option<String>,

    /// Origin whose web pages may use the server, for example http://localhost:5173; "loopback" means every page served
    /// from this machine. Repeat for more [default: none, not even the server's own]
    #[arg(long, value_name = "ORIGIN", help_heading = "Network")]
    pub allow_origin: Vec<AllowedOrigin>,

    /// Host name by which clients may address the server, beside localhost and its address. Repeat for more
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    pub allow_host: Vec<String>,

    /// Certificate for HTTPS, PEM, with its chain. HTTPS is then served on the same port as HTTP
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "Network")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of --tls-cert, PEM, without a password
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Network")]
    pub tls_key: Option<PathBuf>,

    /// Chromium to start [default: chromium or Chrome under its usual names]
    #[arg(
        long,
        value_name = "FILE",
        env = "CHROMIUM_PATH",
        conflicts_with = "cdp",
        help_heading = "Browser"
    )]
    pub chromium: Option<PathBuf>,

    /// CDP endpoint (ws://... or http://HOST:PORT) to use instead of starting a Chromium
    #[arg(long, value_name = "URL", help_heading = "Browser")]
    pub cdp: Option<String>,

    /// How long one page may take to load
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration, help_heading = "Browser")]
    pub navigation_timeout: Duration,

    /// Sessions that may be open at once
    #[arg(long, value_name = "NUMBER", default_value_t = 50, help_heading = "Browser")]
    pub sessions: usize,

    /// How long an AgentBay session may stay unused before it is released, when its client does not say; 0s for no limit
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration, help_heading = "Browser")]
    pub idle_release: Duration,

    /// Tasks that run at once [default: twice the number of processor cores]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = "Tasks")]
    pub concurrency: Option<u16>,

    /// Tasks that may wait; more are refused with status 429
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, help_heading = "Tasks")]
    pub queue: u64,

    /// How long one task may run; time on hold does not count
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration, help_heading = "Tasks")]
    pub task_timeout: Duration,

    /// Tasks on hold (paused, or waiting for an answer) that do not count as running
    #[arg(long, value_name = "NUMBER", default_value_t = 50, help_heading = "Tasks")]
    pub held: usize,

    /// How long a task may wait for an answer
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration, help_heading = "Tasks")]
    pub pause_timeout: Duration,

    /// How long running tasks may go on when the server is told to stop
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration, help_heading = "Tasks")]
    pub grace: Duration,

    /// Directory of the database; one server at a time [default: taskwright in the data directory of the user]
    #[arg(long, value_name = "DIRECTORY", help_heading = "Storage")]
    pub data_dir: Option<PathBuf>,

    /// Keep nothing: a temporary database, removed at exit
    #[arg(long, conflicts_with = "data_dir", help_heading = "Storage")]
    pub ephemeral: bool,

    /// Bytes that the files sent to one Asteroid execution may have together: a number, or one with KB, MB or GB
    #[arg(long, value_name = "BYTES", default_value = "200MB", value_parser = bytes, help_heading = "Storage")]
    pub upload_limit: u64,

    /// JSON file of Asteroid agents: an array of {"id", "name", "startUrl", "prompt"}. Read at every start; agents that
    /// are known by id or name are changed [default: none, agents are made by POST /agents/v2/agents]
    #[arg(long, value_name = "FILE", help_heading = "Storage")]
    pub agents: Option<PathBuf>,

    /// How long ended tasks and sessions are kept
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = humantime::parse_duration, help_heading = "Storage")]
    pub retain_for: Duration,

    /// How many ended tasks, and how many ended sessions, are kept
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, help_heading = "Storage")]
    pub retain: u64,

    /// What to log on standard error: off, error, warn, info, debug, trace, or a filter such as info,tower=debug
    #[arg(
        long,
        value_name = "FILTER",
        default_value = "info",
        env = "TASKWRIGHT_LOG",
        help_heading = "Logs"
    )]
    pub log: String,
}

/// A number of bytes as people write it.
fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.get(digits.len()..).unwrap_or_default().trim().to_ascii_uppercase();
    let factor = match unit.as_str() {
        "" | "B" => Some(1),
        "KB" => Some(1_000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    let bytes = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| "takes a number of bytes, or one with KB, MB or GB, such as 200MB".to_owned())
}

impl Config {
    /// Where to listen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// The key; an empty variable is none.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.api_key.as_deref().filter(|key| !key.trim().is_empty())
    }

    /// Tasks that run at once.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        self.concurrency.map_or_else(|| cores().saturating_mul(2), usize::from)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Config::command().debug_assert();
    }

    #[test]
    fn bytes_have_units() {
        assert_eq!(bytes("200MB"), Ok(200_000_000));
        assert_eq!(bytes("1 gb"), Ok(1_000_000_000));
        assert_eq!(bytes("17"), Ok(17));
        for wrong in ["", "MB", "1.5MB", "1TB", "-1", "99999999999999GB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_empty_key_is_no_key() {
        let config = Config::parse_from(["taskwright-server", "--api-key", " "]);
        assert_eq!(config.key(), None);
    }
}
