"""Pure machinery that knows no provider: bytes in, meaning out. No clock, no chance, no I/O."""
