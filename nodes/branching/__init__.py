"""The rendezvous: gate, admission, attempts, and the wrapper around a specialist."""
