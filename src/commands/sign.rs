//! `xbuild sign`: the signature that a key's users expect, beside each file.

use std::fs;
use std::path::Path;

use crate::attest::keys::source::{self, KeySource};
use crate::attest::{SecretKey, sign};
use crate::cargo::write_atomically;
use crate::cli::{KeyArgs, SignArgs};
use crate::error::{Error, IoContext, Kind, Result};
use crate::terminal;

/// Signs each file.
///
/// # Errors
/// Where the key cannot be used, or a file cannot be read or written.
pub fn run(args: &SignArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let Some(source) = key_source(&args.key) else {
        let message = "there is no key to sign with";
        return Err(Error::new(Kind::Usage, message)
            .hint("--key FILE, --key env:NAME, or --key - for standard input"));
    };
    let key = source.open()?;
    for path in &args.files {
        file(&source, &key, path)?;
    }
    Ok(0)
}

/// The key that a command line names.
pub fn key_source(args: &KeyArgs) -> Option<KeySource> {
    // Each text is some place, if only a file that is not there.
    let place = |text: &String| text.parse().ok();
    Some(KeySource {
        key: args.key.as_ref().and_then(place)?,
        passphrase: args.passphrase.as_ref().and_then(place),
    })
}

fn file(source: &KeySource, key: &SecretKey, path: &Path) -> Result<()> {
    let name = name(path)?;
    let data = fs::read(path).at("read", path)?;
    let outputs = sign::sign(key, &name, &data).map_err(|fault| {
        source::error(&source.key, &fault).within(format_args!("`{}`", path.display()))
    })?;
    for output in outputs {
        let target = path.with_file_name(&output.name);
        write_atomically(&target, output.text.as_bytes())?;
        let what = format!("{} ({})", target.display(), key.kind());
        terminal::status("Signed", what);
    }
    Ok(())
}

/// The name of a file, which is what attestations know it by.
///
/// # Errors
/// `Kind::Usage` where it has none that is text.
pub fn name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        let message = format!("`{}` has no name that can be signed", path.display());
        Error::new(Kind::Usage, message)
    })
}
