"""How fast the SDK is: `python -m benchmarks`, or `make bench`. Each module measures one thing, and runs alone too."""
