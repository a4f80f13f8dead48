"""One operation over many apps."""
