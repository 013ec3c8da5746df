//! Keys of nobody, each made by the tool that is named, for the tests; where
//! one is encrypted the passphrase is [`PASSPHRASE`].

pub const PASSPHRASE: &str = "open sesame";

pub const EC_SEC1: &str = include_str!("samples/openssl-ec-sec1.pem");
pub const EC_SEC1_PUBLIC: &str = include_str!("samples/openssl-ec-sec1.pub.pem");
pub const EC_PKCS8: &str = include_str!("samples/openssl-ec-pkcs8.pem");
pub const ED25519: &str = include_str!("samples/openssl-ed25519.pem");
pub const ED25519_PUBLIC: &str = include_str!("samples/openssl-ed25519.pub.pem");
pub const P384: &str = include_str!("samples/openssl-p384.pem");
pub const P384_PUBLIC: &str = include_str!("samples/openssl-p384.pub.pem");
pub const RSA: &str = include_str!("samples/openssl-rsa.pem");
pub const RSA_PUBLIC: &str = include_str!("samples/openssl-rsa.pub.pem");
/// Its passphrase is `x`.
pub const PKCS8_ENCRYPTED: &str = include_str!("samples/openssl-encrypted.pem");
pub const COSIGN: &str = include_str!("samples/cosign.key");
pub const COSIGN_PUBLIC: &str = include_str!("samples/cosign.pub");
pub const MINISIGN: &str = include_str!("samples/minisign.key");
pub const MINISIGN_PUBLIC: &str = include_str!("samples/minisign.pub");
pub const SSH: &str = include_str!("samples/ssh-ed25519");
pub const SSH_PUBLIC: &str = include_str!("samples/ssh-ed25519.pub");
pub const SSH_ENCRYPTED: &str = include_str!("samples/ssh-encrypted");
pub const SSH_ECDSA: &str = include_str!("samples/ssh-ecdsa");
pub const SSH_RSA: &str = include_str!("samples/ssh-rsa");
pub const NIX: &str = include_str!("samples/nix.sec");
pub const NIX_PUBLIC: &str = "test-1:ysrzvGGW6kZ0sYbGKye5Vwal29LWehnskjLNvKxeENQ=";

/// As `nix copy --to file://…` wrote it.
pub const NARINFO: &str = include_str!("samples/unsigned.narinfo");
/// The line that `nix store sign` added with [`NIX`].
pub const NARINFO_SIGNATURE: &str = "Sig: test-1:5Vt8vbWJ1isuS3j17B3MScl1ZncOQNbA8fj5pXCL+MsRJIi94Leje8Ex2yG0NbE9klD246jAM4lGm+1lKpmKAg==";
