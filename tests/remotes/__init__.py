"""The tests of what goes over a remote of DVC: vectors, runs, sweeps; a package, as it has fixtures of its own."""
