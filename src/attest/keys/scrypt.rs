//! Deriving a key from a passphrase by scrypt (RFC 7914), within limits: what
//! a key's file asks for is not to use up the machine. [pure]

use super::{KeyFault, Secret};

/// minisign's own cost, the highest in use, takes 1 GiB.
const MOST_MEMORY: u64 = 1 << 30;
const MOST_WORK: u64 = 1 << 32;

/// The parameters of scrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The logarithm of N to the base 2.
    pub log_n: u32,
    pub r: u32,
    pub p: u32,
}

impl Cost {
    /// # Errors
    /// [`KeyFault::Encryption`] for parameters that are none, or want more
    /// than 1 GiB.
    pub fn check(self) -> Result<(), KeyFault> {
        let Cost { log_n, r, p } = self;
        let memory = 1u64
            .checked_shl(log_n)
            .and_then(|n| n.checked_mul(128))
            .and_then(|bytes| bytes.checked_mul(r.into()));
        let work = memory.and_then(|memory| memory.checked_mul(p.into()));
        let allowed = memory.is_some_and(|memory| memory <= MOST_MEMORY)
            && work.is_some_and(|work| work <= MOST_WORK);
        if allowed && log_n > 0 {
            return Ok(());
        }
        Err(self.fault())
    }

    fn fault(self) -> KeyFault {
        let Cost { log_n, r, p } = self;
        KeyFault::Encryption(format!("scrypt with N=2^{log_n}, r={r}, p={p}"))
    }
}

/// Fills `key` from a passphrase.
///
/// # Errors
/// As [`Cost::check`].
pub fn derive(
    passphrase: &Secret,
    salt: &[u8],
    cost: Cost,
    key: &mut [u8],
) -> Result<(), KeyFault> {
    cost.check()?;
    let log_n = u8::try_from(cost.log_n).map_err(|_| cost.fault())?;
    // The last parameter is for stored hashes alone.
    let params = ::scrypt::Params::new(log_n, cost.r, cost.p, 32).map_err(|_| cost.fault())?;
    ::scrypt::scrypt(passphrase.bytes(), salt, &params, key).map_err(|_| cost.fault())
}
