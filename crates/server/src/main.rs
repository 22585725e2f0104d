//! `taskwright-server`: see `--help`.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use taskwright_server::agent::Rules;
use taskwright_server::config::Config;
use taskwright_server::serve::serve;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    let filter = match EnvFilter::try_new(&config.log) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("taskwright-server: --log {}: {error}", config.log);
            return ExitCode::from(2);
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match serve(config, Arc::new(Rules)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("taskwright-server: {error}");
            ExitCode::FAILURE
        }
    }
}
