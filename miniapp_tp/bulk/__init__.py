"""Many apps at once: `each` for what may be forgotten, `Run` for what must survive."""
