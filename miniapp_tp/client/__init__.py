"""The clients: what users hold in their hands."""
