//! Finds a Chromium on this machine.

use std::env;
use std::path::{Path, PathBuf};

use super::BrowserError;

/// Names that packages give to Chromium and its relatives, the plainest first.
const NAMES: [&str; 9] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
    "msedge",
    "brave-browser",
];

#[cfg(target_os = "macos")]
const PLACES: [&str; 4] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Brave Browser.app/Contents/MacOS/Brave Browser",
];
#[cfg(windows)]
const PLACES: [&str; 4] = [
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files\Chromium\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
];
#[cfg(not(any(target_os = "macos", windows)))]
const PLACES: [&str; 3] = ["/snap/bin/chromium", "/opt/google/chrome/chrome", "/usr/lib/chromium/chromium"];

/// The Chromium to start: the configured one, `CHROMIUM_PATH`, or the first of the usual names that exists.
///
/// A path that somebody named is never replaced by another one: it is there or it is an error.
pub(super) fn chromium(configured: Option<&Path>) -> Result<PathBuf, BrowserError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> = env::split_paths(&path).collect();
    let from_environment = env::var_os("CHROMIUM_PATH").filter(|value| !value.is_empty()).map(PathBuf::from);
    choose(configured, from_environment.as_deref(), &directories, &PLACES.map(PathBuf::from))
}

fn choose(
    configured: Option<&Path>,
    from_environment: Option<&Path>,
    directories: &[PathBuf],
    places: &[PathBuf],
) -> Result<PathBuf, BrowserError> {
    for (named, by) in [(configured, "--chromium"), (from_environment, "CHROMIUM_PATH")] {
        let Some(named) = named else { continue };
        if is_program(named) {
            return Ok(named.to_owned());
        }
        // A bare name is meant as on a command line.
        if named.components().count() == 1
            && let Some(found) = directories.iter().map(|dir| dir.join(named)).find(|path| is_program(path))
        {
            return Ok(found);
        }
        return Err(BrowserError::Missing(format!(
            "{by} names {}, which is not an executable file",
            named.display()
        )));
    }
    let on_path = NAMES.iter().flat_map(|name| {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        directories.iter().map(move |directory| directory.join(&file))
    });
    on_path.chain(places.iter().cloned()).find(|path| is_program(path)).ok_or_else(|| {
        BrowserError::Missing(format!(
            "no Chromium found: looked on PATH for {} and in {}. {}, or name one with --chromium or CHROMIUM_PATH",
            NAMES.join(", "),
            places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", "),
            install_hint(),
        ))
    })
}

fn install_hint() -> &'static str {
    if cfg!(target_os = "macos") {
        "Install it (brew install --cask chromium)"
    } else if cfg!(windows) {
        "Install it (winget install Google.Chrome)"
    } else {
        "Install it (apt-get install chromium, dnf install chromium, apk add chromium)"
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(directory: &Path, name: &str) -> PathBuf {
        let path = directory.join(name);
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_usual_name_on_path_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let chrome = program(dir.path(), "google-chrome");
        assert_eq!(choose(None, None, &[dir.path().into()], &[]), Ok(chrome));
    }

    #[test]
    fn a_configured_path_wins_and_a_wrong_one_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        program(dir.path(), "chromium");
        let mine = program(dir.path(), "mine");
        let dirs = [dir.path().to_owned()];
        assert_eq!(choose(Some(&mine), None, &dirs, &[]), Ok(mine.clone()));
        assert_eq!(choose(Some(Path::new("mine")), None, &dirs, &[]), Ok(mine.clone()));
        assert_eq!(choose(None, Some(&mine), &dirs, &[]), Ok(mine));
        let error = choose(Some(Path::new("/nowhere/chrome")), None, &dirs, &[]).unwrap_err();
        assert_eq!(error.to_string(), "--chromium names /nowhere/chrome, which is not an executable file");
    }

    #[test]
    fn the_error_says_what_was_looked_for_and_how_to_help() {
        let error = choose(None, None, &[], &[PathBuf::from("/opt/x")]).unwrap_err().to_string();
        for expected in ["chromium-browser", "/opt/x", "--chromium", "CHROMIUM_PATH", "nstall"] {
            assert!(error.contains(expected), "{expected} is missing in: {error}");
        }
    }
}
