//! OpenSSH's keys and the signatures of `ssh-keygen -Y sign`. [pure]
//!
//! Formats: OpenSSH's `PROTOCOL.key` and `PROTOCOL.sshsig`.

use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, PrivateKey, SshSig};

use super::{KeyFault, Secret};

/// What a signature of a file is for: the namespace that OpenSSH's manual
/// page uses for files.
pub const NAMESPACE: &str = "file";

/// Opens a private key.
pub fn open(pem: &str, passphrase: Option<&Secret>) -> Result<PrivateKey, KeyFault> {
    let key = PrivateKey::from_openssh(pem).map_err(|cause| broken(&cause))?;
    match key.algorithm() {
        Algorithm::Ed25519
        | Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP256,
        } => {}
        Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => {
            return Err(KeyFault::Algorithm("hardware (sk-) SSH".to_owned()));
        }
        other => return Err(KeyFault::Algorithm(format!("SSH {other}"))),
    }
    if !key.is_encrypted() {
        return Ok(key);
    }
    let passphrase = passphrase.ok_or(KeyFault::NeedsPassphrase)?;
    key.decrypt(passphrase.bytes())
        .map_err(|_| KeyFault::WrongPassphrase)
}

/// An armoured signature of a file's bytes.
pub fn sign(key: &PrivateKey, data: &[u8]) -> Result<String, KeyFault> {
    key.sign(NAMESPACE, HashAlg::Sha512, data)
        .and_then(|signature| signature.to_pem(LineEnding::LF))
        .map_err(|cause| broken(&cause))
}

/// Whether an armoured signature is this key's over the data.
pub fn verify(key: &ssh_key::PublicKey, data: &[u8], signature: &str) -> bool {
    SshSig::from_pem(signature)
        .is_ok_and(|signature| key.verify(NAMESPACE, data, &signature).is_ok())
}

fn broken(cause: &ssh_key::Error) -> KeyFault {
    KeyFault::Broken("OpenSSH", cause.to_string())
}
