//! Keys as the tools make them, and what is said of those that are not taken.

use super::samples::*;
use super::*;

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn read(text: &str, passphrase: Option<&str>) -> Result<SecretKey, KeyFault> {
    SecretKey::read(&secret(text), passphrase.map(secret).as_ref())
}

/// What a key's reading comes to, since keys themselves are not shown.
fn outcome(text: &str, passphrase: Option<&str>) -> Result<&'static str, KeyFault> {
    read(text, passphrase).map(|key| key.kind())
}

// Does not compile once a type with a secret in it has `Debug`: then both
// implementations fit, and the compiler cannot choose.
const _: () = {
    struct Shown;
    trait Hidden<Mark> {
        const IS: () = ();
    }
    impl<T> Hidden<()> for T {}
    impl<T: std::fmt::Debug> Hidden<Shown> for T {}
    let () = <Secret as Hidden<_>>::IS;
    let () = <SecretKey as Hidden<_>>::IS;
    let () = <MinisignKey as Hidden<_>>::IS;
    let () = <NixKey as Hidden<_>>::IS;
};

#[test]
fn every_kind_of_key_is_told_and_opened() {
    let pass = Some(PASSPHRASE);
    for (text, passphrase, kind) in [
        (EC_SEC1, None, "ECDSA P-256"),
        (EC_PKCS8, None, "ECDSA P-256"),
        (ED25519, None, "Ed25519"),
        (PKCS8_ENCRYPTED, Some("x"), "Ed25519"),
        (COSIGN, pass, "ECDSA P-256"),
        (MINISIGN, None, "minisign"),
        // A passphrase that is not needed does no harm.
        (MINISIGN, pass, "minisign"),
        (SSH, None, "SSH"),
        (SSH_ENCRYPTED, pass, "SSH"),
        (SSH_ECDSA, None, "SSH"),
        (NIX, None, "Nix"),
    ] {
        assert_eq!(outcome(text, passphrase), Ok(kind));
    }
}

#[test]
fn a_key_that_is_not_taken_is_told_why() {
    use KeyFault::*;
    let pass = Some(PASSPHRASE);
    let wrong_half = NIX.replace("1A==", "1Q==");
    type Expected = fn(&KeyFault) -> bool;
    let table: [(&str, Option<&str>, Expected); 23] = [
        ("", None, |f| *f == Unknown),
        ("password", None, |f| *f == Unknown),
        ("two\nlines", None, |f| *f == Unknown),
        (
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
            None,
            |f| *f == Unknown,
        ),
        ("-----BEGIN PRIVATE KEY-----\nMC4C", None, |f| *f == Unknown),
        (
            "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n",
            None,
            |f| matches!(f, Broken("PKCS#8", _)),
        ),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
            None,
            |f| matches!(f, Broken("OpenSSH", _)),
        ),
        (
            "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\ne30=\n-----END ENCRYPTED COSIGN PRIVATE KEY-----\n",
            None,
            |f| matches!(f, Broken("cosign", _)),
        ),
        ("untrusted comment: x\nAAAA\n", None, |f| {
            matches!(f, Broken("minisign", _))
        }),
        ("name:AAAA", None, |f| matches!(f, Broken("Nix", _))),
        (&wrong_half, None, |f| matches!(f, Broken("Nix", _))),
        (RSA, None, |f| *f == Algorithm("RSA".into())),
        (P384, None, |f| *f == Algorithm("P-384".into())),
        (SSH_RSA, None, |f| *f == Algorithm("SSH ssh-rsa".into())),
        (PKCS8_ENCRYPTED, None, |f| *f == NeedsPassphrase),
        (PKCS8_ENCRYPTED, pass, |f| *f == WrongPassphrase),
        (COSIGN, None, |f| *f == NeedsPassphrase),
        (COSIGN, Some("wrong"), |f| *f == WrongPassphrase),
        (SSH_ENCRYPTED, None, |f| *f == NeedsPassphrase),
        (SSH_ENCRYPTED, Some("wrong"), |f| *f == WrongPassphrase),
        (SSH_PUBLIC, None, |f| *f == IsPublic),
        (MINISIGN_PUBLIC, None, |f| *f == IsPublic),
        (ED25519_PUBLIC, None, |f| *f == IsPublic),
    ];
    for (index, (text, passphrase, expected)) in table.into_iter().enumerate() {
        let fault = outcome(text, passphrase).unwrap_err();
        assert!(expected(&fault), "{index}: {fault}");
    }
    assert_eq!(outcome(NIX_PUBLIC, None), Err(IsPublic));
    let not_text = Secret::new(vec![0xff, 0xfe]);
    assert!(matches!(SecretKey::read(&not_text, None), Err(Unknown)));
}

