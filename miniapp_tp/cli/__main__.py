"""`python -m miniapp_tp.cli`: the command, where its script isn't on the path."""

from miniapp_tp.cli import main

main()
