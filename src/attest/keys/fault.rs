//! What can be wrong with a key. No variant carries any of the key's bytes.
//! [pure]

/// Why a key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error(
        "it is no key of a known kind: PEM (ECDSA P-256 or Ed25519), cosign, minisign, OpenSSH or Nix"
    )]
    Unknown,
    #[error("it is a public key, and signing needs the private one")]
    IsPublic,
    #[error("it is a private key, and verifying needs the public one alone")]
    IsPrivate,
    #[error("it is a {0} key; only ECDSA P-256 and Ed25519 can be used")]
    Algorithm(String),
    #[error("it is encrypted, and there is no passphrase")]
    NeedsPassphrase,
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    #[error("it is encrypted in a way that cannot be opened: {0}")]
    Encryption(String),
    #[error("it is a broken {0} key: {1}")]
    Broken(&'static str, String),
    #[error("a {0} key cannot sign this: {1}")]
    Purpose(&'static str, &'static str),
}

impl KeyFault {
    /// Something to paste, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            KeyFault::NeedsPassphrase => Some(
                "XBUILD_KEY_PASSPHRASE=…, or --passphrase FILE, --passphrase env:NAME or --passphrase -",
            ),
            KeyFault::Algorithm(_) | KeyFault::Unknown => {
                Some("openssl genpkey -algorithm ed25519 -out key.pem")
            }
            KeyFault::Encryption(_) => Some("openssl pkey -in KEY -out PLAIN"),
            KeyFault::IsPublic => Some("the private key is the file that was not given away"),
            KeyFault::IsPrivate => Some("openssl pkey -in KEY -pubout"),
            _ => None,
        }
    }
}
