"""Faults of the machine, the network and the clients; `make test-faults` runs them at full length."""
