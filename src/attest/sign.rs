//! A key and a file → the signatures that users of such keys expect beside it.
//! [pure]

use serde_json::Value;

use super::dsse::{Envelope, pae};
use super::keys::{KeyFault, SecretKey};
use super::statement::{MEDIA_TYPE, TYPE};
use super::{bundle, json};
use crate::pins::Sha256;

/// A file to be written beside the signed one, or in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub name: String,
    pub text: String,
}

impl Output {
    fn new(name: String, text: String) -> Vec<Self> {
        vec![Output { name, text }]
    }
}

/// Signs a file of that name.
///
/// | key | file | output |
/// | --- | --- | --- |
/// | minisign | any | `NAME.minisig` |
/// | SSH | any | `NAME.sig`, as `ssh-keygen -Y sign -n file` |
/// | PEM, cosign | an in-toto statement | `STEM.intoto.jsonl` and `STEM.intoto.sigstore.json` |
/// | PEM, cosign | any other | `NAME.sigstore.json` |
/// | Nix | `*.narinfo` | the narinfo itself, with a `Sig` more |
///
/// # Errors
/// Where the key is not for such files.
pub fn sign(key: &SecretKey, name: &str, data: &[u8]) -> Result<Vec<Output>, KeyFault> {
    match key {
        SecretKey::Minisign(key) => {
            Ok(Output::new(format!("{name}.minisig"), key.sign(name, data)))
        }
        SecretKey::Ssh(_) => Ok(Output::new(format!("{name}.sig"), key.sign_ssh(data)?)),
        SecretKey::Nix(nix) => {
            let only = KeyFault::Purpose("Nix", "it signs `.narinfo` files of a binary cache");
            let text = std::str::from_utf8(data).map_err(|_| only.clone())?;
            let text = nix.sign_narinfo(text).map_err(|_| only)?;
            Ok(Output::new(name.to_owned(), text))
        }
        SecretKey::P256(_) | SecretKey::Ed25519(_) if is_statement(data) => {
            let stem = name.strip_suffix(".json").unwrap_or(name);
            envelope(key, stem.strip_suffix(".intoto").unwrap_or(stem), data)
        }
        SecretKey::P256(_) | SecretKey::Ed25519(_) => {
            let signature = key.sign(data)?;
            let bundle = bundle::of_file(Sha256::of(data), &signature, &hint(key));
            let name = format!("{name}.sigstore.json");
            Ok(Output::new(name, format!("{bundle}\n")))
        }
    }
}

/// Signs a statement, in both forms that tools read.
///
/// # Errors
/// Where the key signs in a format of its own alone.
pub fn envelope(key: &SecretKey, stem: &str, payload: &[u8]) -> Result<Vec<Output>, KeyFault> {
    let signature = key.sign(&pae(MEDIA_TYPE, payload))?;
    let envelope = Envelope::new(MEDIA_TYPE, payload, &signature);
    let bundle = bundle::of_envelope(&envelope, &hint(key));
    Ok(vec![
        Output {
            name: format!("{stem}.intoto.jsonl"),
            text: format!("{}\n", envelope.line()),
        },
        Output {
            name: format!("{stem}.intoto.sigstore.json"),
            text: format!("{bundle}\n"),
        },
    ])
}

/// Whether a file is an in-toto statement that can be read in one way only.
fn is_statement(data: &[u8]) -> bool {
    let first = data.iter().find(|byte| !byte.is_ascii_whitespace());
    // Most files are none; a large one need not be read as JSON to know.
    first == Some(&b'{')
        && json::parse(data)
            .is_ok_and(|value| value.get("_type").and_then(Value::as_str) == Some(TYPE))
}

fn hint(key: &SecretKey) -> String {
    let public = key.public();
    public.and_then(|key| key.hint()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::keys::Secret;
    use super::super::{keys, samples};
    use super::*;

    fn read(text: &str) -> SecretKey {
        let secret = Secret::new(text.as_bytes().to_vec());
        SecretKey::read(&secret, None).unwrap_or_else(|fault| panic!("{fault}"))
    }

    #[test]
    fn each_key_writes_what_its_users_expect() {
        let statement = format!(" {{\"_type\":\"{TYPE}\"}}");
        let twice = format!("{{\"_type\":\"{TYPE}\",\"_type\":\"x\"}}");
        let narinfo = keys::samples::NARINFO;
        let pem = || samples::key();
        let table: [(SecretKey, &str, &str, &[&str]); 8] = [
            (
                read(keys::samples::MINISIGN),
                "a.zip",
                "x",
                &["a.zip.minisig"],
            ),
            (read(keys::samples::SSH), "a.zip", "x", &["a.zip.sig"]),
            (
                read(keys::samples::NIX),
                "h.narinfo",
                narinfo,
                &["h.narinfo"],
            ),
            (pem(), "a.zip", "x", &["a.zip.sigstore.json"]),
            (pem(), "a.json", "{}", &["a.json.sigstore.json"]),
            (pem(), "a.json", &twice, &["a.json.sigstore.json"]),
            (
                pem(),
                "a.intoto.json",
                &statement,
                &["a.intoto.jsonl", "a.intoto.sigstore.json"],
            ),
            (
                read(keys::samples::ED25519),
                "a",
                &statement,
                &["a.intoto.jsonl", "a.intoto.sigstore.json"],
            ),
        ];
        for (key, name, data, expected) in table {
            let outputs = sign(&key, name, data.as_bytes()).unwrap();
            let names: Vec<&str> = outputs.iter().map(|output| &*output.name).collect();
            assert_eq!(names, expected);
            assert_eq!(
                sign(&key, name, data.as_bytes()),
                Ok(outputs),
                "not the same twice"
            );
        }
        let nix = read(keys::samples::NIX);
        assert!(matches!(
            sign(&nix, "a.zip", b"x"),
            Err(KeyFault::Purpose(..))
        ));
    }
}
