//! `xbuild attest verify`: an attestation held against key, files and policy.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::attest::keys::source::{self, Place};
use crate::attest::verify::{Files, Request, verify};
use crate::attest::{Policy, PublicKey};
use crate::cli::{AttestArgs, AttestCommand, AttestVerifyArgs, Format};
use crate::error::{Error, IoContext, Kind, Result};
use crate::pins::{Hasher, Sha256};
use crate::{report, terminal};

/// Runs the subcommand.
///
/// # Errors
/// `Kind::Integrity` with the reason of a refusal, or where something cannot
/// be read.
pub fn run(args: &AttestArgs) -> Result<u8> {
    let AttestCommand::Verify(args) = &args.command;
    super::set_talk(args.talk);
    let key = public_key(&args.key)?;
    let policy = policy(args)?;
    let attestation = fs::read(&args.attestation).at("read", &args.attestation)?;
    let detached = detached(args, &key)?;
    let mut files = Files::new();
    for path in &args.files {
        let name = super::sign::name(path)?;
        if files.insert(name.clone(), hash(path)?).is_some() {
            let message = format!("two of the files are called `{name}`");
            return Err(Error::new(Kind::Usage, message));
        }
    }
    let place = args.attestation.display().to_string();
    let accepted = verify(&Request {
        attestation: &attestation,
        detached: detached.as_deref(),
        key: &key,
        files: &files,
        partial: args.partial,
        policy: &policy,
    })
    .map_err(|refusal| refusal.error(&place))?;
    match args.format {
        Format::Text => terminal::report(report::accepted_text(&place, &accepted)),
        Format::Json => {
            let json = report::accepted_json(&place, &accepted);
            terminal::data(format_args!("{json:#}\n"));
        }
    }
    Ok(0)
}

fn public_key(path: &Path) -> Result<PublicKey> {
    let text = fs::read(path).map_err(|cause| {
        let message = format!("failed to read the key `{}`", path.display());
        Error::new(Kind::Config, message).caused_by(cause)
    })?;
    let text = String::from_utf8_lossy(&text);
    PublicKey::read(&text).map_err(|fault| source::error(&Place::File(path.to_owned()), &fault))
}

fn policy(args: &AttestVerifyArgs) -> Result<Policy> {
    let file = match &args.policy {
        Some(path) => Policy::parse(path, &fs::read_to_string(path).at("read", path)?)?,
        None => Policy::default(),
    };
    let pins = args.pins.as_ref().map(|text| {
        text.parse::<Sha256>()
            .map_err(|cause| Error::new(Kind::Usage, format!("`--pins`: {cause}")))
    });
    Ok(file.with(Policy {
        builder: args.builder.clone(),
        source: args.source.clone(),
        commit: args.commit.clone(),
        pins: pins.transpose()?,
        targets: (!args.targets.is_empty()).then(|| args.targets.clone()),
        passthrough: None,
        volumes: None,
        hermetic: args.hermetic,
        reproducible: args.reproducible,
        variations: args.varied.clone(),
        clean: args.clean,
    }))
}

/// The signature beside the attestation, for keys that make such.
fn detached(args: &AttestVerifyArgs, key: &PublicKey) -> Result<Option<String>> {
    if let Some(path) = &args.signature {
        return fs::read_to_string(path).at("read", path).map(Some);
    }
    let Some(suffix) = key.suffix() else {
        return Ok(None);
    };
    let mut path = args.attestation.clone().into_os_string();
    path.push(suffix);
    match fs::read_to_string(&path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        other => other.at("read", Path::new(&path)).map(Some),
    }
}

/// The digest of a file of any size.
fn hash(path: &Path) -> Result<Sha256> {
    let mut file = fs::File::open(path).at("open", path)?;
    let mut hasher = Hasher::default();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block).at("read", path)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(&block[..read]),
        }
    }
}