#[test]
fn what_a_key_asks_of_the_machine_is_limited() {
    let block = |n: u64, name: &str| {
        let json = format!(
            r#"{{"kdf":{{"name":"{name}","params":{{"N":{n},"r":8,"p":1}},"salt":"AAAA"}},"cipher":{{"name":"nacl/secretbox","nonce":"{}"}},"ciphertext":"AAAA"}}"#,
            base64::encode(&[0; 24])
        );
        let body = base64::encode(json.as_bytes());
        let label = "ENCRYPTED SIGSTORE PRIVATE KEY";
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let fault = |n, name| outcome(&block(n, name), Some(PASSPHRASE)).unwrap_err();
    assert!(matches!(fault(1 << 40, "scrypt"), KeyFault::Encryption(_)));
    assert!(matches!(fault(1, "scrypt"), KeyFault::Encryption(_)));
    assert!(matches!(fault(1 << 10, "argon2"), KeyFault::Encryption(_)));
    assert!(matches!(
        fault(1000, "scrypt"),
        KeyFault::Broken("cosign", _)
    ));
    assert_eq!(fault(1 << 10, "scrypt"), KeyFault::WrongPassphrase);
}

#[test]
fn public_keys_are_told_and_belong_to_their_private_ones() {
    for (private, passphrase, public) in [
        (EC_SEC1, None, EC_SEC1_PUBLIC),
        (ED25519, None, ED25519_PUBLIC),
        (COSIGN, Some(PASSPHRASE), COSIGN_PUBLIC),
        (MINISIGN, None, MINISIGN_PUBLIC),
    ] {
        let of_private = read(private, passphrase).ok().unwrap().public();
        assert_eq!(of_private, Some(PublicKey::read(public).unwrap()));
    }
    let line = MINISIGN_PUBLIC.lines().nth(1).unwrap();
    assert!(PublicKey::read(line).is_ok());
    for (text, expected) in [
        ("", KeyFault::Unknown),
        (ED25519, KeyFault::IsPrivate),
        (MINISIGN, KeyFault::IsPrivate),
        (RSA_PUBLIC, KeyFault::Algorithm("RSA".into())),
        (P384_PUBLIC, KeyFault::Algorithm("P-384".into())),
    ] {
        assert_eq!(PublicKey::read(text), Err(expected));
    }
}

#[test]
fn signatures_of_files_hold_for_their_key_and_bytes_alone() {
    let minisign = read(MINISIGN, None).ok().unwrap();
    let SecretKey::Minisign(key) = &minisign else {
        panic!("another kind");
    };
    let ssh = read(SSH, None).ok().unwrap();
    let (public, other) = (minisign.public().unwrap(), ssh.public().unwrap());
    for (public, other, signature) in [
        (&public, &other, key.sign("f", b"data")),
        (&other, &public, ssh.sign_ssh(b"data").unwrap()),
    ] {
        assert!(public.verify_file(b"data", &signature));
        assert!(!public.verify_file(b"date", &signature));
        assert!(!other.verify_file(b"data", &signature));
        assert!(!public.verify_file(b"data", ""));
        assert!(!public.verify(b"data", signature.as_bytes()));
    }
    // The comment is signed too, and an SSH signature is for one purpose.
    let commented = key.sign("f", b"data").replace("file:f", "file:g");
    assert!(!public.verify_file(b"data", &commented));
    let read = ssh_key::PrivateKey::from_openssh(SSH).unwrap();
    let elsewhere = read.sign("git", ssh_key::HashAlg::Sha512, b"data").unwrap();
    let elsewhere = elsewhere.to_pem(ssh_key::LineEnding::LF).unwrap();
    assert!(!other.verify_file(b"data", &elsewhere));
}

#[test]
fn bare_signatures_hold_for_their_key_and_bytes_alone() {
    let keys = [EC_SEC1, EC_PKCS8, ED25519].map(|text| read(text, None).ok().unwrap());
    for (index, key) in keys.iter().enumerate() {
        let signature = key.sign(b"message").unwrap();
        for (other, public) in keys.iter().filter_map(SecretKey::public).enumerate() {
            assert_eq!(public.verify(b"message", &signature), index == other);
            assert!(!public.verify(b"massage", &signature));
        }
    }
    for text in [MINISIGN, SSH, NIX] {
        let fault = read(text, None).ok().unwrap().sign(b"x").unwrap_err();
        assert!(matches!(fault, KeyFault::Purpose(..)));
    }
}

#[test]
fn a_narinfo_gets_the_signature_that_nix_gives() {
    let key = NixKey::read(NIX).ok().unwrap();
    assert_eq!(key.public(), NIX_PUBLIC);
    let signed = key.sign_narinfo(NARINFO).unwrap();
    assert_eq!(signed, format!("{NARINFO}{NARINFO_SIGNATURE}\n"));
    assert_eq!(key.sign_narinfo(&signed).unwrap(), signed, "signed twice");
    assert!(key.sign_narinfo("StorePath: x").is_err());
}

#[test]
fn a_key_is_named_by_its_der_form() {
    // openssl pkey -pubin -in openssl-ed25519.pub.pem -outform DER |
    // openssl dgst -sha256 -binary | base64
    let key = PublicKey::read(ED25519_PUBLIC).unwrap();
    assert_eq!(
        key.hint().as_deref(),
        Some("PFWCx8KEsqeWLhlqURMJYx1TG+i0ruFmBn+h93aVCuQ=")
    );
    assert_eq!(PublicKey::read(SSH_PUBLIC).unwrap().hint(), None);
}

proptest::proptest! {
    /// Whatever a file holds is answered with a fault or a key.
    #[test]
    fn no_text_makes_the_reading_of_keys_panic(
        which in 0usize..9,
        cut in 0usize..600,
        at in 0usize..600,
        byte: u8,
    ) {
        // Encrypted ones are left out: deriving a key takes a while.
        let texts = [
            EC_SEC1, EC_PKCS8, ED25519, P384, RSA, MINISIGN, SSH, SSH_ECDSA, NIX,
        ];
        let mut bytes = texts[which].as_bytes().to_vec();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let _ = SecretKey::read(&Secret::new(bytes.clone()), None);
        bytes.truncate(cut);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = PublicKey::read(&text);
        let public = PublicKey::read(MINISIGN_PUBLIC).unwrap();
        assert!(!public.verify_file(b"data", &text));
        let _ = SecretKey::read(&Secret::new(bytes), None);
    }
}
