//! Bytes that must not be seen: wiped when dropped, and without `Debug`, so
//! that no log, report or panic can have them. [pure]

use zeroize::Zeroizing;

/// The text of a key or a passphrase.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub fn new(bytes: Vec<u8>) -> Self {
        Secret(Zeroizing::new(bytes))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text; `None` where it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Without the one line break that editors and `echo` put at the end of a
    /// passphrase.
    #[must_use]
    pub fn without_line_break(mut self) -> Self {
        if self.0.last() == Some(&b'\n') {
            self.0.pop();
            if self.0.last() == Some(&b'\r') {
                self.0.pop();
            }
        }
        self
    }
}
