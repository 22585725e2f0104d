//! A real Chromium over CDP.

/// An open page.
#[derive(Debug)]
pub struct Page;
