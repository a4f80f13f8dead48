"""Everything that waits: the network, the limits, the retries and the one function that calls."""
