//! Signals while a command runs. Ctrl-C reaches the command by itself, since
//! the terminal signals a whole process group; xbuild must only outlive it, to
//! report and to clean up. A signal that somebody sends to xbuild alone is
//! passed on.

use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::c_int;

/// The processes that run now; 0 is a free place. More than these at once
/// still run, but get no signals passed on.
static RUNNING: [AtomicI32; 64] = [const { AtomicI32::new(0) }; 64];
static INSTALL: Once = Once::new();

/// Passes SIGINT and SIGQUIT on to a process until dropped.
#[derive(Debug)]
pub(super) struct Forwarding(Option<&'static AtomicI32>);

impl Forwarding {
    pub(super) fn to(pid: u32) -> Forwarding {
        INSTALL.call_once(|| {
            install(libc::SIGINT);
            install(libc::SIGQUIT);
        });
        let pid = c_int::try_from(pid).unwrap_or(0);
        let free = |place: &&AtomicI32| {
            place
                .compare_exchange(0, pid, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        };
        Forwarding(RUNNING.iter().find(free))
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.store(0, Ordering::SeqCst);
        }
    }
}

/// Takes a signal over where nobody else did: one that is ignored (`nohup`)
/// stays ignored.
fn install(signal: c_int) {
    // SAFETY: a null first pointer only asks; the zeroed structure is valid
    // (SIG_DFL, no flags, empty mask) and lives through both calls; the
    // handler has the signature that SA_SIGINFO demands.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action);
        if action.sa_sigaction != libc::SIG_DFL {
            return;
        }
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut libc::c_void) = pass_on;
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

extern "C" fn pass_on(signal: c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO a valid structure.
    // kill, signal and raise are async-signal-safe and keep errno where they
    // succeed; a process that is gone is an ESRCH that nobody reads, since
    // SA_RESTART hides the interruption from the call that was running.
    unsafe {
        let from_a_process = (*info).si_code <= 0;
        let mut any = false;
        for place in &RUNNING {
            let pid = place.load(Ordering::SeqCst);
            if pid > 0 {
                any = true;
                if from_a_process {
                    libc::kill(pid, signal);
                }
            }
        }
        if !any {
            // Nothing runs: the signal means xbuild, as if it had no handler.
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
}
