"""One folder a provider, each with the same names: dialect, codec, endpoints, errors."""
