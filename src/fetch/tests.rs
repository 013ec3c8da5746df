//! Downloads against a server on the loopback interface.
